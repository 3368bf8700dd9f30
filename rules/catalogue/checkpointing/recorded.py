"""What the invocations of a checkpointing result recorded, wherever they did."""

from collections.abc import Sequence

from mlps.errors import NotRecordedError
from mlps.plan import Division
from rules.checkpoint_figures import CheckpointFigures, figures_named
from rules.finding import Outcome
from rules.rule import NotApplicableError, StoredCase, faultless, first_of
from rules.stored import Document, Leaf
from rules.tables.checkpointing import Checkpointing

_MANY = 4
_LARGEST_GIB = 1e12
_METRICS = {"write": "save_checkpoint", "read": "load_checkpoint"}


def table(case: StoredCase) -> Checkpointing:
    """Figures of the edition; one without checkpointing has nothing to say."""
    if case.edition.checkpointing is None:
        raise NotApplicableError(f"edition {case.edition.edition} has no checkpointing")
    return case.edition.checkpointing


def figures_of(case: StoredCase) -> CheckpointFigures:
    """Official figures of the workload's model; 4.3.3 judges an unknown one."""
    found = figures_named(case.workload.model)
    if found is None:
        raise NotApplicableError("no official model (see 4.3.3)")
    return found


def only(case: StoredCase, division: Division) -> None:
    """Leave results of other divisions alone."""
    if case.division is not division:
        raise NotApplicableError(f"asked of {division.value.upper()} results")


def invocations(case: StoredCase) -> tuple[Leaf, ...]:
    """List the runs of the result by name, which is by time; never empty."""
    if not case.workload.runs:
        raise NotRecordedError(f"{case.workload.where}: no run of the result")
    return tuple(sorted(case.workload.runs, key=lambda leaf: leaf.name))


def settled(  # noqa: PLR0913 - one for each part of an outcome
    case: StoredCase,
    answers: tuple[Sequence[str], Sequence[str]],
    *,
    expected: str,
    actual: str,
    where: str,
    fix: str,
) -> Outcome:
    """Judge faults of the invocations; gaps only count when there is no fault."""
    faults, gaps = answers
    if gaps and not faults:
        raise NotRecordedError(
            f"{len(gaps)} of {len(case.workload.runs)} invocations:"
            f" {first_of(gaps, _MANY)}"
        )
    return faultless(faults, expected=expected, actual=actual, where=where, fix=fix)


def parameter(leaf: Leaf, *keys: str) -> Document:
    """Make a document of a resolved parameter."""
    name = ".".join(keys)
    return Document(where=f"{leaf.where}: {name}", content=leaf.parameter(*keys))


def records(leaf: Leaf, *section: str) -> list[Document]:
    """Make a document of every record of the parameters that has the section.

    The tool records them in its metadata and DLIO in config.yaml; neither hides what
    the other says.
    """
    found = [
        Document(where=document.where, content=document.value(top))
        for document, top in ((leaf.metadata, "parameters"), (leaf.config, "workload"))
        if document.has(top, *section)
    ]
    if not found:
        leaf.parameter(*section)
    return found


def ranks(leaf: Leaf) -> int:
    """Count the processes that ran: by DLIO, else by the tool."""
    return next(iter(rank_counts(leaf).values()))


def rank_counts(leaf: Leaf) -> dict[str, int]:
    """Every record of the number of processes, by where it stands; never empty."""
    found = {
        f"{document.where}: {'.'.join(keys)}": document.whole(*keys)
        for document, keys in (
            (leaf.summary, ("num_accelerators",)),
            (leaf.metadata, ("num_processes",)),
            (leaf.metadata, ("args", "num_processes")),
        )
        if document.has(*keys)
    }
    return found or {leaf.where: leaf.summary.whole("num_accelerators")}


def count(leaf: Leaf, phase: str) -> int:
    """Checkpoints that the invocation was to `write` or to `read`."""
    return counts(leaf, phase)[0]


def counts(leaf: Leaf, phase: str) -> list[int]:
    """Every record of that count, parameters first; what is below 0 means none."""
    key = f"num_checkpoints_{phase}"
    found = [
        document.whole(*path)
        for document, path in (
            (leaf.metadata, ("parameters", "checkpoint", key)),
            (leaf.config, ("workload", "checkpoint", key)),
            (leaf.metadata, ("override_parameters", f"checkpoint.{key}")),
            (leaf.metadata, ("args", key)),
        )
        if document.has(*path)
    ] or [parameter(leaf, "checkpoint", key).whole()]
    return [max(number, 0) for number in found]


def has_phase(leaf: Leaf, phase: str) -> bool:
    """Whether the invocation was to `write` or `read`, or has measured it."""
    try:
        return count(leaf, phase) > 0
    except NotRecordedError:
        return leaf.summary.has("metric", metric(phase, "duration_mean_seconds"))


def with_phase(case: StoredCase, phase: str) -> list[Leaf]:
    """Invocations that were to `write` or `read`."""
    return [leaf for leaf in invocations(case) if has_phase(leaf, phase)]


def metric(phase: str, name: str) -> str:
    """Key of a metric of DLIO's summary."""
    return f"{_METRICS[phase]}_{name}"


def checkpoint_gib(leaf: Leaf) -> float:
    """Measured size of one checkpoint, of some size; what DLIO calls GB is GiB."""
    size = leaf.summary.number("metric", "checkpoint_size_GB")
    if not 0 < size < _LARGEST_GIB:
        raise NotRecordedError(f"{leaf.summary.where}: checkpoint_size_GB is {size:g}")
    return size


def memory_gib(leaf: Leaf) -> float:
    """Memory of all client hosts.

    With several ranks per host DLIO adds hosts up in the first entries and leaves the
    rest 0: only the sum of the list is right.
    """
    return sum(leaf.summary.numbers("host_memory_GB"))


def hosts(leaf: Leaf) -> int:
    """Client hosts; at least one."""
    found = leaf.summary.whole("num_hosts")
    if found < 1:
        raise NotRecordedError(f"{leaf.summary.where}: num_hosts is {found}")
    return found
