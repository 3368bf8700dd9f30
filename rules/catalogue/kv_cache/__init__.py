"""Rules of KV caches, in the order they are reported."""

from rules.catalogue.kv_cache.aggregates import (
    bandwidth,
    device_latency,
    headline,
    latency_validity,
    throughput,
)
from rules.catalogue.kv_cache.clients import (
    client_definition,
    isolation,
    scale_up,
    shared_results,
)
from rules.catalogue.kv_cache.divisions import (
    closed_immutable,
    open_allowances,
    open_invocation,
)
from rules.catalogue.kv_cache.sequence import (
    autoscaling,
    fixed_workload,
    sequence_locks,
)
from rules.catalogue.kv_cache.storage import (
    cache_dir,
    gateway,
    io_model,
    latency_scope,
)
from rules.rule import Rule

RULES: tuple[Rule, ...] = (
    fixed_workload,
    sequence_locks,
    autoscaling,
    client_definition,
    scale_up,
    isolation,
    shared_results,
    bandwidth,
    throughput,
    device_latency,
    latency_validity,
    headline,
    cache_dir,
    io_model,
    gateway,
    latency_scope,
    closed_immutable,
    open_allowances,
    open_invocation,
)
