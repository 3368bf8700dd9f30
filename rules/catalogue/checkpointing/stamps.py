"""Times of invocations; stamps with a zone are never held against ones without."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from mlps.errors import NotRecordedError
from rules.stored import Document, Leaf

_COLLECTED = "collection_timestamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A moment, local time unless it has a zone, and the record it comes from."""

    moment: datetime
    origin: str

    @property
    def zoned(self) -> bool:
        """Whether the moment has a zone."""
        return self.moment.tzinfo is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Seconds between two stamps, which ones, and why not the better ones."""

    seconds: float
    origins: str
    note: str = ""

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.seconds:.1f} s ({self.origins}){self.note}"


def interval(start: Stamp, end: Stamp, note: str = "") -> Interval:
    """From one stamp to another of the same kind."""
    return Interval(
        seconds=(end.moment - start.moment).total_seconds(),
        origins=f"{start.origin} to {end.origin}",
        note=note,
    )


def pause(earlier: Leaf, later: Leaf) -> Interval:
    """From the end of one invocation to the start of the next.

    The end is that of the invocation, else of the hosts' last collection, else of
    DLIO's summary; the start that of the invocation, else of the summary. Invocations
    stamp local time without a zone, collections have a zone: where only one of the
    two has, both come from the summaries. NotRecordedError without any pair.
    """
    end = invocation_end(earlier) or collection_end(earlier) or _summary(earlier, "end")
    start = invocation_start(later) or _summary(later, "start")
    if end.zoned == start.zoned:
        return interval(end, start)
    note = (
        f"; {end.origin} and {start.origin} are not compared: only one of them has a"
        " time zone"
    )
    end, start = _summary(earlier, "end"), _summary(later, "start")
    if end.zoned != start.zoned:
        raise NotRecordedError(f"{later.where}: no two stamps that compare{note}")
    return interval(end, start, note)


def duration(leaf: Leaf) -> float:
    """Seconds an invocation took: its own stamps, else those of the summary."""
    start, end = invocation_start(leaf), invocation_end(leaf)
    if start is None or end is None or start.zoned != end.zoned:
        return between_summaries(leaf, leaf, first="start", last="end").seconds
    return interval(start, end).seconds


def between_summaries(earlier: Leaf, later: Leaf, *, first: str, last: str) -> Interval:
    """From `first` (start or end) of one DLIO summary to `last` of another."""
    start, end = _summary(earlier, first), _summary(later, last)
    if start.zoned != end.zoned:
        raise NotRecordedError(
            f"{later.where}: only one of {start.origin} and {end.origin} has a zone"
        )
    return interval(start, end)


def invocation_start(leaf: Leaf) -> Stamp | None:
    """Start of the tool, where it recorded one."""
    return _stamp(leaf.metadata, "invocation_start_time")


def invocation_end(leaf: Leaf) -> Stamp | None:
    """End of the tool, where it recorded one."""
    return _stamp(leaf.metadata, "invocation_end_time")


def collection_end(leaf: Leaf) -> Stamp | None:
    """Last collection of any host after the run, where there was one."""
    found = list(_collections(leaf.metadata))
    zoned = [stamp for stamp in found if stamp.zoned]
    return max(zoned or found, key=lambda stamp: stamp.moment, default=None)


def _collections(metadata: Document) -> Iterator[Stamp]:
    at = ("cluster_snapshots", "end")
    whole = _stamp(metadata, *at, _COLLECTED)
    if whole:
        yield whole
    hosts = metadata.items(*at, "hosts") if metadata.has(*at, "hosts") else []
    for host in hosts:
        stamp = _stamp(Document(where=metadata.where, content=host), _COLLECTED)
        if stamp:
            yield stamp


def _summary(leaf: Leaf, name: str) -> Stamp:
    """Stamp of a DLIO summary, under its newer or its older key."""
    newer = _stamp(leaf.summary, f"{name}_time")
    stamp = newer or _stamp(leaf.summary, name)
    if stamp is None:
        raise NotRecordedError(
            f"{leaf.summary.where} {leaf.summary.fault or f'has no {name}'}"
        )
    return stamp


def _stamp(document: Document, *keys: str) -> Stamp | None:
    if not document.has(*keys):
        return None
    text = document.text(*keys)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise NotRecordedError(
            f"{document.where}: {'.'.join(keys)} is {text[:40]!r}, no time"
        ) from error
    folder, _, name = document.where.rpartition("/")
    kind = "summary" if name.endswith("summary.json") else "metadata"
    origin = f"{folder.rpartition('/')[2]} {kind} {'.'.join(keys)}"
    return Stamp(moment=moment, origin=origin.strip())
