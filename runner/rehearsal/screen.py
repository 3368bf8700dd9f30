"""The one table of a rehearsal: rows by host, then READY or what must be mended."""

import textwrap
from collections.abc import Iterator, Sequence

from runner import handshake
from runner.place import Place
from runner.rehearsal.rank_list import ranges
from runner.rehearsal.row import Row, errors

_ORDER = (
    "ranks",
    "binding",
    "interpreter",
    "software",
    "plan",
    "data path",
    "mount",
    "sharing",
    "dataset",
    "space",
    "results",
    "memory",
    "page cache",
    "small reads",
    "sampler",
    "clock",
)
_INDENT = " " * 23
_WIDTH = 100

Entry = tuple[int, Row]
"""A rank and what it found; what is found once per host, one of its ranks tells."""


def render(title: str, place: Place, entries: Sequence[Entry]) -> str:
    """Render the table and the verdict."""
    lines = [title]
    for node in sorted(set(place.nodes)):
        ours = [rank for rank, at in enumerate(place.nodes) if at == node]
        lines.append(f"{place.hosts[ours[0]]}, rank {ranges(ours)}")
        lines += _host([(rank, row) for rank, row in entries if rank in ours])
    wrong = [(rank, row) for rank, row in entries if errors([row])]
    lines.append(handshake.table(place, wrong) if wrong else "READY")
    return "\n".join(lines)


def _host(entries: Sequence[Entry]) -> Iterator[str]:
    grouped: dict[str, dict[Row, list[int]]] = {}
    for rank, row in entries:
        grouped.setdefault(row.check, {}).setdefault(row, []).append(rank)
    for check in sorted(grouped, key=_ORDER.index):
        rows = grouped[check]
        # Ranks are named where they do not agree.
        divided = len({tuple(ranks) for ranks in rows.values()}) > 1
        for row, ranks in sorted(rows.items(), key=lambda item: item[1]):
            who = f"rank {ranges(ranks)}: " if divided else ""
            yield _wrapped(f"  {row.verdict:<5}  {check:<13} ", f"{who}{row.says}")
            if row.fix:
                yield _wrapped(_INDENT, f"fix: {row.fix}")


def _wrapped(head: str, text: str) -> str:
    return textwrap.fill(
        text,
        width=_WIDTH,
        initial_indent=head,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
