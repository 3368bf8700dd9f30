"""What CLOSED fixes of a KV cache, and what OPEN lets go."""

from collections.abc import Sequence

from mlps.plan import Division
from rules import kv_cache_record as record
from rules.catalogue.kv_cache import inputs
from rules.catalogue.kv_cache.executions import executions
from rules.catalogue.leaves import concluded, over
from rules.catalogue.verification import verified_worse
from rules.edition import Edition
from rules.finding import Outcome
from rules.rule import Scope, StoredCase, stored_rule
from rules.stored import Leaf, as_number
from rules.tables.kv_cache import KvCache

_ALLOCATIONS = "max-concurrent-allocs"


def _closed_flags(table: KvCache) -> set[str]:
    """Name the flags that the tool itself hands over in CLOSED."""
    return {*table.wrapper_flags, *(f for o in table.options for f in o.flags())}


def _closed(edition: Edition) -> Sequence[str]:
    table = edition.kv_cache
    return [f"flags: {', '.join(sorted(_closed_flags(table)))}"] if table else ()


@stored_rule(
    "6.6.1",
    "kvcacheClosedImmutable",
    Scope.KV_CACHE,
    numbers=_closed,
    ours=inputs.STUB,
)
def closed_immutable(case: StoredCase) -> Outcome:
    """Check that nothing but paths, name and clients was set in a CLOSED run.

    Flags of the executed commands; override_parameters, args.params,
    args.allow_invalid_params and verification, the tool's own verdict, of the metadata.
    The values of the flags, 6.3.1.1 judges.
    """
    allowed = _closed_flags(inputs.table_of(case, Division.CLOSED))
    runs = case.workload.runs
    return concluded(
        over(runs, lambda leaf: [*_strange(leaf, allowed), *_changed(leaf)]),
        runs,
        expected="only the flags that the tool hands over in CLOSED, no parameters",
        actual=f"so in {len(runs)} runs",
        where="metadata: command_output_files, override_parameters, args",
        fix="run without the change, or submit to OPEN",
    )


def _strange(leaf: Leaf, allowed: set[str]) -> Sequence[str]:
    flags = {flag for execution in executions(leaf) for flag in execution.flags}
    return [f"--{flag[:60]} was handed over" for flag in sorted(flags - allowed)]


def _changed(leaf: Leaf) -> Sequence[str]:
    metadata = leaf.metadata
    faults = verified_worse(leaf, Division.CLOSED)
    if metadata.has("override_parameters"):
        changed = metadata.mapping("override_parameters")
        faults += [f"changes {str(key)[:60]}" for key in changed]
    if metadata.has("args", "params") and metadata.value("args", "params"):
        faults.append(f"args.params is {str(metadata.value('args', 'params'))[:100]}")
    key = ("args", "allow_invalid_params")
    if metadata.has(*key) and metadata.flag(*key):
        faults.append("args.allow_invalid_params is true")
    return faults


def _open(edition: Edition) -> Sequence[str]:
    table = edition.kv_cache
    return [f"flags beside CLOSED's: {', '.join(table.open_flags)}"] if table else ()


@stored_rule(
    "6.6.2", "kvcacheOpenAllowances", Scope.KV_CACHE, numbers=_open, ours=inputs.STUB
)
def open_allowances(case: StoredCase) -> Outcome:
    """Check what an OPEN run changed: known flags, the allocations left as they are.

    Flags of the executed commands. The read bandwidth of every option is above 0: the
    tool's defaults keep the whole cache in memory unless the tiers are set.
    """
    table = inputs.table_of(case, Division.OPEN)
    allowed = _closed_flags(table) | set(table.open_flags)
    runs = case.workload.runs
    return concluded(
        over(
            runs,
            lambda leaf: [
                *_strange(leaf, allowed),
                *_allocations(leaf, table),
                *_idle(leaf),
            ],
        ),
        runs,
        expected="known flags, allocations of the table, and storage that is read",
        actual=f"so in {len(runs)} runs",
        where="metadata: command_output_files; summary.json",
        fix="set --gpu-mem-gb and --cpu-mem-gb, and only what OPEN lets go",
    )


def _allocations(leaf: Leaf, table: KvCache) -> Sequence[str]:
    faults = []
    for execution in executions(leaf):
        option = table.option(execution.option)
        said = execution.flags.get(_ALLOCATIONS, "")
        if option and as_number(said) != option.max_concurrent_allocs:
            faults.append(f"{execution.place}: --{_ALLOCATIONS} {said[:20] or 'unset'}")
    return faults


def _idle(leaf: Leaf) -> Sequence[str]:
    return [
        f"option {option} read nothing from storage"
        for option in record.options(leaf)
        if leaf.summary.number(*record.at(option, "aggregated_read_bandwidth_gbps"))
        <= 0
    ]


@stored_rule(
    "6.6.3",
    "kvcacheOpenInvocationNote",
    Scope.KV_CACHE,
    ours="the official rule is a note; that the invocation must be recorded can be"
    " checked",
)
def open_invocation(case: StoredCase) -> Outcome:
    """Check that an OPEN run records the command of every trial it aggregates.

    Options and trials of the summary against command_output_files of the metadata.
    """
    inputs.table_of(case, Division.OPEN)
    runs = case.workload.runs
    return concluded(
        over(runs, _unrecorded),
        runs,
        expected="a recorded command for every trial of every option",
        actual=f"so in {len(runs)} runs",
        where="metadata: command_output_files; summary.json: trial_count",
        fix="record the exact invocation of each trial",
    )


def _unrecorded(leaf: Leaf) -> Sequence[str]:
    done = {(e.option, e.trial) for e in executions(leaf)}
    return [
        f"option {option}: {recorded} commands for {count} trials"
        for option in record.options(leaf)
        if (recorded := sum(o == option for o, _ in done))
        < (count := leaf.summary.whole(*record.at(option, "trial_count")))
    ]
