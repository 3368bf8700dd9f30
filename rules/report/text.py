"""Report for a terminal: what is wrong first, then the numbers of each run."""

from collections import Counter
from collections.abc import Sequence

from rules import render
from rules.columns import aligned
from rules.finding import Finding
from rules.render import clean
from rules.report import conditions, rows
from rules.report.chapter import Chapter, Comparison, grouped
from rules.report.rows import Rows

_QUIET = ("PASS", "NOT_APPLICABLE")
_MOST_COMPARISONS = 20


def summary(chapter: Chapter, *, colour: bool = False) -> str:
    """Text of one chapter, ending in a newline."""
    parts = [
        _head(chapter),
        render.table(_loud(chapter.findings), colour=colour),
        _differences(chapter.comparisons),
        *(_columns(table) for table in _tables(chapter)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(chapter: Chapter) -> str:
    tally = Counter(finding.verdict.value for finding in chapter.findings)
    counts = ", ".join(f"{tally[v]} {v}" for v in tally)
    lines = [f"{clean(chapter.stage)} {clean(chapter.where)}"]
    lines.append(
        f"verdict: {clean(chapter.verdict)}" + (f" ({counts})" if counts else "")
    )
    lines += [f"  {clean(note)}" for note in chapter.notes]
    if chapter.target_percent is not None and chapter.counted:
        worst = min(chapter.counted, key=lambda r: r.rules_percent or 0.0)
        found = rows.possible(worst)
        goal = f"target {chapter.target_percent:g} %"
        lines.append(f"  utilization at worst {found} in {worst.label}, {goal}")
    return "\n".join(lines)


def _loud(findings: Sequence[Finding]) -> list[Finding]:
    """Keep findings that are not PASS, the worst first."""
    return [
        finding
        for group in grouped(findings)
        for finding in group.findings
        if finding.verdict.value not in _QUIET
    ]


def _tables(chapter: Chapter) -> list[Rows]:
    return [
        rows.of_runs(chapter.runs),
        rows.of_splits(chapter.runs),
        conditions.of_starts(chapter.runs),
        conditions.of_cached(chapter.runs),
        conditions.of_stalls(chapter.runs),
        rows.of_latencies(chapter.runs),
    ]


def _columns(found: Rows) -> str:
    if not found.rows:
        return ""
    lines = [found.head, *(tuple(clean(cell) for cell in row) for row in found.rows)]
    table = aligned(lines, range(found.words))
    return "\n".join([found.caption, *(f"  {line}" for line in table)])


def _differences(comparisons: Sequence[Comparison]) -> str:
    if not comparisons:
        return ""
    differ = [c for c in comparisons if c.agrees is False]
    shown = [
        f"  {clean(c.where)}: {clean(c.name)} is {_value(c.official)} official,"
        f" {_value(c.recomputed)} recomputed {clean(c.unit)}".rstrip()
        for c in differ[:_MOST_COMPARISONS]
    ]
    more = len(differ) - _MOST_COMPARISONS
    tail = [f"  and {more} more"] if more > 0 else []
    head = f"{len(comparisons)} numbers compared, {len(differ)} differ"
    return "\n".join([head, *shown, *tail])


def _value(value: float | None) -> str:
    return "not recorded" if value is None else f"{value:.6g}"
