"""A comparison as text for people; nothing is printed."""

from collections.abc import Sequence

from mlps.difference import render_differences
from mlps.units import format_bytes
from rules.columns import aligned
from rules.comparison.comparison import Comparison
from rules.comparison.contrast import Contrast, Units
from rules.comparison.interval import CONFIDENCE_PERCENT, mean
from rules.comparison.side import Side
from rules.render import clean
from rules.rule import Stage, first_of

_HEAD = ("", "A", "B", "change", f"{CONFIDENCE_PERCENT} % interval", "n", "B is")
_NAMED = 4


def text(found: Comparison) -> str:
    """Render a comparison; of two plans, only how they differ."""
    if found.old.stage is found.new.stage is Stage.PLAN:
        return render_differences(found.config)
    parts = [_heads(found)]
    if found.unfair:
        parts.append("NOT A FAIR COMPARISON:\n" + _listed(found.unfair))
    if Stage.PLAN in (found.old.stage, found.new.stage):
        which = "A" if found.old.stage is Stage.PLAN else "B"
        parts.append(f"{which} is a plan, nothing was run: only plans are compared\n")
    parts.append(render_differences(found.config))
    if found.old.runs and found.new.runs:
        parts.append(_surroundings(found))
    if found.units:
        parts.append(_numbers(found.units, found.contrasts))
    return "\n".join(parts)


def _heads(found: Comparison) -> str:
    return "".join(
        f"{letter}  {side.stage.name.lower()} {clean(side.where)}\n   {_head(side)}\n"
        for letter, side in (("A", found.old), ("B", found.new))
    )


def _head(side: Side) -> str:
    words = [clean(side.doc.plan.name), side.doc.digest[:19]]
    if side.stage is not Stage.PLAN:
        words += [side.verdict, _count(len(side.runs), "run") + " compared"]
    return ", ".join(words)


def _surroundings(found: Comparison) -> str:
    if not found.facts:
        return "taken on the same hosts, with the same code, data and mounts\n"
    lines = ["taken elsewhere or otherwise:"]
    for fact in found.facts:
        old, new = (
            clean(first_of(side, _NAMED, between=", ") or "nothing")
            for side in (fact.old, fact.new)
        )
        lines.append(f"  {fact.name}: {old} -> {new}")
    return "\n".join(lines) + "\n"


def _numbers(units: Units, rows: Sequence[Contrast]) -> str:
    name = units.name
    lines = [
        f"the unit is the {name}: {len(units.old)} in A, {len(units.new)} in B;"
        f" change and its {CONFIDENCE_PERCENT} % interval (Welch) are B against A"
    ]
    if name == "epoch":
        lines += [
            "fewer than two measured runs on a side: epochs of one run share what"
            " chance gave",
            "that run, so another run may differ by more than these intervals",
        ]
    table = aligned([_HEAD, *(_row(row) for row in rows)], {0, len(_HEAD) - 1})
    lines += [f"  {line}" for line in table]
    claims = sum(row.interval is not None for row in rows)
    if claims:
        missing = claims * (100 - CONFIDENCE_PERCENT) / 100
        lines += [
            f"percentiles: the range over the {name}s, each from one merged histogram;"
            " a bucket is 0.8 %",
            f"{claims} intervals: expect {missing:.1f} of them to miss by chance",
        ]
    return "\n".join(lines) + "\n"


def _row(row: Contrast) -> tuple[str, ...]:
    difference = row.difference
    return (
        row.metric.title,
        _side(row, row.old),
        _side(row, row.new),
        "" if difference is None else _change(row, difference),
        _interval(row),
        f"{len(row.old)}, {len(row.new)}",
        row.verdict,
    )


def _side(row: Contrast, values: Sequence[float]) -> str:
    if not values:
        return "nothing"
    if not row.metric.is_percentile:
        return _value(mean(values), row.metric.unit)
    scale, unit = _scale(max(values))
    low, high = (f"{value * scale:.4g}" for value in (min(values), max(values)))
    return f"{low} {unit}" if low == high else f"{low}..{high} {unit}"


def _interval(row: Contrast) -> str:
    if row.interval is None:
        return row.why
    ends = row.interval.low, row.interval.high
    return f"{_change(row, ends[0]).rpartition(' ')[0]}..{_change(row, ends[1])}"


def _change(row: Contrast, amount: float) -> str:
    """Percent of A for rates and times; what is a percentage has points."""
    relative = row.relative_percent(amount)
    if row.metric.unit == "%":
        return f"{amount:+.2f} pt"
    if relative is None:
        return f"{amount:+.3g} {row.metric.unit}"
    return f"{relative:+.1f} %"


def _value(value: float, unit: str) -> str:
    if unit == "%":
        return f"{value:.2f} %"
    if unit == "B/s":
        return f"{format_bytes(value)}/s"
    if unit == "1/s":
        return f"{value:.4g}/s"
    scale, name = _scale(value)
    return f"{value * scale:.4g} {name}"


def _scale(seconds: float) -> tuple[float, str]:
    """Factor and unit in which a duration is at least 1."""
    if seconds >= 1:
        return 1, "s"
    return (1e3, "ms") if seconds >= 1e-3 else (1e6, "us")


def _listed(texts: Sequence[str]) -> str:
    return "".join(f"  * {clean(text)}\n" for text in texts)


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"
