"""Latency of every run as ranges on one logarithmic axis."""

from rules.report.chapter import Chapter
from rules.report.html import chart, scale
from rules.report.html.chart import percent
from rules.report.html.markup import safe
from rules.report.quantity import duration
from rules.report.view import LatencyRow

_ROW_PX = 20
_MOST_ROWS = 36
_MARKS = (("p50_s", "q1"), ("p95_s", "q2"), ("p99_s", "q3"), ("max_s", "q4"))


def latency_ranges(key: str, chapter: Chapter) -> str:
    """Row of each operation and run: from the median to the longest."""
    rows = [
        (row, run.label)
        for operation in ("sample", "read", "open", "write")
        for run in chapter.runs
        for row in run.latency_rows
        if row.operation == operation
    ][:_MOST_ROWS]
    if not rows:
        return ""
    values = [getattr(row, field) for row, _ in rows for field, _ in _MARKS]
    axis = scale.decades(values)
    high = _ROW_PX * len(rows)
    parts = [
        _tick(percent(axis.place(value)), high, label, "odd" if n % 2 else "even")
        for n, (value, label) in enumerate(axis.ticks)
    ]
    parts += [_row(n, row, label, axis) for n, (row, label) in enumerate(rows)]
    said = "; ".join(_sentence(row, label) for row, label in rows)
    drawn = chart.picture(f"{key}-latency", "Latency of each run", said, high, parts)
    names = chart.legend([(f.removesuffix("_s"), tone) for f, tone in _MARKS])
    return (
        '<figure class="chart bars wide"><figcaption><span class="name">Latency of each'
        f" run</span>{names}</figcaption>{drawn}</figure>"
    )


def _tick(at: str, high: int, label: str, turn: str) -> str:
    """Draw a tick; on a narrow page the odd ones have no label."""
    return (
        f'<line class="grid" x1="{at}" x2="{at}" y1="0" y2="{high}"/>'
        f'<text class="tick x {turn}" x="{at}" y="{high + 17}">{safe(label)}</text>'
    )


def _row(number: int, row: LatencyRow, label: str, axis: scale.Axis) -> str:
    middle = number * _ROW_PX + _ROW_PX / 2
    low, high = percent(axis.place(row.p50_s)), percent(axis.place(row.max_s))
    dots = "".join(
        f'<circle class="solid {tone}" cx="{percent(axis.place(getattr(row, field)))}"'
        f' cy="{middle:g}" r="4.5"/>'
        for field, tone in _MARKS
    )
    return (
        f"<g><title>{safe(_sentence(row, label))}</title>"
        f'<text class="tick y" x="-8" y="{middle + 4:g}">'
        f"{safe(row.operation)} {safe(label)}</text>"
        f'<line class="range thin" x1="{low}" x2="{high}" y1="{middle:g}"'
        f' y2="{middle:g}"/>{dots}</g>'
    )


def _sentence(row: LatencyRow, label: str) -> str:
    return (
        f"{row.operation} in {label}: median {duration(row.p50_s)}, p95"
        f" {duration(row.p95_s)}, p99 {duration(row.p99_s)}, longest"
        f" {duration(row.max_s)}"
    )
