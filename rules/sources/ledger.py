"""Reads campaign.jsonl: one JSON object a line, each bound to the line before."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from rules.record import Ledger, LedgerEvent
from rules.sources.folder import Folder, UnreadableError

NAME = "campaign.jsonl"
_LIMIT = 64 * 2**20
_KEYS = {"event", "run", "run_id", "wall_ns", "detail", "previous"}


def read(folder: Folder) -> Ledger | None:
    """Ledger of a campaign, None when there is none."""
    if not folder.has(NAME):
        return None
    try:
        data = folder.read(NAME, _LIMIT)
    except UnreadableError as error:
        return Ledger(events=(), fault=str(error), torn=False)
    return parse(data)


def parse(data: bytes) -> Ledger:
    """Parse ledger lines; a torn line is tolerated where a crash can leave one.

    That is the last line, or a line that the next start marks with a `torn` event.
    """
    lines = data.split(b"\n")
    tail = lines.pop()
    if tail:
        lines.append(tail)
    read = [_line(number, line) for number, line in enumerate(lines, start=1)]
    torn, fault = False, ""
    for position, (line, said) in enumerate(zip(lines, read, strict=True)):
        expected = _digest(lines[position - 1]) if position else ""
        following = read[position + 1] if position + 1 < len(read) else None
        if said is None:
            is_last = position == len(lines) - 1 and line == tail
            marked = following is not None and following.event.event == "torn"
            torn = torn or is_last or marked
            if not (is_last or marked):
                fault = fault or f"line {position + 1} is no ledger entry"
        elif said.previous != expected:
            fault = fault or (
                f"line {position + 1} does not follow line {position}:"
                " a line was edited, added or removed"
            )
    events = tuple(said.event for said in read if said is not None)
    return Ledger(events=events, fault=fault, torn=torn)


@dataclass(frozen=True, slots=True)
class _Line:
    event: LedgerEvent
    previous: str


def _line(number: int, line: bytes) -> _Line | None:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or set(data) != _KEYS:
        return None
    return _typed(number, data)


def _typed(number: int, data: dict[str, Any]) -> _Line | None:
    texts = (data["event"], data["run_id"], data["detail"], data["previous"])
    run, wall_ns = data["run"], data["wall_ns"]
    if not all(type(text) is str for text in texts):
        return None
    if type(wall_ns) is not int or not (run is None or type(run) is int):
        return None
    event = LedgerEvent(
        line=number,
        event=data["event"],
        run=run,
        run_id=data["run_id"],
        wall_ns=wall_ns,
        detail=data["detail"],
    )
    return _Line(event, data["previous"])


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()
