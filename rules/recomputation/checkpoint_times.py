"""Times of single checkpoints that a rank recorded in its per-epoch file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mlps.errors import NotRecordedError
from rules.stored import Document

KINDS = {"write": "save", "read": "load"}
SHORTEST_S, LONGEST_S = 1e-6, 1e9
_NAME = re.compile(r"(save|load)_ckpt([0-9]{1,6})")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointTime:
    """One checkpoint that a rank saved or loaded, and its own rate of it.

    resolution_s is the last decimal that the duration is recorded with, span_s end
    less start where both stamps can be read.
    """

    number: int
    duration_s: float
    resolution_s: float
    throughput_gib_per_s: float
    span_s: float | None


def checkpoint_times(document: Document, kind: str) -> tuple[CheckpointTime, ...]:
    """Checkpoints of a kind (save or load), in order; NotRecordedError on odd ones."""
    found = []
    for epoch in document.mapping().values():
        if not isinstance(epoch, Mapping):
            continue
        for name, block in epoch.items():
            matched = _NAME.fullmatch(name)
            if matched and matched[1] == kind:
                record = Document(where=f"{document.where}: {name}", content=block)
                found.append(_time(int(matched[2]), record))
    return tuple(sorted(found, key=lambda time: time.number))


def _time(number: int, record: Document) -> CheckpointTime:
    duration_s = record.number("duration")
    if not SHORTEST_S <= duration_s <= LONGEST_S:
        raise NotRecordedError(f"{record.where}: duration is {duration_s:g} s")
    return CheckpointTime(
        number=number,
        duration_s=duration_s,
        resolution_s=_resolution_s(record.value("duration")),
        throughput_gib_per_s=record.number("throughput"),
        span_s=_span_s(record),
    )


def _span_s(record: Document) -> float | None:
    try:
        start, end = (
            datetime.fromisoformat(record.text(key)) for key in ("start", "end")
        )
        return (end - start).total_seconds()
    except (NotRecordedError, ValueError, TypeError):
        return None


def _resolution_s(recorded: object) -> float:
    """Last decimal of a recorded number; never finer than the clock's microsecond."""
    decimals = len(str(recorded).partition(".")[2])
    return 10.0 ** -min(decimals, 6)
