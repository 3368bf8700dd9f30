"""All waits of a run in one picture: a row for each rank, a column for each step."""

from rules.report.html import chart, picture, scale
from rules.report.html.chart import percent
from rules.report.html.markup import note, safe
from rules.report.quantity import duration
from rules.report.view import Heat

_DECADES = 3
_LABEL_SHARE = 0.04


def heat(key: str, found: Heat | None) -> str:
    """Picture of all waits: a row for each rank, a column for each step."""
    if found is None:
        return ""
    known = [v for row in found.cells for v in row if v is not None]
    longest = max(known, default=0.0)
    if longest <= 0:
        return note("No rank waited in any step.")
    least = longest / 10**_DECADES
    axis = scale.Axis(low=least, high=longest, unit="", factor=1, ticks=(), log=True)
    shares = [
        [None if v is None else axis.place(v) for v in row] for row in found.cells
    ]
    high = min(max(len(shares) * 14, 56), 256)
    parts = [
        f'<image width="100%" height="{high}" preserveAspectRatio="none"'
        f' href="{picture.data_uri(shares)}"/>',
        *_labels(found, len(shares[0]), high),
    ]
    text = (
        f"Waiting of {found.ranks} ranks in {found.steps} steps; the longest wait is"
        f" {duration(longest)}. Darker on light, lighter on dark, is longer."
    )
    drawn = chart.picture(key, "Waiting, rank by step", text, high, parts)
    squeezed = found.ranks > len(found.cells) or found.steps > len(found.cells[0])
    more = " a cell is the longest of those it stands for" if squeezed else ""
    return (
        '<figure class="chart heat"><figcaption><span class="name">Waiting, rank by'
        f' step<span class="unit">{safe(more)}</span></span>'
        f"{_legend(least, longest)}"
        f"</figcaption>{drawn}</figure>"
    )


def _labels(found: Heat, columns: int, high: int) -> list[str]:
    rows = len(found.cells)
    parts = [
        f'<text class="tick y" x="-8" y="{high / rows / 2 + 4:.1f}">rank 0</text>',
    ]
    if found.ranks > 1:
        last = high - high / rows / 2 + 4
        parts.append(
            f'<text class="tick y" x="-8" y="{last:.1f}">{found.ranks - 1}</text>'
        )
    ends = [column for _, column in found.epoch_columns[1:]] + [columns]
    for (epoch, first), end in zip(found.epoch_columns, ends, strict=True):
        at = percent(first / columns)
        if first:
            parts.append(
                f'<line class="cut" x1="{at}" x2="{at}" y1="0" y2="{high + 6}"/>'
            )
        middle = percent((first + end) / 2 / columns)
        wide = (end - first) / columns >= 0.12
        label = f"epoch {epoch}" if wide else str(epoch)
        if (end - first) / columns >= _LABEL_SHARE:
            parts.append(
                f'<text class="tick x" x="{middle}" y="{high + 17}">{label}</text>'
            )
    return parts


def _legend(least: float, longest: float) -> str:
    swatches = "".join(
        f'<rect class="ramp r{n}" x="{n * 20}" width="20" height="10"/>'
        for n in range(5)
    )
    return (
        f'<span class="ramp-legend"><span>{safe(duration(least))}</span>'
        f'<svg width="100" height="10" aria-hidden="true">{swatches}</svg>'
        f"<span>{safe(duration(longest))}</span></span>"
    )
