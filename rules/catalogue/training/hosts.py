"""Rules 3.3.3 to 3.3.7: how many hosts a result used, and how alike they are."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mlps.errors import NotRecordedError
from rules.catalogue.hosts import accelerators_per_node as recorded_per_node
from rules.catalogue.leaves import concluded, over
from rules.finding import Outcome, Verdict
from rules.rule import (
    TRAINING,
    Case,
    NotApplicableError,
    Scope,
    Stage,
    StoredCase,
    judged,
    not_applicable,
    rule,
    stored_rule,
)
from rules.stored import Layout, Leaf, as_number

_FEW = 4
_RATIO = 1.5
_SNAPSHOTS = (
    ("system_info", "hosts"),
    ("cluster_snapshots", "start", "hosts"),
    ("cluster_information", "hosts"),
)
_ADVICE = "advice in every edition: no rule sets a minimum (3.3.3)"


@rule(
    "3.3.3",
    "trainingSingleHostSimulatedAccelerators",
    numbers=lambda _: [f"one host: at least {_FEW} accelerators", _ADVICE],
)
def planned_single_host(case: Case) -> Outcome:
    """Look whether a single host emulates enough accelerators to load the storage.

    One or two are rarely what the storage can deliver; the rules ask for the most that
    the host can do. Fewer than four are worth a look, and no fault.
    """
    if case.waiver:
        return not_applicable(f"{case.waiver}; a claim should load the storage")
    system = case.plan.system
    few = system.hosts == 1 and system.accelerators_per_host < _FEW
    outcome = judged(
        not few,
        expected=f"more than one host, or at least {_FEW} accelerators",
        actual=_say(system.hosts, system.hosts * system.accelerators_per_host),
        where="plan: system.hosts, system.accelerators_per_host",
        fix="emulate as many accelerators as the host can keep busy",
    )
    return _advised(outcome)


@planned_single_host.also(Scope.TRAINING)
def single_host(case: StoredCase) -> Outcome:
    """Look at the hosts and accelerators of each published run's summary.json."""
    runs = case.workload.runs

    def check(leaf: Leaf) -> Sequence[str]:
        hosts, accelerators = _counts(leaf)
        few = hosts == 1 and accelerators < _FEW
        return [_say(hosts, accelerators)] if few else []

    return concluded(
        over(runs, check),
        runs,
        expected=f"more than one host, or at least {_FEW} accelerators",
        actual=f"in {len(runs)} runs",
        where="summary.json: num_hosts, num_accelerators",
        fix=f"emulate as many accelerators as the host can keep busy; {_ADVICE}",
        severity="warning",
    )


@stored_rule("3.3.4", "trainingSingleHostClientLimit", Scope.TRAINING)
def single_client(case: StoredCase) -> Outcome:
    """Check that a single-host run names one client: num_hosts against args.hosts.

    Read from summary.json and the metadata. A run on several hosts has nothing to
    show; one that was started without a list of hosts ran where it was started.
    """
    runs = case.workload.runs

    def check(leaf: Leaf) -> Sequence[str]:
        if leaf.summary.whole("num_hosts") != 1:
            return []
        args = leaf.metadata.mapping("args")
        named = args.get("hosts")
        hosts = named if isinstance(named, list) else []
        return [f"{len(hosts)} clients named for one host"] if len(hosts) > 1 else []

    return concluded(
        over(runs, check),
        runs,
        expected="one client in args.hosts of every run on one host",
        actual=f"in {len(runs)} runs",
        where="summary.json: num_hosts; *_metadata.json: args.hosts",
        fix="take the runs with the one host they are claimed for",
    )


@stored_rule(
    "3.3.5",
    "trainingDistributedDataAccessibility",
    Scope.TRAINING,
    ours="The tool probes before each run of several hosts that all see the data"
    " (CAP-02), and the official checker takes a finished run as the proof. Here the"
    " system's own description must say so too.",
)
def shared_data(case: StoredCase) -> Outcome:
    """Check that hosts of a distributed result could all read the same data.

    The system description must declare simultaneous reading by several hosts. That
    they did is not recorded: the tool's probe decides it before a run.
    """
    hosts = _hosts(case)
    if hosts == 1:
        return not_applicable("one host")
    description = case.workload.description
    keys = ("system_under_test", "solution", "capabilities")
    faults = [
        f"{name}: false"
        for name in ("multi_host", "simultaneous_read")
        if not description.flag(*keys, name)
    ]
    return judged(
        not faults,
        expected=f"multi_host and simultaneous_read, for {hosts} hosts",
        actual=", ".join(faults) or f"declared; {hosts} hosts finished their runs",
        where=f"{description.where}: capabilities; summary.json: num_hosts",
        fix="describe the system as it is; hosts that read data of their own are no"
        " distributed result",
    )


@recorded_per_node.also(Scope.TRAINING)
def accelerators_per_node(case: StoredCase) -> Outcome:
    """Check that the accelerators of a published run divide evenly among its hosts."""
    runs = case.workload.runs

    def check(leaf: Leaf) -> Sequence[str]:
        hosts, accelerators = _counts(leaf)
        return [_say(hosts, accelerators)] if hosts and accelerators % hosts else []

    return concluded(
        over(runs, check),
        runs,
        expected="accelerators divisible by hosts",
        actual=f"in {len(runs)} runs",
        where="summary.json: num_accelerators, num_hosts",
        fix="take the runs with the same number of accelerators on every host",
    )


@rule(
    "3.3.7",
    "trainingNodeCapabilityConsistency",
    needs=Stage.RUN,
    numbers=lambda _: [f"largest at most {_RATIO} x the smallest", "advice only"],
)
def recorded_capability(case: Case) -> Outcome:
    """Look whether the hosts of a run are alike: memory as they reported it.

    A host that is much weaker or stronger makes its share of the result hard to read;
    worth a look, and no fault.
    """
    faults, seen = [], []
    for run in case.presented(*TRAINING):
        memory = [host.memory_bytes for host in run.read().hosts]
        if not memory:
            raise NotRecordedError(f"{run.where}: /hosts has no rows; record each host")
        text = _ratio("memory", [float(size) for size in memory])
        seen.append(f"{run.label}: {text}")
        faults += [seen[-1]] if max(memory) > _RATIO * min(memory) else []
    outcome = judged(
        not faults,
        expected=f"memory of the largest host at most {_RATIO} x the smallest",
        actual="; ".join(faults or seen),
        where="evidence: /hosts/memory_bytes",
        fix="take hosts that are alike, or say in the description why they are not",
    )
    return _advised(outcome)


@recorded_capability.also(Scope.TRAINING)
def capability(case: StoredCase) -> Outcome:
    """Look whether the client hosts of a published result are alike.

    Memory and cores of each host, from the snapshot in the metadata of any run, else
    from a summary that lists each host: the hosts are the same in all of them.
    """
    if _hosts(case) == 1:
        return not_applicable("one host")
    whole, where = _snapshot(case)
    faults = [
        _ratio(kind, values)
        for kind, values in whole.items()
        if max(values) > _RATIO * min(values)
    ]
    outcome = judged(
        not faults,
        expected=f"the largest host at most {_RATIO} x the smallest",
        actual="; ".join(faults or [_ratio(kind, v) for kind, v in whole.items()]),
        where=where,
        fix="take hosts that are alike, or say in the description why they are not",
    )
    return _advised(outcome)


def _counts(leaf: Leaf) -> tuple[int, int]:
    return leaf.summary.whole("num_hosts"), leaf.summary.whole("num_accelerators")


def _hosts(case: StoredCase) -> int:
    """Hosts of the largest run; NotRecordedError when no summary says it."""
    known = []
    for leaf in case.workload.runs:
        try:
            known.append(leaf.summary.whole("num_hosts"))
        except NotRecordedError:
            continue
    if not known:
        raise NotRecordedError(f"{case.workload.where}: no summary.json has num_hosts")
    return max(known)


def _snapshot(case: StoredCase) -> tuple[dict[str, list[float]], str]:
    """Memory and cores of each host, and where they stand."""
    for leaf in case.workload.runs:
        for keys in _SNAPSHOTS:
            if not leaf.metadata.has(*keys):
                continue
            hosts = leaf.metadata.items(*keys)
            found = {
                "memory": [as_number(_at(host, "memory", "total")) for host in hosts],
                "cores": [as_number(_at(host, "cpu", "num_cores")) for host in hosts],
            }
            if whole := _whole(found):
                return whole, f"{leaf.metadata.where}: {'.'.join(keys)}"
    for leaf in case.workload.runs:
        found = {
            "memory": _listed(leaf, "host_memory_GB"),
            "cores": _listed(leaf, "host_cpu_count"),
        }
        if whole := _whole(found):
            return whole, f"{leaf.summary.where}: host_memory_GB, host_cpu_count"
    if case.workload.layout is Layout.V1:
        raise NotApplicableError("DLIO of v1.0 mixed up the hosts of several ranks")
    raise NotRecordedError(
        f"{case.workload.where}: no run has a snapshot of its hosts in its metadata, or"
        " a value for each host in its summary"
    )


def _whole(found: Mapping[str, list[float | None]]) -> dict[str, list[float]]:
    """Kinds that every host has: DLIO leaves zeros where it mixes hosts up."""
    return {
        kind: [value for value in values if value]
        for kind, values in found.items()
        if values and all(value is not None and value > 0 for value in values)
    }


def _listed(leaf: Leaf, key: str) -> list[float | None]:
    try:
        return list(leaf.summary.numbers(key))
    except NotRecordedError:
        return []


def _at(host: object, *keys: str) -> object:
    for key in keys:
        host = host.get(key) if isinstance(host, Mapping) else None
    return host


def _ratio(kind: str, values: Sequence[float]) -> str:
    return (
        f"{kind} of {len(values)} hosts: {min(values):.10g} to {max(values):.10g},"
        f" ratio {max(values) / max(min(values), 1.0):.2f}"
    )


def _say(hosts: int, accelerators: int) -> str:
    return f"{accelerators} accelerators on {hosts} host{'s' if hosts != 1 else ''}"


def _advised(outcome: Outcome) -> Outcome:
    """Turn a failure into a warning: advice in every edition."""
    failed = outcome.verdict is Verdict.FAIL
    return replace(outcome, verdict=Verdict.WARN) if failed else outcome
