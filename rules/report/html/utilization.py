"""Utilization of every epoch of every run, against the target."""

from collections.abc import Sequence

from rules.report.chapter import Chapter
from rules.report.html import chart, scale
from rules.report.html.chart import Frame, Shade, percent
from rules.report.html.markup import safe
from rules.report.view import EpochView, RunView, Unit

_HEIGHT_PX = 220
_NAMES = (("mean of ranks", "s1"), ("slowest to fastest rank", "range"), ("DLIO", "s2"))
_NAMED_PLACES = 40
_NAMED_RUNS = 3
_CROWD = 12


def utilization(key: str, chapter: Chapter) -> str:
    """Utilization of every epoch: mean, DLIO's, and from slowest to fastest rank."""
    runs = chapter.trained
    if not runs:
        return ""
    epochs = [(run, epoch) for run in runs for epoch in run.epochs]
    ceiling = runs[0].ceiling_percent
    y = _axis(epochs, [v for v in (chapter.target_percent, ceiling) if v is not None])
    names, marks = list(_NAMES), []
    if chapter.target_percent is not None:
        marks.append(chart.target(_HEIGHT_PX * (1 - y.place(chapter.target_percent))))
        names.append((f"target {chapter.target_percent:g} %", chart.TARGET))
    if ceiling is not None:
        top_px = _HEIGHT_PX * (1 - y.place(ceiling))
        marks.append(chart.target(top_px, chart.CEILING))
        names.append((f"possible without storage {ceiling:.2f} %", chart.CEILING))
    marks += [
        _epoch_mark(y, (place, len(epochs)), run, epoch)
        for place, (run, epoch) in enumerate(epochs)
    ]
    shades = _run_shades(runs, len(epochs))
    frame = Frame(
        key=f"{key}-au",
        title="Utilization of each epoch",
        description=_utilization_sentence(chapter, epochs),
        height_px=_HEIGHT_PX,
        y=y,
        x_labels=_epoch_labels(epochs),
        x_name="epoch",
        x_groups=_run_labels(shades),
        group_name="run",
        marks=marks,
        shades=shades,
        legend=chart.legend(names),
        kind="utilization",
    )
    return chart.figure(frame)


def _axis(
    epochs: Sequence[tuple[RunView, EpochView]], levels: Sequence[float]
) -> scale.Axis:
    """From 5 % steps below the least value to a little above 100 %."""
    values = [v for _, e in epochs for v in (e.slowest_percent, e.dlio_percent)]
    values += [e.fastest_percent for _, e in epochs]
    values += [100.0, *levels]
    base = max(0.0, 5.0 * int((min(values) - 2.0) / 5.0))
    top = min(max(values), 150.0) + (100.0 - base) / 20
    return scale.linear(top, Unit.PERCENT, low=base, is_end=True)


def _epoch_mark(
    y: scale.Axis, place: tuple[int, int], run: RunView, epoch: EpochView
) -> str:
    """Mark one epoch; DLIO's stands a little to the right, not to hide."""
    number, count = place
    at = percent((number + 0.5) / count)
    radius, aside = (4.5, 10) if count <= _CROWD else (3, 5)

    def height(value: float) -> str:
        return f"{_HEIGHT_PX * (1 - y.place(value)):.1f}"

    label = (
        f"{run.label}, epoch {epoch.epoch}: mean {epoch.rules_percent:.2f} %,"
        f" slowest rank {epoch.slowest_rank} {epoch.slowest_percent:.2f} %,"
        f" DLIO {epoch.dlio_percent:.2f} %"
    )
    low, high = height(epoch.slowest_percent), height(epoch.fastest_percent)
    return (
        f"<g><title>{safe(label)}</title>"
        f'<line class="range" x1="{at}" x2="{at}" y1="{low}" y2="{high}"/>'
        f'<circle class="hollow s2" cx="{at}" cy="{height(epoch.dlio_percent)}"'
        f' r="{radius}" transform="translate({aside} 0)"/>'
        f'<circle class="solid s1" cx="{at}" cy="{height(epoch.rules_percent)}"'
        f' r="{radius}"/></g>'
    )


def _run_labels(shades: Sequence[Shade]) -> list[tuple[float, str]]:
    """Name the runs: in full where there are few, by their numbers else."""
    few = len(shades) <= _NAMED_RUNS
    return [((s.start + s.end) / 2, s.name if few else s.short) for s in shades]


def _epoch_labels(
    epochs: Sequence[tuple[RunView, EpochView]],
) -> list[tuple[float, str]]:
    count = len(epochs)
    if count > _NAMED_PLACES:
        return []
    return [
        ((place + 0.5) / count, str(epoch.epoch))
        for place, (_, epoch) in enumerate(epochs)
    ]


def _run_shades(runs: Sequence[RunView], count: int) -> list[Shade]:
    found, start = [], 0
    for number, run in enumerate(runs):
        end = start + len(run.epochs)
        kind = "epoch" if number % 2 else "plain"
        found.append(
            Shade(
                start=start / count,
                end=end / count,
                name=run.label,
                short=run.label.partition("-")[0],
                kind=kind,
            )
        )
        start = end
    return found


def _utilization_sentence(
    chapter: Chapter, epochs: Sequence[tuple[RunView, EpochView]]
) -> str:
    means = [epoch.rules_percent for _, epoch in epochs]
    slow_run, slow = min(epochs, key=lambda pair: pair[1].slowest_percent)
    target = chapter.target_percent
    ceiling = epochs[0][0].ceiling_percent
    goal = "" if target is None else f" Target {target:g} %."
    goal += "" if ceiling is None else f" Possible without storage {ceiling:.2f} %."
    return (
        f"Mean utilization from {min(means):.2f} to {max(means):.2f} % over"
        f" {len(epochs)} epochs; slowest is rank {slow.slowest_rank} in epoch"
        f" {slow.epoch} of {slow_run.label} with {slow.slowest_percent:.2f} %.{goal}"
    )
