"""Every rule there is, in the order they are reported."""

from rules.catalogue.completeness import completeness
from rules.catalogue.dataset import dataset_size, run_data
from rules.catalogue.derivation import derived_recomputes
from rules.catalogue.hosts import accelerators_per_node
from rules.catalogue.identity import plan_digest, rank_code
from rules.catalogue.integrity import hash_chain, sha256sums, summary_recomputes
from rules.catalogue.ledger import ledger_complete
from rules.catalogue.parameters import closed_parameters, open_parameters, scale
from rules.catalogue.runs import run_count, run_gap
from rules.catalogue.utilization import utilization
from rules.catalogue.workload import figures, workload
from rules.rule import Rule

CATALOGUE: tuple[Rule, ...] = (
    workload,
    run_count,
    run_gap,
    dataset_size,
    run_data,
    utilization,
    accelerators_per_node,
    closed_parameters,
    open_parameters,
    plan_digest,
    figures,
    completeness,
    hash_chain,
    summary_recomputes,
    sha256sums,
    ledger_complete,
    derived_recomputes,
    scale,
    rank_code,
)
