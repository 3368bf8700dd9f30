"""Where the time of ranks went: one bar for each run."""

from collections.abc import Sequence

from rules.report.chapter import Chapter
from rules.report.html import chart
from rules.report.html.chart import percent
from rules.report.html.markup import note, safe
from rules.report.rows import awaited
from rules.report.view import RunView, Split

_BAR_PX = 22
_ROW_PX = 30
SPLIT_PARTS = (
    ("compute_s", "compute", "s1"),
    ("storage_s", "waiting for storage", "s2"),
    ("starved_s", "no CPU for the client", "s4"),
    ("client_s", "client: decoding, handing over", "s5"),
    ("barrier_s", "waiting for other ranks", "s3"),
    ("rest_s", "between steps", "s6"),
)
ATTRIBUTION = (
    "Waiting for data is the time a rank's main thread had no batch. It is storage"
    " while a reader was opening or reading, no CPU while readers could run and had"
    " none, and the client itself (decoding, copying, handing over) in the rest."
)


def time_split(key: str, chapter: Chapter) -> str:
    """Bar of each run: compute, storage, client, other ranks, the rest."""
    runs = [run for run in chapter.trained if run.split and run.split.total_s]
    if not runs:
        return ""
    parts = [
        _split_row(place, run.label, run.split)
        for place, run in enumerate(runs)
        if run.split
    ]
    said = "; ".join(_split_sentence(run) for run in runs)
    picture = chart.picture(
        f"{key}-split",
        "Where the time of ranks went",
        said,
        _ROW_PX * len(runs),
        parts,
    )
    names = chart.legend([(name, tone) for _, name, tone in SPLIT_PARTS])
    return (
        '<figure class="chart bars"><figcaption><span class="name">Where the time of'
        f' ranks went <span class="unit">% of rank time</span></span>{names}'
        f"</figcaption>{picture}</figure>{_awaited(runs)}{note(ATTRIBUTION)}"
    )


def _awaited(runs: Sequence[RunView]) -> str:
    said = [f"{run.label}: {awaited(run)}" for run in runs if run.awaited]
    return note(f"Most waited for: {'; '.join(said)}.") if said else ""


def _split_row(place: int, label: str, split: Split) -> str:
    top = place * _ROW_PX
    row = f'<text class="tick y" x="-8" y="{top + 16}">{safe(label)}</text>'
    left = 0.0
    for field, name, tone in SPLIT_PARTS:
        share = getattr(split, field) / split.total_s
        title = f"{label}: {name} {100 * share:.1f} %"
        row += (
            f'<rect class="fill {tone}" x="{percent(left)}" y="{top}"'
            f' width="{percent(share)}" height="{_BAR_PX}"><title>{safe(title)}</title>'
            "</rect>"
        )
        if share >= 0.1:
            middle = percent(left + share / 2)
            row += (
                f'<text class="inbar" x="{middle}" y="{top + 15}">'
                f"{100 * share:.0f} %</text>"
            )
        left += share
    return row


def _split_sentence(run: RunView) -> str:
    split = run.split
    if split is None:
        return ""
    shares = ", ".join(
        f"{100 * getattr(split, field) / split.total_s:.1f} % {name}"
        for field, name, _ in SPLIT_PARTS
    )
    return f"{run.label}: {shares}"
