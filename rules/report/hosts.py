"""Hosts of a run: what their kernels counted, on the time axis of the run."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mlps.evidence.table import StructArray
from mlps.metrics import Tables
from rules.report import series
from rules.report.kernel import PANELS, cpu_busy_percent
from rules.report.series import optional
from rules.report.timeline import Timeline, inside
from rules.report.view import HostView, PhaseSpan, RankView

MOST_HOSTS = 4096
HOSTS_DRAWN = 8
"""Hosts whose panels are made: those whose ranks waited most."""
OBSERVERS_DRAWN = 4
"""Of those without ranks: those whose processors were busiest."""


def hosts(
    tables: Tables, line: Timeline, ranks: Sequence[RankView], limit: int
) -> tuple[HostView, ...]:
    """One view of each host in the order of their numbers, those without ranks last."""
    count = len(tables["hosts"]) + len(tables["observers"])
    if count > MOST_HOSTS:
        raise ValueError(f"{count} hosts, more than {MOST_HOSTS}")
    tenants: dict[int, list[RankView]] = {}
    for rank in ranks:
        tenants.setdefault(rank.node, []).append(rank)
    found = [
        _host(tables, row, line, tenants.get(int(row["node"]), []))
        for row in tables["hosts"]
    ]
    worst = sorted(found, key=lambda h: (-(h.wait_percent or 0.0), h.node))
    drawn = {host.node for host in worst[:HOSTS_DRAWN]}
    observers = [_observer(tables, row, line) for row in tables["observers"]]
    busiest = sorted(observers, key=lambda h: -(h.cpu_busy_percent or 0.0))
    drawn |= {host.node for host in busiest[:OBSERVERS_DRAWN]}
    return tuple(
        replace(
            host, panels=tuple(make(tables, host.node, line, limit) for make in PANELS)
        )
        if host.node in drawn
        else host
        for host in (*found, *observers)
    )


def _host(
    tables: Tables, row: np.void, line: Timeline, mine: Sequence[RankView]
) -> HostView:
    node = int(row["node"])
    whole = sum(rank.split.total_s for rank in mine)
    waited = sum(rank.split.wait_s for rank in mine)
    worst = max(mine, key=lambda r: r.split.wait_s, default=None)
    epochs = [span for span in line.phases if span.epoch > 0]
    return HostView(
        node=node,
        hostname=bytes(row["hostname"]).decode(errors="replace"),
        ranks=int((tables["ranks"]["node"] == node).sum()),
        wait_percent=100 * waited / whole if whole > 0 else None,
        worst_rank=worst.rank if worst else None,
        cpu_busy_percent=_busy(tables["cpu"], node, line, epochs or line.phases),
        memory_used_bytes=_most_used(tables["memory"], node),
        panels=(),
    )


def _observer(tables: Tables, row: np.void, line: Timeline) -> HostView:
    """View of a host without ranks: what it did while the epochs ran."""
    node = int(row["node"])
    epochs = [span for span in line.phases if span.epoch > 0]
    return HostView(
        node=node,
        hostname=f"{bytes(row['host']).decode(errors='replace')} (observed)",
        ranks=0,
        wait_percent=None,
        worst_rank=None,
        cpu_busy_percent=_busy(tables["cpu"], node, line, epochs or line.phases),
        memory_used_bytes=_most_used(tables["memory"], node),
        panels=(),
    )


def _busy(
    rows: StructArray, node: int, line: Timeline, spans: Sequence[PhaseSpan]
) -> float | None:
    """Mean CPU busy inside the epochs (all phases where there are none)."""
    mine = rows[rows["node"] == node]
    time_s, busy = cpu_busy_percent(mine, line.node_s(node, mine["sampled_at_ns"]))
    values = busy[inside(spans, time_s) & ~np.isnan(busy)]
    return float(values.mean()) if values.size else None


def _most_used(rows: StructArray, node: int) -> float | None:
    mine = rows[rows["node"] == node]
    used = series.level(mine["memtotal_bytes"]) - series.level(
        mine["memavailable_bytes"]
    )
    known = used[~np.isnan(used)]
    return optional(float(known.max())) if known.size else None
