"""Tables of a run with many hosts and ranks, made of arrays: no file, no MPI.

Every host reads `READ_BYTES_PER_S`; node 3 is slow, one rank of it slower still.
"""

from dataclasses import replace

import numpy as np

from mlps.evidence import BY_NAME
from mlps.evidence.table import StructArray
from mlps.plan import Plan, Train
from rules.record import RunRecord
from rules.report.run import reduced
from rules.report.source import points
from rules.report.view import RunView
from tests.rules import plans

START_NS = 5_000_000_000_000
COMPUTE_NS = 162_000_000
STEP_NS = 200_000_000
FLUSH_NS = 2_000_000_000
READ_BYTES_PER_S = 3 * 2**30
SLOW_NODE = 3
EACH = 8

Tables = dict[str, StructArray]


def plan(hosts: int, epochs: int, steps: int) -> Plan:
    workload = plans.unet3d(files=hosts * EACH * steps * 7)
    train = Train(epochs=epochs, computation_time_s=COMPUTE_NS / 1e9)
    where = plans.system(name="b200x8", hosts=hosts)
    return plans.plan(replace(workload, train=train), where)


def tables(hosts: int, epochs: int, steps: int) -> Tables:
    """All tables of one measured run; those not filled are empty."""
    found = {name: np.zeros(0, dtype=t.dtype) for name, t in BY_NAME.items()}
    world = hosts * EACH
    found["hosts"] = _hosts(hosts)
    found["ranks"] = _zeros("ranks", world, rank=np.arange(world))
    found["ranks"]["node"] = np.arange(world) // EACH
    found["clock"] = _zeros("clock", world, rank=np.arange(world))
    found["clock"]["offset_ns"] = -1_000_000 * np.arange(world)
    found["steps"] = _steps(world, epochs, steps)
    found["phases"] = _phases(found["steps"], world, epochs)
    found["latency"] = _latency(world, epochs, steps)
    seconds = epochs * (steps * STEP_NS + FLUSH_NS) // 10**9
    found["process"] = _looks("process", "rank", world, seconds)
    found |= kernel(hosts, seconds)
    return found


def _zeros(table: str, count: int, **columns: object) -> StructArray:
    rows = np.zeros(count, dtype=BY_NAME[table].dtype)
    for name, values in columns.items():
        rows[name] = values
    return rows


def _hosts(hosts: int) -> StructArray:
    names = [f"node{n:03d}.example".encode() for n in range(hosts)]
    return _zeros("hosts", hosts, node=np.arange(hosts), hostname=names)


def _own_clock(rank: np.ndarray) -> np.ndarray:
    """Rank r's clock is r ms ahead of rank 0's."""
    return START_NS + 1_000_000 * rank


def _steps(world: int, epochs: int, steps: int) -> StructArray:
    chance = np.random.default_rng(7)
    rank, epoch, step = (
        grid.ravel()
        for grid in np.meshgrid(
            np.arange(world), np.arange(epochs), np.arange(steps), indexing="ij"
        )
    )
    slow = 1 + 2.0 * (rank // EACH == SLOW_NODE) + 2.0 * (rank == SLOW_NODE * EACH)
    wait = np.minimum(
        chance.lognormal(14.5, 1.0, rank.size) * slow, STEP_NS - COMPUTE_NS
    )
    rows = _zeros("steps", rank.size, rank=rank, epoch=epoch + 1, step=step)
    rows["phase"] = 2 * epoch + 1
    start = epoch * (steps * STEP_NS + FLUSH_NS) + FLUSH_NS + step * STEP_NS
    rows["start_ns"] = _own_clock(rank) + start
    rows["wait_ns"] = wait.astype(np.int64)
    rows["compute_ns"] = rows["compute_requested_ns"] = COMPUTE_NS
    rows["barrier_ns"] = STEP_NS - COMPUTE_NS - rows["wait_ns"]
    rows["samples"], rows["delivered_bytes"] = 7, 7 * 146_600_628
    return rows


def _phases(steps: StructArray, world: int, epochs: int) -> StructArray:
    count = int(steps["step"].max()) + 1
    whole = count * STEP_NS + FLUSH_NS
    rows = []
    for epoch in range(epochs):
        rank = np.arange(world)
        begin = _own_clock(rank) + epoch * whole
        flush = _zeros("phases", world, rank=rank, phase=2 * epoch)
        flush["name"] = f"flush-{epoch + 1}".encode()
        flush["start_ns"], flush["end_ns"] = begin, begin + FLUSH_NS
        train = _zeros("phases", world, rank=rank, phase=2 * epoch + 1)
        train["name"], train["epoch"] = f"epoch-{epoch + 1}".encode(), epoch + 1
        train["start_ns"], train["end_ns"] = begin + FLUSH_NS, begin + whole
        train["steps"] = count
        rows += [flush, train]
    return np.concatenate(rows)


def _latency(world: int, epochs: int, steps: int) -> StructArray:
    chance = np.random.default_rng(8)
    whole = steps * STEP_NS + FLUSH_NS
    intervals = max(steps * STEP_NS // 10**9, 1)
    parts = []
    for epoch in range(epochs):
        for operation, base in ((b"sample", 3300), (b"read", 2400)):
            size = world * intervals * 4
            rank = np.repeat(np.arange(world), intervals * 4)
            second = np.tile(np.repeat(np.arange(intervals), 4), world)
            rows = _zeros("latency", size, rank=rank, operation=operation)
            rows["count"] = 5
            rows["phase"] = 2 * epoch + 1
            begin = epoch * whole + FLUSH_NS + second * 10**9
            rows["interval_start_ns"] = _own_clock(rank) + begin
            rows["bucket"] = base + (120 * chance.standard_normal(size)).astype(int)
            parts.append(rows)
    return np.concatenate(parts)


def _looks(table: str, key: str, many: int, seconds: int) -> StructArray:
    number = np.repeat(np.arange(many), seconds)
    rows = _zeros(table, number.size, **{key: number})
    scale = 1 if key == "rank" else EACH
    rows["sampled_at_ns"] = _own_clock(number * scale) + np.tile(
        np.arange(seconds) * 10**9, many
    )
    return rows


def kernel(hosts: int, seconds: int) -> Tables:
    chance = np.random.default_rng(9)
    cpu = _looks("cpu", "node", hosts, seconds)
    second = np.tile(np.arange(seconds), hosts)
    busy = np.cumsum(chance.integers(2000, 9000, second.size)).astype(np.uint64)
    cpu["user_ticks"], cpu["system_ticks"] = busy, busy // 3
    cpu["idle_ticks"] = second * np.uint64(20_000)
    cpu["iowait_ticks"] = np.cumsum(chance.integers(0, 2000, second.size))
    memory = _looks("memory", "node", hosts, seconds)
    memory["memtotal_bytes"] = 2**39
    memory["memavailable_bytes"] = 2**39 - 2**37 - second * 2**26
    memory["cached_bytes"] = 2**36 + second * 2**27
    disks = _looks("disks", "node", hosts, seconds)
    disks["device"] = b"nvme0n1"
    disks["sectors_read"] = second * np.uint64(READ_BYTES_PER_S // 512)
    net = _looks("net", "node", hosts, seconds)
    net["interface"] = b"ib0"
    net["rx_bytes"] = second * np.uint64(READ_BYTES_PER_S)
    return {"cpu": cpu, "memory": memory, "disks": disks, "net": net}


def run(
    hosts: int = 4, epochs: int = 2, steps: int = 20, spoiled: Tables | None = None
) -> RunView:
    """View of a crowd's run; `spoiled` tables replace the ones made."""
    made = tables(hosts, epochs, steps) | (spoiled or {})
    plan_of_it = plan(hosts, epochs, steps)
    record = RunRecord(
        where="runs/02-measured-00000002",
        number=2,
        kind="measured",
        run_id="00000002",
        sealed=True,
        evidence=None,
        evidence_fault="",
        evidence_sha256="",
        summary=None,
        summary_fault="",
    )
    return reduced(record, made, plan_of_it, points(hosts, 6))
