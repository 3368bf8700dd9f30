"""Ranks and hosts of one run: how their waiting is distributed."""

from collections.abc import Sequence

import numpy as np

from rules.report.html import chart, scale
from rules.report.html.chart import Frame, Shade
from rules.report.quantity import duration
from rules.report.series import kept
from rules.report.view import HostView, RankView, RunView, Unit

_HEIGHT_PX = 170
_MOST_LABELS = 9
_MOST_RANKS_DRAWN = 1024
_MOST_HOST_NAMES = 12
_WIDEST_HALF = 30.0


def boxes(key: str, run: RunView) -> str:
    """Wait of each rank's steps: 5th to 95th percentile, median and longest."""
    ranks = _shown(run.ranks)
    if not ranks:
        return ""
    y = scale.decades([v for r in ranks for v in (r.wait_p5_s, r.wait_max_s)])

    def height(value: float) -> float:
        return _HEIGHT_PX * (1 - y.place(value))

    paths = {"box": "", "median": "", "longest": ""}
    half = min(0.32 * chart.WIDE / len(ranks), _WIDEST_HALF)
    for place, rank in enumerate(ranks):
        x = (place + 0.5) * chart.WIDE / len(ranks)
        low, high = height(rank.wait_p5_s), height(rank.wait_p95_s)
        paths["box"] += f"M{x:.1f} {low:.1f}V{high:.1f}"
        left = x - half
        wide = f"h{2 * half:.1f}"
        paths["median"] += f"M{left:.1f} {height(rank.wait_p50_s):.1f}{wide}"
        paths["longest"] += f"M{left:.1f} {height(rank.wait_max_s):.1f}{wide}"
    crowd = "few" if len(ranks) <= 40 else "many"
    drawn = [f'<path class="{name} {crowd}" d="{d}"/>' for name, d in paths.items()]
    frame = Frame(
        key=key,
        title="Waiting in single steps, by rank",
        description=_boxes_sentence(run.ranks),
        height_px=_HEIGHT_PX,
        y=y,
        x_labels=_rank_labels(ranks),
        marks=[chart.stretched(_HEIGHT_PX, drawn)],
        shades=_host_shades(ranks),
        legend=chart.legend(
            [("p5 to p95", "box"), ("median", "median"), ("longest", "longest")]
        ),
    )
    return chart.figure(frame)


def _shown(ranks: Sequence[RankView]) -> Sequence[RankView]:
    """All ranks, or of very many those that keep the extremes of waiting."""
    if len(ranks) <= _MOST_RANKS_DRAWN:
        return ranks
    longest = np.array([rank.wait_max_s for rank in ranks])
    return [ranks[place] for place in kept(longest, _MOST_RANKS_DRAWN).tolist()]


def _boxes_sentence(ranks: Sequence[RankView]) -> str:
    worst = max(ranks, key=lambda r: r.wait_max_s)
    most = max(ranks, key=lambda r: r.split.wait_s)
    return (
        f"{len(ranks)} ranks. Longest wait of a step: {duration(worst.wait_max_s)} on"
        f" rank {worst.rank}; most waiting in all: rank {most.rank} with"
        f" {most.split.wait_s:.2f} s."
    )


def _rank_labels(ranks: Sequence[RankView]) -> list[tuple[float, str]]:
    every = -(-len(ranks) // _MOST_LABELS)
    return [
        ((place + 0.5) / len(ranks), f"rank {r.rank}" if place == 0 else str(r.rank))
        for place, r in enumerate(ranks)
        if place % every == 0
    ]


def _host_shades(ranks: Sequence[RankView]) -> list[Shade]:
    """Shade every other host, so that ranks of one host are seen together."""
    found: list[Shade] = []
    start = 0
    for place in range(1, len(ranks) + 1):
        if place == len(ranks) or ranks[place].node != ranks[start].node:
            kind = "epoch" if len(found) % 2 else "plain"
            name = ranks[start].hostname
            ends = start / len(ranks), place / len(ranks)
            found.append(
                Shade(start=ends[0], end=ends[1], name=name, short="", kind=kind)
            )
            start = place
    return found


def host_strip(key: str, run: RunView) -> str:
    """Share of its time that each rank waited: a dot, in the column of its host."""
    tenanted = {rank.node for rank in run.ranks}
    hosts = [host for host in run.hosts if host.node in tenanted]
    if not hosts:
        return ""
    shares = {
        rank.rank: 100 * rank.split.wait_s / rank.split.total_s
        for rank in run.ranks
        if rank.split.total_s
    }
    y = scale.linear(max([*shares.values(), 1.0]), Unit.PERCENT)
    column = {host.node: place for place, host in enumerate(hosts)}
    path = ""
    seen: dict[int, int] = {}
    for rank in _shown(run.ranks):
        if rank.node not in column or rank.rank not in shares:
            continue
        number = seen.get(rank.node, 0)
        seen[rank.node] = number + 1
        x = _column_place(column[rank.node], number, len(hosts))
        at = _HEIGHT_PX * (1 - y.place(shares[rank.rank]))
        path += f"M{chart.WIDE * x:.1f} {at:.1f}h0"
    frame = Frame(
        key=key,
        title="Time spent waiting for data, by host",
        description=_hosts_sentence(hosts),
        height_px=_HEIGHT_PX,
        y=y,
        x_labels=_host_labels(hosts),
        marks=[chart.stretched(_HEIGHT_PX, [f'<path class="dots" d="{path}"/>'])],
        shades=_columns(hosts),
        legend=chart.legend([("a rank", "s2")]),
    )
    return chart.figure(frame)


def _column_place(column: int, number: int, columns: int) -> float:
    """Place of a dot within its column: a few lanes, so that equals do not hide."""
    lane = (number % 5 - 2) / 10
    return (column + 0.5 + lane) / columns


def _hosts_sentence(hosts: Sequence[HostView]) -> str:
    worst = max(hosts, key=lambda h: h.wait_percent or 0.0)
    share = worst.wait_percent or 0.0
    return (
        f"{len(hosts)} hosts; most waiting on {worst.hostname} with {share:.1f} % of"
        f" the time of its ranks, most of all rank {worst.worst_rank}."
    )


def _host_labels(hosts: Sequence[HostView]) -> list[tuple[float, str]]:
    every = -(-len(hosts) // _MOST_LABELS)
    named = len(hosts) <= 4
    return [
        ((place + 0.5) / len(hosts), h.hostname[:24] if named else str(h.node))
        for place, h in enumerate(hosts)
        if place % every == 0
    ]


def _columns(hosts: Sequence[HostView]) -> list[Shade]:
    count = len(hosts)
    return [
        Shade(
            start=place / count,
            end=(place + 1) / count,
            name=host.hostname,
            short="",
            kind="epoch" if place % 2 else "plain",
        )
        for place, host in enumerate(hosts)
        if count <= _MOST_HOST_NAMES * 4
    ]
