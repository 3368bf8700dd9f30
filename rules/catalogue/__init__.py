"""Every rule there is, in the order they are reported."""

from rules.catalogue import (
    checkpointing,
    kv_cache,
    training,
    tree,
    vector_database,
)
from rules.catalogue.byte_flow import bytes_reconcile
from rules.catalogue.cache_flush import cache_flushed
from rules.catalogue.ceiling import client_ceiling
from rules.catalogue.clock import clock_error
from rules.catalogue.completeness import completeness
from rules.catalogue.derivation import derived_recomputes
from rules.catalogue.direct_io import direct_io
from rules.catalogue.identity import plan_digest, rank_code
from rules.catalogue.integrity import hash_chain, sha256sums
from rules.catalogue.ledger import ledger_complete
from rules.catalogue.pace import lockstep, oversleep, slowest_rank
from rules.catalogue.package import package_sealed, package_signed
from rules.catalogue.parameters import scale
from rules.catalogue.passport import dataset_passport
from rules.catalogue.recomputed import official_numbers
from rules.catalogue.records import records_agree
from rules.catalogue.sampling import sampling_gaps
from rules.catalogue.software_lock import software_lock
from rules.catalogue.waits import waits_add_up
from rules.catalogue.workload import figures
from rules.rule import Rule

CATALOGUE: tuple[Rule, ...] = (
    *tree.RULES,
    *training.RULES,
    *checkpointing.RULES,
    *vector_database.RULES,
    *kv_cache.RULES,
    plan_digest,
    figures,
    completeness,
    hash_chain,
    official_numbers,
    sha256sums,
    ledger_complete,
    derived_recomputes,
    scale,
    rank_code,
    bytes_reconcile,
    cache_flushed,
    clock_error,
    sampling_gaps,
    oversleep,
    lockstep,
    direct_io,
    dataset_passport,
    slowest_rank,
    records_agree,
    client_ceiling,
    software_lock,
    waits_add_up,
    package_sealed,
    package_signed,
)
