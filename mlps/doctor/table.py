"""An examination as text for people, and as plain data for programs."""

import textwrap
from typing import Any

from mlps.doctor.examination import Examination
from mlps.doctor.row import Row, Status, errors

SCHEMA = "doctor/1"

_WIDTH = 100
_COLOURS = {Status.OK: "32", Status.WARN: "33", Status.ERROR: "31"}


def text_of(found: Examination, *, colour: bool) -> str:
    """Render the table and the last line: READY, or what is wrong."""
    width = max(len(row.subject) for row in found.rows)
    lines = [line for row in found.rows for line in _lines(row, width, colour=colour)]
    return "\n".join([*lines, "", _verdict(found, colour=colour)])


def data_of(found: Examination) -> dict[str, Any]:
    """Give the same as plain data."""
    return {
        "schema": SCHEMA,
        "ready": found.is_ready,
        "for": found.purpose,
        "system": found.system.name,
        "rows": [
            {
                "status": row.status.value,
                "subject": row.subject,
                "what": row.what,
                "fix": list(row.fix),
            }
            for row in found.rows
        ],
    }


def _lines(row: Row, width: int, *, colour: bool) -> list[str]:
    body = 6 + width + 2
    first, *more = textwrap.wrap(
        _clean(row.what), _WIDTH - body, break_long_words=False, break_on_hyphens=False
    )
    status = _painted(f"{row.status.value:<5}", row.status, colour=colour)
    lines = [f"{status} {row.subject:<{width}}  {first}"]
    lines += [f"{'':<{body}}{line}" for line in more]
    # A fix is for pasting: it is never wrapped.
    return lines + [f"{'':<{body}}fix: {_clean(fix)}" for fix in row.fix]


def _verdict(found: Examination, *, colour: bool) -> str:
    warnings = found.count(Status.WARN)
    tail = f" ({warnings} warning{'s' * (warnings != 1)})" if warnings else ""
    if found.is_ready:
        word = _painted("READY", Status.OK, colour=colour)
        return f"{word} to {found.purpose}{tail}"
    wrong = errors(found.rows)
    word = _painted("not ready", Status.ERROR, colour=colour)
    names = ", ".join(row.subject for row in wrong)
    return f"{word}: {len(wrong)} error{'s' * (len(wrong) != 1)}: {names}{tail}"


def _painted(text: str, status: Status, *, colour: bool) -> str:
    return f"\033[{_COLOURS[status]}m{text}\033[0m" if colour else text


def _clean(text: str) -> str:
    """Keep what strangers wrote from steering the terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
