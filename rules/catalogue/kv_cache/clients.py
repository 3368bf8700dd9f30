"""How many clients a KV-cache run had, and that none shared what was its own."""

import re
from collections.abc import Sequence

from rules import kv_cache_record as record
from rules.catalogue.kv_cache import inputs
from rules.catalogue.kv_cache.executions import Execution, executions
from rules.catalogue.leaves import concluded, over
from rules.finding import Outcome
from rules.rule import NotApplicableError, Scope, StoredCase, included, stored_rule
from rules.stored import Directory, Leaf

_RESULT = re.compile(r"kvcache_results_.*\.json")
_RANK = re.compile(r"rank_\d+")
_TRIAL = re.compile(r"trial_\d+")
_LOAD = ("num-users", "max-concurrent-allocs")


@stored_rule("6.3.3.1", "kvcacheClientDefinition", Scope.KV_CACHE, ours=inputs.STUB)
def client_definition(case: StoredCase) -> Outcome:
    """Check that the number of clients is the same wherever it is recorded.

    total_ranks of the summary is npernode x host_count, the rank_count of every
    option, args.num_processes, the hosts of args, and what the launcher started.
    """
    runs = case.workload.runs
    return concluded(
        over(runs, _miscounted),
        runs,
        expected="total_ranks = npernode x host_count = processes started",
        actual="; ".join(_layout(leaf) for leaf in runs if leaf.summary.readable),
        where="summary.json; metadata: args, command_output_files",
        fix="start the same number of processes on every host, in one invocation",
    )


def _layout(leaf: Leaf) -> str:
    keys = ("total_ranks", "npernode", "host_count")
    found = [str(leaf.summary.value(key)) for key in keys if leaf.summary.has(key)]
    return (
        f"{leaf.name}: {' = '.join([found[0], ' x '.join(found[1:])])}" if found else ""
    )


def _miscounted(leaf: Leaf) -> Sequence[str]:
    total, hosts = record.clients(leaf), leaf.summary.whole("host_count")
    on_each = leaf.summary.whole("npernode")
    faults = []
    if total != on_each * hosts:
        faults.append(f"total_ranks {total}, but npernode {on_each} x {hosts} hosts")
    for option in record.options(leaf):
        count = leaf.summary.whole(*record.at(option, "rank_count"))
        if count != total:
            faults.append(f"option {option} has {count} ranks of {total}")
    return faults + _otherwise(leaf, total, hosts)


def _otherwise(leaf: Leaf, total: int, hosts: int) -> list[str]:
    """Compare with what the metadata says, where there is any."""
    if not leaf.metadata.readable:
        return []
    faults = []
    if leaf.metadata.has("args", "num_processes"):
        asked = leaf.metadata.whole("args", "num_processes")
        if asked != total:
            faults.append(f"args.num_processes {asked}, but total_ranks {total}")
    if leaf.metadata.has("args", "hosts"):
        named = len(leaf.metadata.items("args", "hosts"))
        if named != hosts:
            faults.append(f"args.hosts names {named} hosts, host_count is {hosts}")
    started = sorted({e.ranks for e in executions(leaf) if e.ranks not in (0, total)})
    if started:
        faults.append(f"{started} processes were started, total_ranks is {total}")
    return faults


@stored_rule("6.3.3.2", "kvcacheScaleUpModel", Scope.KV_CACHE, ours=inputs.STUB)
def scale_up(case: StoredCase) -> Outcome:
    """Check that every trial of an option ran with the same clients and load.

    Processes, --num-users and --max-concurrent-allocs of the executed commands:
    more clients mean more load, never less for each.
    """
    runs = case.workload.runs
    return concluded(
        over(runs, _varied),
        runs,
        expected="the same clients, users and allocations in every trial of an option",
        actual="; ".join(_loads(runs)),
        where="metadata: command_output_files",
        fix="run all trials of an option in one invocation, without changes between",
    )


def _load(execution: Execution) -> tuple[str, ...]:
    return (str(execution.ranks), *(execution.flags.get(f, "unset") for f in _LOAD))


def _varied(leaf: Leaf) -> Sequence[str]:
    done = executions(leaf)
    faults = []
    for option in sorted({execution.option for execution in done}):
        loads = {_load(e): e.trial for e in done if e.option == option}
        if len(loads) > 1:
            said = "; ".join(
                f"trial {trial}: {load[0]} clients, {load[1][:20]} users,"
                f" {load[2][:20]} allocations"
                for load, trial in loads.items()
            )
            faults.append(f"option {option}: {said}")
    return faults


def _loads(runs: Sequence[Leaf]) -> list[str]:
    found: list[str] = []

    def note(leaf: Leaf) -> Sequence[str]:
        found.extend(
            f"option {e.option}: {e.ranks} clients x {_load(e)[1][:20]} users"
            for e in executions(leaf)
        )
        return ()

    over(runs, note)
    return list(dict.fromkeys(found))


@stored_rule("6.3.3.3", "kvcachePerClientIsolation", Scope.KV_CACHE, ours=inputs.STUB)
def isolation(case: StoredCase) -> Sequence[Outcome]:
    """Check that no two clients shared a result file or a cache folder.

    Every command has its own --rank-output-base and a --rank-cache-base; results are
    in rank folders, one in each, and there is one for each rank.
    """
    runs = case.workload.runs
    if runs and all(_alone(leaf) for leaf in runs):
        raise NotApplicableError("a single client has nobody to share with")
    kept = concluded(
        over(runs, _shared),
        runs,
        expected="own results and cache folder for every client",
        actual=f"so in {len(runs)} runs",
        where="metadata: command_output_files; option_*/trial_*/rank_*",
        fix="start the clients by mlperf_wrapper.py, which gives each its own folders",
    )
    absent = [fault for leaf in runs for fault in _absent(leaf)]
    if any(leaf.summary.missing for leaf in runs):
        return [kept]
    results = included(
        case,
        absent,
        expected="one result file for each rank of each trial",
        actual="all there",
        where="option_*/trial_*/rank_*/kvcache_results_*.json",
        fix="submit the results of every rank",
    )
    return [kept, results]


def _alone(leaf: Leaf) -> bool:
    return leaf.summary.has("total_ranks") and record.clients(leaf) == 1


def _shared(leaf: Leaf) -> Sequence[str]:
    faults: list[str] = []
    seen: dict[str, str] = {}
    for execution in executions(leaf):
        faults += [
            f"{execution.place}: no --{flag}"
            for flag in ("rank-output-base", "rank-cache-base")
            if not execution.flags.get(flag)
        ]
        base = execution.flags.get("rank-output-base", "")
        if base in seen:
            faults.append(f"{execution.place} wrote where {seen[base]} wrote")
        seen[base] = execution.place
    return faults + _misplaced(leaf)


def _misplaced(leaf: Leaf) -> list[str]:
    """Name results outside a rank's folder, and folders with several of them."""
    faults = []
    for folder in leaf.folder.walk():
        many = sum(1 for name in folder.files if _RESULT.fullmatch(name))
        inside = bool(_RANK.fullmatch(folder.name))
        if many and not inside:
            faults.append(f"results in {folder.where}, in no folder of a rank")
        if inside and many > 1:
            faults.append(f"{many} results in {folder.where}")
    return faults


def _absent(leaf: Leaf) -> Sequence[str]:
    """Trials of which fewer ranks have results than the summary says."""
    if not leaf.summary.has("total_ranks") or not leaf.summary.has("options"):
        return []
    total, faults = record.clients(leaf), []
    for option in record.options(leaf):
        keys = record.at(option, "trial_count")
        if not leaf.summary.has(*keys):
            continue
        wanted = total * leaf.summary.whole(*keys) - record.missing_ranks(leaf, option)
        here = _results(leaf.folder.folder(f"option_{option}"))
        if here < wanted:
            faults.append(f"{leaf.name}: {here} of {wanted} results of option {option}")
    return faults


def _results(option: Directory | None) -> int:
    """Ranks below an option that have a result, whether it can be read or not."""
    return sum(
        any(_RESULT.fullmatch(name) for name in rank.files)
        for trial in (option.folders if option else ())
        if _TRIAL.fullmatch(trial.name)
        for rank in trial.folders
        if _RANK.fullmatch(rank.name)
    )


@stored_rule("6.3.3.4", "kvcacheSharedResultsDir", Scope.KV_CACHE, ours=inputs.STUB)
def shared_results(case: StoredCase) -> Outcome:
    """Check that every host wrote into the same results folder.

    No rank's results are missing in the summary, and every host left its mark in
    .fs_probe where that folder is there. One host shares with nobody.
    """
    runs = case.workload.runs
    several = [leaf for leaf in runs if not _one_host(leaf)]
    if runs and not several:
        raise NotApplicableError("a single host has nobody to share with")
    return concluded(
        over(several, _unshared),
        several,
        expected="results of all ranks and the mark of every host",
        actual=f"so in {len(several)} runs",
        where="summary.json: missing_files; .fs_probe",
        fix="put --results-dir on a filesystem that all hosts see at the same path",
    )


def _one_host(leaf: Leaf) -> bool:
    return leaf.summary.has("host_count") and leaf.summary.whole("host_count") == 1


def _unshared(leaf: Leaf) -> Sequence[str]:
    hosts = leaf.summary.whole("host_count")
    faults = [
        f"option {option}: {many} results missing"
        for option in record.options(leaf)
        if (many := record.missing_ranks(leaf, option))
    ]
    probe = leaf.folder.folder(".fs_probe")
    if probe is not None:
        marks = {name.rpartition("__")[2] for name in probe.files}
        if len(marks) < hosts:
            faults.append(f".fs_probe has marks of {len(marks)} of {hosts} hosts")
    return faults
