"""Rule 2.1.9: the hosts of every run are those that the system's description names."""

from collections.abc import Mapping, Sequence

from mlps.errors import NotRecordedError
from rules.catalogue.leaves import over
from rules.catalogue.tree.parts import settled, structure, unusable
from rules.edition import Edition
from rules.finding import Outcome
from rules.rule import NotApplicableError, Scope, StoredCase, stored_rule
from rules.stored import Document, Leaf, as_number

_CLIENTS = ("system_under_test", "clients")
_MULTI_HOST = ("system_under_test", "solution", "capabilities", "multi_host")


def _tolerance(edition: Edition) -> Sequence[str]:
    found = edition.structure
    if found is None:
        return ()
    return (
        f"memory of a host within {found.memory_tolerance_percent:g} % of the client's"
        " memory_capacity, which is a nameplate",
    )


@stored_rule(
    "2.1.9",
    "identicalSystemConfig",
    Scope.TRAINING,
    Scope.CHECKPOINTING,
    numbers=_tolerance,
    ours="of several kinds of clients the mean memory, weighted by their number, is"
    " held against the runs; the checker compares only where there is one kind",
)
def system_config(case: StoredCase) -> Outcome:
    """Judge each run's hosts and memory against the description of the system.

    Inputs: num_hosts and host_memory_GB of summary.json (the list is summed, since
    DLIO adds hosts up into its first entries), quantity and memory_capacity of the
    clients and multi_host in systems/NAME.yaml.
    """
    tolerance = structure(case).memory_tolerance_percent / 100
    runs = case.workload.runs
    if not runs:
        raise NotApplicableError("there are no runs")
    description = case.workload.description
    if problem := unusable(description):
        raise NotRecordedError(problem)
    hosts, memory_gib = _clients(description)
    several = description.value(*_MULTI_HOST) if description.has(*_MULTI_HOST) else None

    def check(leaf: Leaf) -> Sequence[str]:
        count = leaf.summary.whole("num_hosts")
        faults = []
        if hosts is not None and count != hosts:
            faults.append(f"{count} hosts, described {hosts:g}")
        if several is False and count > 1:
            faults.append(f"{count} hosts, but multi_host is false")
        if memory_gib is not None and count and leaf.summary.has("host_memory_GB"):
            mean = sum(leaf.summary.numbers("host_memory_GB")) / count
            if mean and abs(mean - memory_gib) > tolerance * memory_gib:
                faults.append(
                    f"{mean:.1f} GiB of memory per host, described {memory_gib:g}"
                )
        return faults

    faults, gaps = over(runs, check)
    return settled(
        faults,
        gaps,
        expected="the hosts and memory of the system's description",
        actual=f"the same in {len(runs)} runs",
        where=f"summary.json of each run; {description.where}",
        fix="describe the system that ran, or put other systems' runs under their name",
    )


def _clients(description: Document) -> tuple[float | None, float | None]:
    """Count client hosts and their mean memory in GiB, where the clients say so."""
    pairs = []
    for client in description.items(*_CLIENTS):
        found = client if isinstance(client, Mapping) else {}
        chassis = found.get("chassis")
        memory = (
            chassis.get("memory_capacity") if isinstance(chassis, Mapping) else None
        )
        pairs.append((as_number(found.get("quantity")), as_number(memory)))
    counts = [count for count, _ in pairs if count is not None]
    if not pairs or len(counts) < len(pairs) or not sum(counts):
        return None, None
    known = [count * memory for count, memory in pairs if count and memory]
    mean = sum(known) / sum(counts) if len(known) == len(pairs) else None
    return sum(counts), mean
