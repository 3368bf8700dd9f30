"""Panels of series over the time of a run, and the phases behind them."""

from collections.abc import Sequence

from rules.report.html import chart, scale
from rules.report.html.chart import Frame, Shade
from rules.report.quantity import amount
from rules.report.view import Panel, PhaseSpan, RunView, Series, Unit

HEIGHT_PX = 110
_TONES = ("s1", "s2", "s3", "s4", "s5", "s6")
_LATENCY_TONES = {"p50": "q1", "p95": "q2", "p99": "q3", "max": "q4"}


def shades(run: RunView) -> list[Shade]:
    """Phases of a run as stretches of its time axis."""
    axis = scale.seconds(run.duration_s)
    return [
        Shade(
            start=axis.place(span.start_s),
            end=axis.place(span.end_s),
            name=span.name,
            short=str(span.epoch) if span.epoch else "",
            kind=_kind(span),
        )
        for span in run.phases
    ]


def _kind(span: PhaseSpan) -> str:
    if span.epoch:
        return "epoch"
    return "writing" if span.name == "datagen" else "flush"


def drawn(key: str, panel: Panel, run: RunView, *, log: bool = False) -> str:
    """Draw a panel; one without series is not drawn (see `left_out`)."""
    if not panel.series:
        return ""
    levels = _levels(panel)
    y, time = _axis(panel, levels, log=log), scale.seconds(run.duration_s)
    paths, marks = [], [_target(panel, y)]
    for place in reversed(range(len(panel.series))):
        found = panel.series[place]
        at = [time.place(t) for t in found.time_s]
        parts = chart.segments(at, _heights(y, levels[place]))
        tone = _tone(panel, place)
        if panel.stacked:
            below = levels[place - 1] if place else _floor(levels[place])
            lower = chart.segments(at, _heights(y, below))
            paths.append(chart.band(parts, lower, tone))
        paths.append(chart.line(parts, tone, found.name))
        marks.append("" if panel.stacked else chart.dots(parts, tone))
    names = [(s.name, _tone(panel, n)) for n, s in enumerate(panel.series)]
    if panel.target is not None:
        names.append((panel.target_name, chart.TARGET))
    frame = Frame(
        key=key,
        title=panel.title,
        description=_sentence(panel, run),
        height_px=HEIGHT_PX,
        y=y,
        x_labels=chart.time_labels(time),
        marks=[chart.stretched(HEIGHT_PX, paths), *marks],
        shades=shades(run),
        legend=chart.legend(names if len(names) > 1 else []),
        data=_data(y, time, stacked=panel.stacked),
        kind="timed",
    )
    return chart.figure(frame)


def _heights(y: scale.Axis, values: Sequence[float | None]) -> list[float | None]:
    return [None if v is None else HEIGHT_PX * (1 - y.place(v)) for v in values]


def _floor(values: Sequence[float | None]) -> list[float | None]:
    return [None if v is None else 0.0 for v in values]


def _target(panel: Panel, y: scale.Axis) -> str:
    if panel.target is None or not y.low < panel.target <= y.high:
        return ""
    return chart.target(HEIGHT_PX * (1 - y.place(panel.target)))


def left_out(panels: Sequence[Panel]) -> str:
    """Say which panels have nothing to draw, and why."""
    return "; ".join(f"{p.title}: {p.absent}" for p in panels if not p.series)


def _tone(panel: Panel, place: int) -> str:
    name = panel.series[place].name
    return _LATENCY_TONES.get(name) or _TONES[place % len(_TONES)]


def _levels(panel: Panel) -> list[list[float | None]]:
    """Heights of each series: its values, or in a stack the sum up to it."""
    if not panel.stacked:
        return [list(found.values) for found in panel.series]
    levels: list[list[float | None]] = []
    below: list[float | None] = [0.0] * len(panel.series[0].values)
    for found in panel.series:
        below = [
            None if a is None or b is None else a + b
            for a, b in zip(below, found.values, strict=True)
        ]
        levels.append(below)
    return levels


def _axis(
    panel: Panel, levels: Sequence[Sequence[float | None]], *, log: bool
) -> scale.Axis:
    known = [v for level in levels for v in level if v is not None]
    if log:
        return scale.decades(known)
    if panel.limit:
        return scale.linear(panel.limit, panel.unit, is_end=True)
    if panel.target is not None:
        known.append(panel.target)
    if panel.unit is Unit.PERCENT:
        return scale.linear(min(max([*known, 10.0]), 100.0), panel.unit)
    return scale.linear(max(known, default=0.0), panel.unit)


def _data(y: scale.Axis, time: scale.Axis, *, stacked: bool) -> str:
    return (
        f' data-low="{y.low / y.factor:g}" data-high="{y.high / y.factor:g}"'
        f' data-unit="{y.unit}" data-log="{int(y.log)}" data-stacked="{int(stacked)}"'
        f' data-end="{time.high:g}" data-height="{HEIGHT_PX}"'
    )


def _sentence(panel: Panel, run: RunView) -> str:
    said = [text for found in panel.series if (text := _extremes(found))]
    return f"{panel.title} of run {run.label} over time: " + "; ".join(said) + "."


def _extremes(found: Series) -> str:
    known = [v for v in found.values if v is not None]
    if not known:
        return ""
    low, high = (amount(v, found.unit) for v in (min(known), max(known)))
    return f"{found.name} from {low} to {high}"
