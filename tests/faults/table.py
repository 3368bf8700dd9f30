"""The table of faults: what was expected, what was seen, how long, what is kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from mlps.units import format_bytes
from rules.columns import aligned
from tests.faults.fault import Fault

_HEAD = ("", "FAULT", "EXPECTED", "SEEN", "END", "WITHIN", "KEPT")
_LEFT = {0, 1, 2, 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A fault and what became of its trial; `seconds` and bytes only if it was held."""

    fault: Fault
    mark: str
    seen: str
    expected: str = ""
    seconds: float | None = None
    kept_bytes: int | None = None
    output: str = ""

    @property
    def failed(self) -> bool:
        return self.mark == "FAIL"


def cells(row: Row) -> tuple[str, ...]:
    """The row as text."""
    expected = row.fault.expected
    held = row.seconds is not None
    return (
        row.mark,
        row.fault.name,
        row.expected,
        row.seen,
        f"{row.seconds:.1f} s" if held else "",
        f"{expected.within_s:.0f} s" if expected and held else "",
        format_bytes(row.kept_bytes) if row.kept_bytes else "",
    )


def render(rows: Sequence[Row]) -> str:
    """The table, then what went wrong, then the tally."""
    lines = aligned([_HEAD, *map(cells, rows)], _LEFT)
    for row in rows:
        if row.failed and row.output:
            told = "\n".join(f"    {line}" for line in row.output.splitlines())
            lines += ["", f"{row.fault.name} said:", told]
    count = {mark: sum(row.mark == mark for row in rows) for mark in ("ok", "FAIL")}
    skipped = len(rows) - sum(count.values())
    lines += [
        "",
        f"{count['ok']} as expected, {count['FAIL']} not, {skipped} skipped",
    ]
    return "\n".join(lines)
