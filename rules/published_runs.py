"""When the runs of a published result took place, and which of them count."""

from dataclasses import dataclass
from datetime import datetime

from mlps.errors import NotRecordedError
from rules.sources.layout import STAMP
from rules.stored import Leaf, Workload

_WITH_WARMUP = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Start and end of a run by its own summary, in its host's local time."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """Duration; negative when the clock was set back."""
        return (self.end - self.start).total_seconds()


def ordered(workload: Workload) -> tuple[Leaf, ...]:
    """Sort the runs by the time at which they were taken, as far as it is known."""
    return tuple(sorted(workload.runs, key=_when))


def measured(workload: Workload) -> tuple[Leaf, ...]:
    """Take the runs that count: all but the first, when the warm-up is among them.

    v1.0 published the five measured runs alone; later tools keep six.
    """
    runs = ordered(workload)
    return runs[1:] if len(runs) >= _WITH_WARMUP else runs


def span(leaf: Leaf) -> Span:
    """Time of a run from its summary; NotRecordedError when a stamp can't be read."""
    return Span(start=_moment(leaf, "start"), end=_moment(leaf, "end"))


def named_moment(leaf: Leaf) -> datetime:
    """Time that the leaf's own name says."""
    if not STAMP.fullmatch(leaf.name):
        raise NotRecordedError(f"{leaf.where}: its name is no time stamp")
    try:
        return datetime.strptime(leaf.name, "%Y%m%d_%H%M%S")
    except ValueError as error:
        raise NotRecordedError(f"{leaf.where}: no such date") from error


def _moment(leaf: Leaf, key: str) -> datetime:
    text = leaf.summary.text(key)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError as error:
        raise NotRecordedError(
            f"{leaf.summary.where}: {key} is no time stamp: {text[:40]!r}"
        ) from error


def _when(leaf: Leaf) -> str:
    """Text that sorts by time: the start, else the name of the folder."""
    try:
        return _moment(leaf, "start").strftime("%Y%m%d_%H%M%S.%f")
    except NotRecordedError:
        return leaf.name
