"""Rules of checkpointing, in the order they are reported."""

from rules.catalogue.checkpointing.aggregation import aggregation, slowest_rank
from rules.catalogue.checkpointing.memory import accelerator_memory, data_size_ratio
from rules.catalogue.checkpointing.parameters import closed_parameters, fsync, model
from rules.catalogue.checkpointing.paths import filesystems, path_arguments
from rules.catalogue.checkpointing.phases import (
    cache_flush,
    timestamp_gap,
    total_duration,
)
from rules.catalogue.checkpointing.processes import (
    closed_processes,
    open_processes,
    ranks_per_host,
    subset,
)
from rules.catalogue.checkpointing.sharing import remapping, simultaneous
from rules.rule import Rule

RULES: tuple[Rule, ...] = (
    timestamp_gap,
    data_size_ratio,
    fsync,
    model,
    accelerator_memory,
    subset,
    aggregation,
    path_arguments,
    filesystems,
    closed_processes,
    ranks_per_host,
    closed_parameters,
    open_processes,
    cache_flush,
    total_duration,
    remapping,
    simultaneous,
    slowest_rank,
)
