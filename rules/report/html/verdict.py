"""Verdict, findings and comparisons: what any judgement has, whatever its source."""

from collections import Counter
from collections.abc import Sequence

from rules.finding import Finding
from rules.report.chapter import OPEN_GROUPS, Chapter, Comparison, Group, grouped
from rules.report.html.markup import details, note, safe, section, table
from rules.report.rows import Rows

_MOST_OF_A_RULE = 10
_MOST_COMPARISONS = 500
_PARTS = ("expected", "actual", "reading", "where", "fix")


def banner(chapter: Chapter) -> str:
    """Verdict in one word, what it is worth, and how many findings of each kind."""
    notes = "".join(f"<li>{safe(text)}</li>" for text in chapter.notes)
    return (
        f'<div class="banner {chapter.tone.value}"><p class="word">'
        f'<span class="label">Verdict</span>{safe(chapter.verdict)}</p>'
        f'<div class="worth"><ul class="notes">{notes}</ul>'
        f"{_tally(grouped(chapter.findings))}</div></div>"
    )


def _tally(groups: Sequence[Group]) -> str:
    whole = sum(len(group.findings) for group in groups)
    if not whole:
        return ""
    bars, left = "", 0.0
    for group in groups:
        wide = 100 * len(group.findings) / whole
        bars += (
            f'<rect class="fill {group.tone}" x="{left:.2f}%" width="{wide:.2f}%"'
            ' height="100%"/>'
        )
        left += wide
    words = "".join(
        f'<li><svg class="swatch" width="10" height="10" aria-hidden="true"><rect'
        f' class="fill {group.tone}" width="10" height="10" rx="2"/></svg>'
        f"<b>{len(group.findings)}</b> {safe(group.word)}</li>"
        for group in groups
    )
    return (
        '<svg class="tally" width="100%" height="10" aria-hidden="true">'
        f'{bars}</svg><ul class="legend">{words}</ul>'
    )


def findings(chapter: Chapter) -> str:
    """Show findings by kind: what matters is open, passes are folded away."""
    parts = []
    for group in grouped(chapter.findings):
        count = len(group.findings)
        if group.title in OPEN_GROUPS:
            cards = _cards(_by_rule(group.findings))
            heading = f'{safe(group.title)} <span class="count">{count}</span>'
            parts.append(
                f'<div class="group {group.tone}"><h3>{heading}</h3>'
                f'<div class="cards">{cards}</div></div>'
            )
        else:
            inside = _quiet(_by_rule(group.findings))
            parts.append(details(f"{group.title} ({count})", inside))
    return section("Findings", *parts)


def _by_rule(found: Sequence[Finding]) -> list[list[Finding]]:
    rules: dict[tuple[str, str], list[Finding]] = {}
    for finding in found:
        rules.setdefault((finding.rule_id, finding.verdict.value), []).append(finding)
    return list(rules.values())


def _cards(rules: Sequence[Sequence[Finding]]) -> str:
    """One card for each rule; rules that say the very same share one."""
    shared: dict[tuple[object, ...], list[Sequence[Finding]]] = {}
    for found in rules:
        said = tuple(tuple(getattr(f, part) for part in _PARTS) for f in found)
        shared.setdefault((found[0].verdict.value, said), []).append(found)
    return "".join(_card(alike) for alike in shared.values())


def _card(alike: Sequence[Sequence[Finding]]) -> str:
    first = alike[0]
    names = ", ".join(
        f'<span class="rule">{safe(found[0].rule_id)}</span> {safe(found[0].name)}'
        for found in alike
    )
    times = f" x {len(first)}" if len(first) > 1 else ""
    return (
        f'<article class="card"><h4><span class="names">{names}</span>'
        f' <span class="verdict">{safe(first[0].verdict.value)}{times}</span></h4>'
        f"{_said(first)}</article>"
    )


def _said(found: Sequence[Finding]) -> str:
    """Tell what one rule found; parts that all its findings share are said once."""
    common = [n for n in _PARTS if len({getattr(f, n) for f in found}) == 1]
    own = [name for name in _PARTS if name not in common]
    parts = [_parts(found[0], common)]
    parts += [_parts(f, own) for f in found[:_MOST_OF_A_RULE] if own]
    more = len(found) - _MOST_OF_A_RULE
    if own and more > 0:
        parts.append(note(f"and {more} more; --json has all of them"))
    return "".join(parts)


def _parts(finding: Finding, names: Sequence[str]) -> str:
    pairs = [(name, getattr(finding, name)) for name in names]
    lines = "".join(
        f"<dt>{name}</dt><dd>{safe(text)}</dd>" for name, text in pairs if text
    )
    return f"<dl>{lines}</dl>" if lines else ""


def _quiet(rules: Sequence[Sequence[Finding]]) -> str:
    rows = [
        (
            found[0].rule_id,
            found[0].name,
            found[0].actual if len(found) == 1 else f"{len(found)} times",
        )
        for found in rules
    ]
    return table(
        Rows(
            caption="Rules",
            head=("rule", "name", "what was found"),
            rows=tuple(rows),
            words=3,
        )
    )


def comparisons(found: Sequence[Comparison]) -> str:
    """Set published numbers beside the recomputed ones; differences come first."""
    if not found:
        return ""
    ordered = sorted(found, key=lambda c: (c.agrees is not False, c.where, c.name))
    rows = [
        (
            c.where,
            c.name,
            _value(c.official),
            _value(c.recomputed),
            "" if c.tolerance is None else f"{c.tolerance:.2g}",
            c.unit,
            _agrees(c),
        )
        for c in ordered[:_MOST_COMPARISONS]
    ]
    said = Counter(_agrees(c) for c in found)
    counts = ", ".join(f"{number} {word}" for word, number in said.items())
    more = len(ordered) - _MOST_COMPARISONS
    rest = note(f"and {more} more; --json has all of them") if more > 0 else ""
    numbers = table(
        Rows(
            caption=f"Official and recomputed: {counts}",
            head=("result", "number", "official", "recomputed", "±", "unit", "they"),
            rows=tuple(rows),
            words=2,
        )
    )
    return section("Official and recomputed", numbers, rest)


def _value(value: float | None) -> str:
    return "not recorded" if value is None else f"{value:,.6g}"


def _agrees(comparison: Comparison) -> str:
    if comparison.agrees is None:
        return "not comparable"
    return "agree" if comparison.agrees else "DIFFER"
