"""Panels of one host: processors, memory, disks, network, NFS, pressure.

Rates are between neighbouring looks of the sampler. Devices that moved nothing are
left out; of many, the busiest are shown and the rest is counted in the title.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mlps.evidence.table import StructArray
from mlps.metrics import Tables
from mlps.units import format_bytes
from rules.report import series
from rules.report.series import FloatArray, IntArray
from rules.report.timeline import Timeline
from rules.report.view import Panel, Series, Unit

SECTOR_BYTES = 512
_MOST_DEVICES = 3
_RESOURCES = ("cpu", "io", "memory")
_PERCENT_PER_US = 1e-4
_CPU = (
    ("user", ("user_ticks", "nice_ticks")),
    ("system", ("system_ticks", "irq_ticks", "softirq_ticks")),
    ("stolen", ("steal_ticks",)),
    ("waiting for I/O", ("iowait_ticks",)),
)
_IDLE = "idle_ticks"
_MEMORY = (("page cache", ("cached_bytes",)), ("dirty", ("dirty_bytes",)))

Make = Callable[[Tables, int, Timeline, int], Panel]


def cpu_busy_percent(
    mine: StructArray, time_s: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Share of all processors not idle and not waiting, between looks of one host."""
    apart = series.spaced(time_s)
    time_s, shares = _cpu_shares(mine[apart], time_s[apart])
    busy = [values for name, values in shares.items() if name != "waiting for I/O"]
    return time_s, np.sum(busy, axis=0)


def _cpu_shares(
    mine: StructArray, time_s: FloatArray
) -> tuple[FloatArray, Mapping[str, FloatArray]]:
    ticks = {
        column: np.diff(series.level(mine[column]))
        for column in (_IDLE, *(c for _, columns in _CPU for c in columns))
    }
    whole = np.sum(list(ticks.values()), axis=0)
    least = np.min(list(ticks.values()), axis=0)
    usable = (whole > 0) & (least >= 0)
    shares = {}
    for name, columns in _CPU:
        share = np.full(whole.shape, np.nan)
        part = np.sum([ticks[c] for c in columns], axis=0)
        np.divide(100 * part, whole, out=share, where=usable)
        shares[name] = share
    return (time_s[1:] + time_s[:-1]) / 2, shares


def _looks(
    tables: Tables, table: str, node: int, line: Timeline
) -> tuple[StructArray, FloatArray]:
    rows = tables[table]
    mine = rows[rows["node"] == node]
    time_s = line.node_s(node, mine["sampled_at_ns"])
    order = np.argsort(time_s, kind="stable")
    return mine[order], time_s[order]


def _rates(
    mine: StructArray, time_s: FloatArray, column: str, factor: float
) -> tuple[FloatArray, FloatArray]:
    """Rate of one counter of one device, with gaps where looks are missing."""
    apart = series.spaced(time_s)
    counter = series.level(mine[column][apart]) * factor
    return series.broken(*series.rates(time_s[apart], counter))


def _cpu(tables: Tables, node: int, line: Timeline, limit: int) -> Panel:
    mine, time_s = _looks(tables, "cpu", node, line)
    apart = series.spaced(time_s)
    middle, shares = _cpu_shares(mine[apart], time_s[apart])
    total = np.sum(list(shares.values()), axis=0)
    keep = series.kept(total, limit)
    found = tuple(
        series.picked(name, Unit.PERCENT, middle, values, keep)
        for name, values in shares.items()
    )
    return _panel("cpu", "CPU", Unit.PERCENT, found, stacked=True, limit=100.0)


def _memory(tables: Tables, node: int, line: Timeline, limit: int) -> Panel:
    mine, time_s = _looks(tables, "memory", node, line)
    total = series.level(mine["memtotal_bytes"])
    lines = {"in use": total - series.level(mine["memavailable_bytes"])}
    lines |= {name: series.level(mine[columns[0]]) for name, columns in _MEMORY}
    found = tuple(
        series.series(name, Unit.BYTES, *series.broken(time_s, values), limit)
        for name, values in lines.items()
    )
    known = total[~np.isnan(total)]
    whole = f" (of {format_bytes(float(known.max()))})" if known.size else ""
    return _panel("memory", f"Memory{whole}", Unit.BYTES, found)


def _disks(tables: Tables, node: int, line: Timeline, limit: int) -> Panel:
    columns = {"read": "sectors_read", "written": "sectors_written"}
    looks = _looks(tables, "disks", node, line)
    return _devices(
        "disk",
        "Disk",
        looks,
        key="device",
        columns=columns,
        limit=limit,
        factor=SECTOR_BYTES,
    )


def _net(tables: Tables, node: int, line: Timeline, limit: int) -> Panel:
    mine, time_s = _looks(tables, "net", node, line)
    outside = mine["interface"] != b"lo"
    columns = {"received": "rx_bytes", "sent": "tx_bytes"}
    looks = (mine[outside], time_s[outside])
    return _devices(
        "network", "Network", looks, key="interface", columns=columns, limit=limit
    )


def _nfs(tables: Tables, node: int, line: Timeline, limit: int) -> Panel:
    looks = _looks(tables, "nfs", node, line)
    columns = {"read": "server_read_bytes", "written": "server_write_bytes"}
    return _devices(
        "nfs", "NFS", looks, key="mount_point", columns=columns, limit=limit
    )


def _pressure(tables: Tables, node: int, line: Timeline, limit: int) -> Panel:
    mine, time_s = _looks(tables, "pressure", node, line)
    found = []
    for name in _RESOURCES:
        here = mine["resource"] == name.encode()
        middle, rate = _rates(
            mine[here], time_s[here], "some_total_us", _PERCENT_PER_US
        )
        found.append(series.series(name, Unit.PERCENT, middle, rate, limit))
    return _panel("pressure", "Tasks stalled (pressure)", Unit.PERCENT, found)


def _devices(  # noqa: PLR0913 - one for each thing that differs between the tables
    name: str,
    title: str,
    looks: tuple[StructArray, FloatArray],
    *,
    key: str,
    columns: Mapping[str, str],
    limit: int,
    factor: float = 1,
) -> Panel:
    mine, time_s = looks
    names, moved, device = _moved(mine, key, columns)
    found: list[Series] = []
    for place in np.argsort(-moved, kind="stable")[:_MOST_DEVICES].tolist():
        here = device == place
        for way, column in columns.items():
            if moved[place] > 0:
                middle, rate = _rates(mine[here], time_s[here], column, factor)
                label = f"{bytes(names[place]).decode(errors='replace')} {way}"
                unit = Unit.BYTES_PER_S
                found.append(series.series(label, unit, middle, rate, limit))
    more = int((moved > 0).sum()) - _MOST_DEVICES
    tail = f" (the {_MOST_DEVICES} busiest; {more} more)" if more > 0 else ""
    absent = "nothing moved" if names.size and not found else ""
    return _panel(name, title + tail, Unit.BYTES_PER_S, found, absent=absent)


def _moved(
    mine: StructArray, key: str, columns: Mapping[str, str]
) -> tuple[npt.NDArray[np.bytes_], FloatArray, IntArray]:
    """Name the devices, say what each moved in all, and which device each row is."""
    names, device = np.unique(mine[key], return_inverse=True)
    moved = np.zeros(names.size)
    for column in columns.values():
        counter = series.level(mine[column])
        most, least = np.full(names.size, -np.inf), np.full(names.size, np.inf)
        known = ~np.isnan(counter)
        np.maximum.at(most, device[known], counter[known])
        np.minimum.at(least, device[known], counter[known])
        moved += np.where(np.isfinite(most), most - least, 0.0)
    return names, moved, device


def _panel(  # noqa: PLR0913 - a panel has as many parts
    name: str,
    title: str,
    unit: Unit,
    found: Sequence[Series],
    *,
    stacked: bool = False,
    limit: float | None = None,
    absent: str = "",
) -> Panel:
    usable = tuple(s for s in found if any(v is not None for v in s.values))
    return Panel(
        name=name,
        title=title,
        unit=unit,
        series=usable,
        stacked=stacked,
        limit=limit if usable else None,
        absent=absent or ("" if usable else "not recorded"),
    )


PANELS: tuple[Make, ...] = (_cpu, _memory, _disks, _net, _nfs, _pressure)
