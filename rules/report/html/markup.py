"""Small pieces of HTML. Text of strangers goes through `safe`, and only through it."""

import html
from collections.abc import Sequence

from rules.render import clean
from rules.report.rows import Rows


def safe(text: object) -> str:
    """Escape text: markup and control characters are shown, never obeyed."""
    return html.escape(clean(str(text)), quote=True)


def section(title: str, *parts: str, key: str = "", level: int = 2) -> str:
    """Section with a heading, or nothing when it has no parts."""
    inside = "".join(parts)
    if not inside:
        return ""
    anchor = f' id="{safe(key)}"' if key else ""
    return f"<section{anchor}><h{level}>{safe(title)}</h{level}>{inside}</section>"


def table(found: Rows) -> str:
    """Scrollable table, or nothing without rows."""
    if not found.rows:
        return ""
    head = "".join(
        f'<th scope="col"{_kind(place, found)}>{safe(name)}</th>'
        for place, name in enumerate(found.head)
    )
    body = "".join(_line(row, found) for row in found.rows)
    caption = safe(found.caption)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}">'
        f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _line(row: Sequence[str], found: Rows) -> str:
    cells = "".join(
        f"<td{_kind(place, found)}>{safe(cell)}</td>"
        for place, cell in enumerate(row[1:], start=1)
    )
    return f'<tr><th scope="row">{safe(row[0])}</th>{cells}</tr>'


def _kind(place: int, found: Rows) -> str:
    return ' class="word"' if place < found.words else ""


def note(text: str) -> str:
    """One quiet sentence."""
    return f'<p class="note">{safe(text)}</p>'


def details(summary: str, inside: str, *, is_open: bool = False, kind: str = "") -> str:
    """Something that can be folded away; `inside` is markup."""
    state = " open" if is_open else ""
    return (
        f'<details class="fold {kind}"{state}><summary>{safe(summary)}</summary>'
        f'<div class="body">{inside}</div></details>'
    )
