"""What a CLOSED KV-cache run must execute: three options, in order, as they are."""

from collections.abc import Sequence

from mlps.plan import Division
from rules import kv_cache_record as record
from rules.catalogue.kv_cache import inputs
from rules.catalogue.kv_cache.executions import Execution, executions
from rules.catalogue.leaves import concluded, over
from rules.edition import Edition
from rules.finding import Outcome
from rules.rule import Scope, StoredCase, stored_rule
from rules.stored import Leaf, as_number
from rules.tables.kv_cache import KvCache


def _options(edition: Edition) -> Sequence[str]:
    table = edition.kv_cache
    if table is None:
        return ()
    return [
        f"option {o.option} ({o.name}): "
        + ", ".join(f"{flag} {value}" for flag, value in o.flags().items())
        for o in table.options
    ]


@stored_rule(
    "6.3.1.1",
    "kvcacheFixedWorkloadPerOption",
    Scope.KV_CACHE,
    numbers=_options,
    ours=inputs.STUB,
)
def fixed_workload(case: StoredCase) -> Outcome:
    """Check that a CLOSED run executed the options of table KVCache-1 as they are.

    The flags of every command in the metadata's command_output_files, and the
    options of the summary. The metadata's own num_users and duration are defaults
    that CLOSED does not use.
    """
    table = inputs.table_of(case, Division.CLOSED)
    runs = case.workload.runs
    return concluded(
        over(runs, lambda leaf: _other_workload(leaf, table)),
        runs,
        expected=f"options {', '.join(str(o.option) for o in table.options)} with the"
        " values of table KVCache-1",
        actual=f"so in every command of {len(runs)} runs",
        where="metadata: command_output_files; summary.json: options",
        fix="run `mlpstorage closed kvcache run` without options of your own",
    )


def _other_workload(leaf: Leaf, table: KvCache) -> Sequence[str]:
    faults = [
        f"option {option.option} is not in {leaf.summary.where}"
        for option in table.options
        if option.option not in record.options(leaf)
    ]
    for execution in executions(leaf):
        option = table.option(execution.option)
        if option is None:
            faults.append(f"option {execution.option} is not in the table")
            continue
        faults += [
            f"{execution.place}: --{flag} {said[:60] or 'unset'}, not {wanted}"
            for flag, wanted in option.flags().items()
            if not _equal(said := execution.flags.get(flag, ""), wanted)
        ]
    return faults


def _equal(said: str, wanted: str | float) -> bool:
    return said == wanted if isinstance(wanted, str) else as_number(said) == wanted


def _locks(edition: Edition) -> Sequence[str]:
    table = edition.kv_cache
    if table is None:
        return ()
    delays = " or ".join(f"{delay:g}" for delay in table.delays_s)
    return [
        f"seed {table.seed}, rank r runs with {table.seed} + r",
        f"{table.trials} trials of each option",
        f"{delays} s between options",
        "no --config: the config.yaml beside the wrapper",
    ]


@stored_rule(
    "6.3.2.1",
    "kvcacheClosedSequenceLocks",
    Scope.KV_CACHE,
    numbers=_locks,
    ours=inputs.STUB,
)
def sequence_locks(case: StoredCase) -> Outcome:
    """Check seed, trials, pause and configuration of a CLOSED run, and its order.

    args of the metadata, the seed and configuration of every command, the trials of
    the summary, and the seed that each rank's results record where they are there.
    """
    table = inputs.table_of(case, Division.CLOSED)
    runs = case.workload.runs
    delays = " or ".join(f"{delay:g}" for delay in table.delays_s)
    return concluded(
        over(runs, lambda leaf: _unlocked(leaf, table)),
        runs,
        expected=f"seed {table.seed}, {table.trials} trials, {delays} s between"
        " options, the wrapper's own configuration, options in order",
        actual=_delays(runs),
        where="metadata: args, command_output_files; summary.json",
        fix="run the sequence as the tool does in CLOSED, in one invocation",
    )


def _delays(runs: Sequence[Leaf]) -> str:
    key = ("args", "inter_option_delay")
    found = {str(n.metadata.value(*key)) for n in runs if n.metadata.has(*key)}
    return f"so in {len(runs)} runs, with {', '.join(sorted(found))} s between options"


def _unlocked(leaf: Leaf, table: KvCache) -> Sequence[str]:
    done = executions(leaf)
    return [
        *_arguments(leaf, table),
        *_order(done, table),
        *(fault for execution in done for fault in _command(execution, table)),
        *_recorded(leaf, table),
    ]


def _arguments(leaf: Leaf, table: KvCache) -> Sequence[str]:
    args = leaf.metadata
    faults = []
    for key, allowed in (
        ("seed", (table.seed,)),
        ("trials", (table.trials,)),
        ("inter_option_delay", table.delays_s),
    ):
        value = args.number("args", key)
        if value not in allowed:
            faults.append(f"args.{key} {value:g}")
    if args.has("args", "config"):
        faults.append("args.config is set")
    return faults


def _order(done: Sequence[Execution], table: KvCache) -> Sequence[str]:
    """Compare the trials that were executed with those that have to be, in order."""
    wanted = [(o.option, t) for o in table.options for t in range(table.trials)]
    found = [(execution.option, execution.trial) for execution in done]
    lacking = [place for place in wanted if place not in found]
    if lacking:
        places = ", ".join(f"{option}.{trial}" for option, trial in lacking)
        return [f"no command for option.trial {places}"]
    return [] if found == wanted else ["options and trials are not in order, each once"]


def _command(execution: Execution, table: KvCache) -> Sequence[str]:
    faults = []
    seed = execution.flags.get("seed-base", "")
    if as_number(seed) != table.seed:
        faults.append(f"{execution.place}: --seed-base {seed[:20] or 'unset'}")
    if not execution.own_config:
        faults.append(f"{execution.place}: --config {execution.flags['config'][:200]}")
    return faults


def _recorded(leaf: Leaf, table: KvCache) -> Sequence[str]:
    """Trials of the summary and seeds of the ranks."""
    faults = [
        f"option {option} has {count} trials in the summary"
        for option in record.options(leaf)
        if (count := leaf.summary.whole(*record.at(option, "trial_count")))
        != table.trials
    ]
    faults += [
        f"{r.document.where}: seed {r.document.number('seed'):g}"
        for r in record.ranks(leaf)
        if r.document.has("seed") and r.document.number("seed") != table.seed + r.rank
    ]
    return faults


@stored_rule(
    "6.3.2.2", "kvcacheAutoscalingProhibited", Scope.KV_CACHE, ours=inputs.STUB
)
def autoscaling(case: StoredCase) -> Outcome:
    """Check that no CLOSED trial ran with the autoscaler.

    --enable-autoscaling in the executed commands, and autoscaling_stats of the ranks'
    results where they are there. args.enable_autoscaling is an unused default.
    """
    inputs.table_of(case, Division.CLOSED)
    runs = case.workload.runs
    return concluded(
        over(runs, _scaled),
        runs,
        expected="no --enable-autoscaling in any command",
        actual=f"none in {len(runs)} runs",
        where="metadata: command_output_files",
        fix="run without the autoscaler, or submit to OPEN",
    )


def _scaled(leaf: Leaf) -> Sequence[str]:
    faults = [
        f"{execution.place}: --enable-autoscaling"
        for execution in executions(leaf)
        if "enable-autoscaling" in execution.flags
    ]
    for result in record.ranks(leaf):
        keys = ("summary", "autoscaling_stats")
        if result.document.has(*keys) and result.document.items(*keys):
            faults.append(f"{result.document.where} has autoscaling_stats")
    return faults
