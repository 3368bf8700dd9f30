"""Report as Markdown, e.g. for a pull request: text of strangers stays text."""

import html
import re
from collections.abc import Sequence

from rules.render import clean
from rules.report import conditions, rows
from rules.report.chapter import OPEN_GROUPS, Chapter, Comparison, Group, grouped
from rules.report.rows import Rows

_SPECIAL = re.compile(r"([\\`*_\[\]#!|~])")
_MOST_FINDINGS = 200


def document(chapters: Sequence[Chapter]) -> str:
    """Markdown of all chapters."""
    return "\n".join(_chapter(chapter) for chapter in chapters)


def escaped(text: object) -> str:
    """Escape what Markdown or HTML in it would obey; control characters are shown."""
    return _SPECIAL.sub(r"\\\1", html.escape(clean(str(text)), quote=False))


def _chapter(chapter: Chapter) -> str:
    lines = [f"# {escaped(chapter.title)}: {escaped(chapter.verdict)}", ""]
    lines += [f"* {escaped(chapter.where)}"]
    lines += [f"* {escaped(note)}" for note in chapter.notes]
    groups = grouped(chapter.findings)
    if groups:
        counts = ", ".join(f"{len(g.findings)} {g.word}" for g in groups)
        lines += [f"* findings: {counts}"]
    for group in groups:
        if group.title in OPEN_GROUPS:
            lines += _group(group)
    lines += _comparisons(chapter.comparisons)
    for table in (
        rows.of_runs(chapter.runs),
        rows.of_splits(chapter.runs),
        conditions.of_starts(chapter.runs),
        conditions.of_cached(chapter.runs),
        conditions.of_stalls(chapter.runs),
        rows.of_latencies(chapter.runs),
    ):
        lines += _table(table)
    return "\n".join(lines) + "\n"


def _group(group: Group) -> list[str]:
    found = group.findings[:_MOST_FINDINGS]
    lines = _table(
        Rows(
            caption=group.title,
            head=("rule", "verdict", "expected", "actual", "where", "fix"),
            rows=tuple(
                (
                    f"{f.rule_id} {f.name}",
                    f.verdict.value,
                    f.expected,
                    f.actual,
                    f.where,
                    f.fix,
                )
                for f in found
            ),
            words=6,
        )
    )
    more = len(group.findings) - len(found)
    return [*lines, "", f"and {more} more"] if more else lines


def _comparisons(found: Sequence[Comparison]) -> list[str]:
    differ = [c for c in found if c.agrees is False]
    return _table(
        Rows(
            caption=f"Official and recomputed: {len(differ)} of {len(found)} differ",
            head=("result", "number", "official", "recomputed", "unit"),
            rows=tuple(
                (c.where, c.name, str(c.official), str(c.recomputed), c.unit)
                for c in differ[:_MOST_FINDINGS]
            ),
            words=2,
        )
    )


def _table(found: Rows) -> list[str]:
    if not found.rows:
        return []
    rule = [":--" if n < found.words else "--:" for n in range(len(found.head))]
    lines = [f"| {' | '.join(found.head)} |", f"| {' | '.join(rule)} |"]
    lines += [f"| {' | '.join(escaped(c) for c in row)} |" for row in found.rows]
    return ["", f"## {escaped(found.caption)}", "", *lines]
