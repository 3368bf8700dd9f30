"""Frames of a world that is not there: what ranks and hosts send in a second.

Counters grow by random amounts, times by a second and some jitter, so that rows
compress about as those of a real run.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from mlps.evidence import BY_NAME
from mlps.evidence.table import StructArray

RANKS_PER_HOST = 8
STEPS_PER_S = 2
BUCKETS_PER_S = 48
"""Rows of latency a rank makes in a second: three operations; 40 to 60 in real runs."""
DEVICES = (b"nvme0n1", b"nvme0n1p1", b"nvme0n1p2", b"nvme1n1", b"md0")
INTERFACES = (b"lo", b"eth0", b"ib0", b"ib1")
RESOURCES = (b"cpu", b"io", b"memory")
START_NS = 10**12
PHASE = 0

Frame = dict[str, StructArray]


@dataclass(slots=True)
class World:
    """Ranks, eight to a host, and their hosts; `second` makes the rows of one."""

    ranks: int
    _chance: np.random.Generator = field(init=False)
    _looks: Frame = field(init=False)
    _growth: dict[str, dict[str, np.ndarray]] = field(init=False)

    def __post_init__(self) -> None:
        """Lay out one look at everything; seconds change it in place."""
        self._chance = np.random.default_rng(7)
        hosts = np.arange(self.hosts)
        self._looks = {"process": _zeros("process", rank=np.arange(self.ranks))}
        for table in ("cpu", "memory", "vmstat"):
            self._looks[table] = _zeros(table, node=hosts)
        for table, key, names in (
            ("disks", "device", DEVICES),
            ("net", "interface", INTERFACES),
            ("pressure", "resource", RESOURCES),
        ):
            node = np.repeat(hosts, len(names))
            self._looks[table] = _zeros(table, node=node)
            self._looks[table][key] = np.tile(np.array(names), self.hosts)
        self._growth = {t: self._growing(t, rows) for t, rows in self._looks.items()}

    @property
    def hosts(self) -> int:
        """Number of hosts."""
        return -(-self.ranks // RANKS_PER_HOST)

    def second(self, number: int) -> Frame:
        """All rows of one second, ordered by rank or node."""
        for table, rows in self._looks.items():
            for name, growth in self._growth[table].items():
                rows[name] += growth * self._chance.integers(0, 3, len(rows), "u8")
            jitter = self._chance.integers(0, 200_000, len(rows))
            rows["sampled_at_ns"] = START_NS + number * 10**9 + jitter
        return {**self._looks, "steps": self._steps(number), "latency": self._latency()}

    def phases(self, seconds: int) -> StructArray:
        """Close the one epoch on every rank."""
        rows = _zeros("phases", rank=np.arange(self.ranks))
        rows["phase"], rows["name"], rows["epoch"] = PHASE, b"epoch-1", 1
        rows["agreed_start_ns"] = rows["start_ns"] = START_NS
        rows["end_ns"] = START_NS + seconds * 10**9
        rows["wall_start_ns"], rows["outcome"] = START_NS, b"complete"
        rows["steps"] = rows["samples"] = seconds * STEPS_PER_S
        return rows

    def _growing(self, table: str, rows: StructArray) -> dict[str, np.ndarray]:
        """Counters that move, and by how much: half of them, each at its own rate."""
        columns = [c.name for c in BY_NAME[table].columns if c.dtype == "u8"][::2]
        return {
            name: self._chance.integers(1, 10 ** (1 + place % 6), len(rows), "u8")
            for place, name in enumerate(columns)
        }

    def _steps(self, number: int) -> StructArray:
        rank = np.repeat(np.arange(self.ranks), STEPS_PER_S)
        rows = _zeros("steps", rank=rank)
        step = np.tile(np.arange(STEPS_PER_S), self.ranks)
        rows["phase"], rows["epoch"] = PHASE, 1
        rows["step"] = number * STEPS_PER_S + step
        rows["start_ns"] = START_NS + number * 10**9 + step * (10**9 // STEPS_PER_S)
        rows["wait_ns"] = self._chance.lognormal(14, 1, len(rows))
        rows["compute_ns"] = 4 * 10**8 + self._chance.integers(0, 10**5, len(rows))
        rows["compute_requested_ns"] = 4 * 10**8
        rows["barrier_ns"] = self._chance.lognormal(13, 1, len(rows))
        rows["samples"], rows["delivered_bytes"] = 1, 146_600_628
        return rows

    def _latency(self) -> StructArray:
        rows = _zeros("latency", rank=np.repeat(np.arange(self.ranks), BUCKETS_PER_S))
        each = BUCKETS_PER_S // 3
        operations = np.repeat(np.array([b"open", b"read", b"sample"]), each)
        rows["operation"] = np.tile(operations, self.ranks)
        rows["phase"] = PHASE
        start = self._looks["process"]["sampled_at_ns"]
        rows["interval_start_ns"] = np.repeat(start, BUCKETS_PER_S)
        spread = self._chance.integers(1, 12, (self.ranks * 3, each)).cumsum(axis=1)
        rows["bucket"] = 1100 + spread.ravel()
        rows["count"] = self._chance.geometric(0.4, len(rows))
        return rows


def parts(frame: Frame, ranks: int, *, joined: bool) -> Iterator[tuple[str, bytes]]:
    """Cut a second into what rank 0 hands over: by rank, or joined for each host."""
    hosts = -(-ranks // RANKS_PER_HOST)
    for table, rows in frame.items():
        by_rank = "rank" in (rows.dtype.names or ())
        pieces = ranks if by_rank and not joined else hosts
        each = -(-len(rows) // pieces)
        data, size = rows.tobytes(), each * rows.itemsize
        for at in range(0, len(data), size):
            yield table, data[at : at + size]


def _zeros(table: str, **keys: np.ndarray) -> StructArray:
    (first,) = keys.values()
    rows = np.zeros(len(first), dtype=BY_NAME[table].dtype)
    for name, values in keys.items():
        rows[name] = values
    return rows
