"""Reads the evidence of runs, a few at a time while the one before is judged."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress

from mlps.errors import EvidenceError
from mlps.evidence.isolated import Limits, Reading
from mlps.evidence.reader import BUDGET_BYTES, Evidence
from rules.sources.folder import Folder, UnreadableError
from rules.sources.places import EVIDENCE

_MOST_AT_ONCE = 4

Loaded = tuple[Evidence | None, str]


def load(folder: Folder, where: str, budget_bytes: int = BUDGET_BYTES) -> Loaded:
    """Evidence of the run directory `where`, or why there is none."""
    return next(load_all(folder, [where], budget_bytes))


def load_all(
    folder: Folder, places: Sequence[str], budget_bytes: int = BUDGET_BYTES
) -> Iterator[Loaded]:
    """Evidence of each run directory in turn, or why there is none."""
    started: deque[Reading | str] = deque()
    waiting = deque(places)
    most = min(os.cpu_count() or 1, _MOST_AT_ONCE)
    try:
        while started or waiting:
            while waiting and len(started) < most:
                started.append(_start(folder, waiting.popleft(), budget_bytes))
            yield _finish(started.popleft())
    finally:
        for reading in started:
            if isinstance(reading, Reading):
                with suppress(ProcessLookupError):
                    reading.stop()


def _start(folder: Folder, where: str, budget_bytes: int) -> Reading | str:
    name = f"{where}/{EVIDENCE}" if where else EVIDENCE
    try:
        return Reading(folder.path(name), budget_bytes, Limits())
    except UnreadableError as error:
        return str(error)


def _finish(reading: Reading | str) -> Loaded:
    if isinstance(reading, str):
        return None, reading
    try:
        return reading.evidence(), ""
    except (EvidenceError, MemoryError) as error:
        return None, " ".join(str(error).split())[:300] or type(error).__name__
