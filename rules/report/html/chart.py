"""Charts as SVG that stretches with the page while its text keeps its size.

Horizontal places are percent of the plot, vertical ones pixels. Only paths need
coordinates of their own: they lie in a nested picture of 1000 units' width.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.report.html.markup import safe
from rules.report.html.scale import Axis

WIDE = 1000.0
_MARKED = 60
_LABEL_SHARE = 0.17
_NUMBER_SHARE = 0.03
TARGET = "target"
CEILING = "ceiling"
_DASHED = (TARGET, CEILING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shade:
    """A stretch of the horizontal axis (0..1) with its name and kind."""

    start: float
    end: float
    name: str
    short: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A chart: axes, marks drawn on them, what it shows in one sentence.

    `data` are the attributes its tooltips need; `x_labels` and, in a row below,
    `x_groups` are places and labels, `x_name` and `group_name` what they count.
    """

    key: str
    title: str
    description: str
    height_px: int
    y: Axis
    x_labels: Sequence[tuple[float, str]]
    x_name: str = ""
    x_groups: Sequence[tuple[float, str]] = ()
    group_name: str = ""
    marks: Sequence[str] = ()
    shades: Sequence[Shade] = ()
    legend: str = ""
    data: str = ""
    kind: str = ""


def figure(frame: Frame) -> str:
    """Draw a frame with everything on it."""
    unit = f' <span class="unit">{safe(frame.y.unit)}</span>' if frame.y.unit else ""
    parts = [
        *(_shade(shade) for shade in frame.shades),
        *(_y_tick(frame, *tick) for tick in frame.y.ticks),
        *_x_row(frame.x_name, frame.x_labels, frame.height_px + 18),
        *_x_row(frame.group_name, frame.x_groups, frame.height_px + 37),
        *frame.marks,
    ]
    return (
        f'<figure class="chart {frame.kind}"><figcaption><span class="name">'
        f"{safe(frame.title)}{unit}</span>{frame.legend}</figcaption>"
        f"{_drawn(frame, parts)}</figure>"
    )


def _drawn(frame: Frame, parts: Sequence[str]) -> str:
    title, said = frame.title, frame.description
    return picture(frame.key, title, said, frame.height_px, parts, data=frame.data)


def picture(  # noqa: PLR0913 - one for each part of a picture
    key: str,
    title: str,
    description: str,
    height_px: float,
    parts: Sequence[str],
    *,
    data: str = "",
) -> str:
    """Wrap parts into a picture that can be read aloud."""
    return (
        f'<svg class="plot" role="img" aria-labelledby="{key}-t {key}-d" width="100%"'
        f' height="{height_px:g}"{data}><title id="{key}-t">{safe(title)}</title>'
        f'<desc id="{key}-d">{safe(description)}</desc>{"".join(parts)}</svg>'
    )


def _shade(shade: Shade) -> str:
    return (
        f'<rect class="phase {shade.kind}" x="{percent(shade.start)}" y="0"'
        f' width="{percent(shade.end - shade.start)}" height="100%"/>'
    )


def _y_tick(frame: Frame, value: float, label: str) -> str:
    at = frame.height_px * (1 - frame.y.place(value))
    return (
        f'<line class="grid" x1="0" x2="100%" y1="{at:.1f}" y2="{at:.1f}"/>'
        f'<text class="tick y" x="-8" y="{at + 4:.1f}">{safe(label)}</text>'
    )


def _x_row(name: str, labels: Sequence[tuple[float, str]], at_px: int) -> list[str]:
    row = [
        f'<text class="tick x" x="{percent(place)}" y="{at_px}">{safe(label)}</text>'
        for place, label in labels
    ]
    if name and row:
        row.append(f'<text class="tick y" x="-8" y="{at_px}">{safe(name)}</text>')
    return row


def strip(key: str, shades: Sequence[Shade]) -> str:
    """Name the phases above charts that share their time axis."""
    parts = []
    for shade in shades:
        parts.append(_shade(shade))
        share = shade.end - shade.start
        text = shade.name if share >= _LABEL_SHARE else shade.short
        if share >= _NUMBER_SHARE and text:
            middle = (shade.start + shade.end) / 2
            label = f'<text class="tick x" x="{percent(middle)}" y="14">'
            parts.append(f"{label}{safe(text)}</text>")
    names = ", ".join(shade.name for shade in shades)
    inside = picture(key, "Phases", f"Phases in order: {names}.", 20, parts)
    return f'<figure class="chart strip">{inside}</figure>'


def target(at_px: float, kind: str = TARGET) -> str:
    """Dashed line across the plot; the legend has its name."""
    return f'<line class="{kind}" x1="0" x2="100%" y1="{at_px:.1f}" y2="{at_px:.1f}"/>'


def time_labels(axis: Axis) -> list[tuple[float, str]]:
    """Labels of a time axis; the last one that has room says the unit."""
    return [
        (axis.place(value), f"{label} {axis.unit}" if value else label)
        for value, label in axis.ticks
    ]


def percent(share: float) -> str:
    """Place or length on the horizontal axis."""
    return f"{100 * share:.2f}%"


def stretched(height_px: int, paths: Sequence[str]) -> str:
    """Paths in coordinates of 1000 by `height_px`, stretched over the plot."""
    return (
        f'<svg class="paths" width="100%" height="{height_px}"'
        f' viewBox="0 0 1000 {height_px}" preserveAspectRatio="none">'
        f"{''.join(paths)}</svg>"
    )


def segments(
    places: Sequence[float], heights: Sequence[float | None]
) -> list[list[tuple[float, float]]]:
    """Split points at gaps; each part can be joined."""
    parts: list[list[tuple[float, float]]] = [[]]
    for place, height in zip(places, heights, strict=True):
        if height is None:
            parts.append([])
        else:
            parts[-1].append((place, height))
    return [part for part in parts if part]


def line(parts: Sequence[Sequence[tuple[float, float]]], tone: str, name: str) -> str:
    """Line through places (0..1) and heights in pixels, broken at gaps."""
    path = "".join(_moves(part) for part in parts)
    return f'<path class="line {tone}" data-name="{safe(name)}" d="{path}"/>'


def band(
    upper: Sequence[Sequence[tuple[float, float]]],
    lower: Sequence[Sequence[tuple[float, float]]],
    tone: str,
) -> str:
    """Fill between two lines that are broken at the same places."""
    path = "".join(
        f"M{_points(above)}L{_points(below[::-1])}Z"
        for above, below in zip(upper, lower, strict=True)
    )
    return f'<path class="area {tone}" d="{path}"/>'


def _moves(part: Sequence[tuple[float, float]]) -> str:
    # A single point between gaps becomes a dot: a line of no length has round ends.
    return f"M{_points(part)}" + ("h0" if len(part) == 1 else "")


def _points(part: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_short(WIDE * x)} {_short(y)}" for x, y in part)


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def dots(parts: Sequence[Sequence[tuple[float, float]]], tone: str) -> str:
    """Mark the points of a short line; long ones have none."""
    points = [point for part in parts for point in part]
    if len(points) > _MARKED:
        return ""
    return "".join(
        f'<circle class="dot {tone}" cx="{percent(x)}" cy="{y:.1f}" r="2.5"/>'
        for x, y in points
    )


def legend(entries: Sequence[tuple[str, str]]) -> str:
    """Names beside their tones."""
    items = "".join(
        f'<li><svg class="swatch" width="14" height="10" aria-hidden="true">'
        f"{_dash(tone) if tone in _DASHED else _swatch(tone)}</svg>{safe(name)}</li>"
        for name, tone in entries
    )
    return f'<ul class="legend">{items}</ul>'


def _dash(tone: str) -> str:
    return f'<line class="{tone}" x1="0" x2="14" y1="5" y2="5"/>'


def _swatch(tone: str) -> str:
    return f'<rect class="fill {tone}" width="14" height="10" rx="2"/>'
