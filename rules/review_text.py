"""Reviews of published trees as text for people and as plain data for programs."""

from collections import Counter, defaultdict
from typing import Any

from rules.columns import aligned
from rules.finding import Verdict
from rules.render import clean, finding_data, table
from rules.review import Review
from rules.stored import Comparison

_QUIET = (Verdict.PASS, Verdict.NOT_APPLICABLE)


def review_text(part: Review, *, colour: bool) -> str:
    """One part of a tree: what is wrong with it, its numbers, and its verdict.

    Passed and inapplicable rules are only counted; `--json` has them all.
    """
    loud = [f for f in part.judgement.findings if f.verdict not in _QUIET]
    blocks = [_header(part)]
    if part.comparisons:
        blocks.append("\n".join(_comparisons(part.comparisons)))
    if loud:
        blocks.append(table(loud, colour=colour))
    blocks.append(_verdict(part) + "\n")
    return "\n".join(blocks)


def _header(part: Review) -> str:
    lines = [
        f"{part.scope.value} {clean(part.where)}",
        f"  {clean(part.title)}: edition {clean(part.edition)} ({clean(part.reason)})",
    ]
    lines += [f"  not read: {clean(text)}" for text in part.unread]
    return "\n".join(lines)


def _comparisons(found: tuple[Comparison, ...]) -> list[str]:
    """Of each number the one of all runs that differs most, and how many there are."""
    kinds: dict[str, list[Comparison]] = defaultdict(list)
    for comparison in found:
        kinds[comparison.metric.partition(", epoch ")[0]].append(comparison)
    rows = [("number", "runs", "official", "recomputed", "+-", "unit", "")]
    for kind, alike in kinds.items():
        worst = max(alike, key=_difference)
        differ = sum(not c.agrees for c in alike)
        rows.append(
            (
                clean(kind),
                str(len(alike)),
                f"{worst.official:.6g}",
                f"{worst.recomputed:.6g}",
                f"{worst.tolerance:.2g}",
                worst.unit,
                f"{differ} DIFFER, most {clean(worst.place)}" if differ else "",
            )
        )
    differ = sum(not c.agrees for c in found)
    said = f"{differ} differ" if differ else "all agree with the official ones"
    lines = [f"{len(found)} numbers recomputed, {said}", *aligned(rows, {0})]
    return [f"  {line}" for line in lines]


def _difference(comparison: Comparison) -> float:
    """Difference in tolerances; without tolerance, more than any."""
    distance = abs(comparison.official - comparison.recomputed)
    return distance / comparison.tolerance if comparison.tolerance else distance * 1e12


def _verdict(part: Review) -> str:
    judgement = part.judgement
    tally = Counter(finding.verdict for finding in judgement.findings)
    counts = ", ".join(f"{tally[v]} {v.value}" for v in Verdict if tally[v])
    claim = f"claimed {judgement.claim.value}"
    if judgement.partial:
        claim += "; an excerpt, judged as far as it goes"
    return f"verdict: {part.verdict} ({claim}): {counts or 'no rule'}"


def review_data(part: Review) -> dict[str, Any]:
    """Plain data of one part of a tree."""
    judgement = part.judgement
    return {
        "where": part.where,
        "scope": part.scope.value,
        "title": part.title,
        "edition": part.edition,
        "edition_reason": part.reason,
        "claim": judgement.claim.value,
        "partial": judgement.partial,
        "verdict": part.verdict,
        "exit_status": part.exit_status,
        "unread": list(part.unread),
        "comparisons": [
            {
                "metric": c.metric,
                "unit": c.unit,
                "official": c.official,
                "recomputed": c.recomputed,
                "tolerance": c.tolerance,
                "agrees": c.agrees,
                "where": c.where,
                "note": c.note,
            }
            for c in part.comparisons
        ],
        "findings": [finding_data(f) for f in judgement.findings],
    }
