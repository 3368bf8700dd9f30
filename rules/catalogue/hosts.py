"""Whether the accelerators are spread evenly over the hosts."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from mlps.errors import NotRecordedError
from rules.finding import Outcome
from rules.record import RunEvidence
from rules.rule import TRAINING, Case, Stage, faultless, first_of, rule


@rule("3.3.6", "trainingIdenticalAcceleratorsPerNode", needs=Stage.RUN)
def accelerators_per_node(case: Case) -> Outcome:
    """Check that every host ran as many ranks as the plan says, all the same."""
    system = case.plan.system
    faults = []
    for run in case.presented(*TRAINING):
        evidence = run.read()
        if not evidence.ranks or not evidence.hosts:
            raise NotRecordedError(
                f"{run.where}: /ranks or /hosts has no rows;"
                " record one row per rank and per host"
            )
        names = {host.node: host.hostname for host in evidence.hosts}
        faults += [f"{run.label}: {text}" for text in _misnumbered(evidence)]
        count = Counter(dict.fromkeys(names, 0))
        count.update(rank.node for rank in evidence.ranks)
        if len(count) != system.hosts:
            faults.append(f"{run.label}: {len(count)} hosts")
        faults += [
            f"{run.label}: host {names.get(node, node)} ran {ranks} ranks"
            for node, ranks in sorted(count.items())
            if ranks != system.accelerators_per_host
        ]
    return faultless(
        faults,
        expected=f"{system.hosts} hosts with {system.accelerators_per_host} ranks each",
        actual="as planned in every run",
        where="evidence: /ranks/node, /hosts",
        fix="start mpirun so that each host gets the planned ranks (e.g. -ppn), or"
        " compile a plan for the hosts there are",
    )


def _misnumbered(evidence: RunEvidence) -> Iterator[str]:
    """Say whether ranks are not numbered from 0, in the run and on each host.

    Each host is there once: its memory counts for the size of the dataset.
    """
    hosts = sorted(host.node for host in evidence.hosts)
    if hosts != sorted({rank.node for rank in evidence.ranks}):
        yield f"hosts {first_of([str(node) for node in hosts], 8, between=', ')}"
    if sorted(rank.rank for rank in evidence.ranks) != [*range(len(evidence.ranks))]:
        yield "its ranks are not those from 0 on"
    local: dict[int, list[int]] = defaultdict(list)
    for rank in evidence.ranks:
        local[rank.node].append(rank.local_rank)
    for node, numbers in sorted(local.items()):
        if sorted(numbers) != [*range(len(numbers))]:
            yield f"the ranks of host {node} are not those from 0 on"
