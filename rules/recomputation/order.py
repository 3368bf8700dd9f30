"""Whether the times of a run's per-epoch files follow each other."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise

from rules.stored import Comparison, Document, Leaf

_PART = re.compile(r"([a-z_]+)([0-9]{1,6})")
_STAMPS_S = 0.01
_MOST = 10_000


def order_comparison(leaf: Leaf) -> Iterator[Comparison]:
    """How far a time lies before one that it must follow; nothing when none does.

    An epoch holds its blocks and checkpoints, and those of one kind and the epochs
    follow each other. The file of rank 0 lies within start and end of summary.json.
    """
    steps = [
        (back, document.where)
        for number, document in enumerate(leaf.per_epoch)
        for back in _backward(document, leaf.summary if not number else None)
    ]
    back, where = max(steps, default=(0.0, ""))
    if back <= _STAMPS_S:
        return
    yield Comparison(
        metric="time stamps that run backwards",
        unit="s",
        official=back,
        recomputed=0.0,
        tolerance=_STAMPS_S,
        where=where,
        note="start and end of epochs, blocks and checkpoints in their order; the step"
        " furthest back",
    )


def _backward(document: Document, summary: Document | None) -> Iterator[float]:
    """Seconds from a time to one that must not follow it, for each pair."""
    content = document.content if isinstance(document.content, Mapping) else {}
    epochs = sorted(
        (int(key), epoch)
        for key, epoch in content.items()
        if str(key).isdecimal() and len(str(key)) < 9 and isinstance(epoch, Mapping)
    )[:_MOST]
    before = _time(summary.content, "start") if summary else None
    for _, epoch in epochs:
        yield from _pairs([before, _time(epoch, "start")])
        before = _time(epoch, "end") or before
        yield from _inside(epoch)
    yield from _pairs([before, _time(summary.content, "end") if summary else None])


def _inside(epoch: Mapping[str, object]) -> Iterator[float]:
    kinds: dict[str, list[tuple[int, object]]] = defaultdict(list)
    for name, part in epoch.items():
        if isinstance(part, Mapping) and (named := _PART.fullmatch(str(name))):
            kinds[named[1]].append((int(named[2]), part))
    for parts in kinds.values():
        times = [_time(epoch, "start")]
        for _, part in sorted(parts, key=lambda item: item[0])[:_MOST]:
            times += [_time(part, "start"), _time(part, "end")]
        yield from _pairs([*times, _time(epoch, "end")])


def _pairs(times: list[datetime | None]) -> Iterator[float]:
    known = [time for time in times if time is not None]
    for one, other in pairwise(known):
        if (one.tzinfo is None) == (other.tzinfo is None):
            yield (one - other).total_seconds()


def _time(found: object, key: str) -> datetime | None:
    text = found.get(key) if isinstance(found, Mapping) else None
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
