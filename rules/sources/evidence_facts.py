"""Reduces the tables of a run to the facts about its hosts that rules compare."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from mlps import metrics
from mlps.evidence import BY_NAME
from mlps.evidence.table import StructArray
from mlps.metrics import Tables
from mlps.plan import Plan
from rules.evidence_record import (
    DirectIo,
    HostFacts,
    HostFlush,
    Passport,
    PhaseStart,
    RankShare,
    Sampling,
    StepCompute,
    WaitParts,
)
from rules.sources.evidence_bytes import data_mounts, flows
from rules.sources.evidence_clock import corrections, lockstep, wall_clocks
from rules.sources.evidence_samples import (
    Samples,
    Window,
    require_growing,
    sampling,
)

_COUNTERS = tuple(c.name for c in BY_NAME["process"].columns if c.kind == "counter")
_BAD_ROWS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def host_facts(plan: Plan, tables: Tables) -> HostFacts:
    """All facts of a run; what can't be made sense of is a text in `fault`."""
    try:
        return _host_facts(plan, tables)
    except _BAD_ROWS as error:
        return HostFacts(fault=f"{type(error).__name__}: {error}")


def _host_facts(plan: Plan, tables: Tables) -> HostFacts:
    nodes = {int(row["rank"]): int(row["node"]) for row in tables["ranks"]}
    epochs = _epochs(tables["phases"])
    windows = {rank: [w for w, _ in own] for rank, own in epochs.items()}
    steps = _steps(tables["steps"], windows)
    placed = {rank: own for rank, own in windows.items() if rank in nodes}
    clocks, known = corrections(tables["clock"], windows)
    require_growing(tables["process"], "rank", _COUNTERS)
    return HostFacts(
        flows=flows(tables, {r: own for r, own in epochs.items() if r in nodes}, nodes),
        mounts=data_mounts(tables),
        flushes=_flushes(tables["flushes"], tables["hosts"]),
        starts=_starts(tables["phases"], nodes),
        clocks=clocks,
        wall_clocks=wall_clocks(tables["clock"], tables["phases"]),
        sampling=_sampling(tables, placed, nodes),
        compute=tuple(_compute(own) for own in _by_phase(tables["steps"])),
        waits=tuple(_wait_parts(own) for own in _by_phase(tables["steps"])),
        lockstep=lockstep(steps, known),
        direct_io=_direct_io(tables["direct_io"]),
        passport=_passport(tables["dataset"]),
        shares=_shares(plan, tables),
    )


def _epochs(phases: StructArray) -> dict[int, list[tuple[Window, int]]]:
    """Epochs each rank closed, with what they delivered."""
    found = defaultdict(list)
    for row in phases[phases["epoch"] > 0]:
        start_ns, end_ns = int(row["start_ns"]), int(row["end_ns"])
        if end_ns < start_ns:
            raise ValueError(f"a phase ends {start_ns - end_ns} ns before its start")
        window = Window(phase=int(row["phase"]), start_ns=start_ns, end_ns=end_ns)
        found[int(row["rank"])].append((window, int(row["delivered_bytes"])))
    return found


def _steps(
    steps: StructArray, windows: Mapping[int, Sequence[Window]]
) -> dict[tuple[int, int], StructArray]:
    """Step rows of each rank and epoch, in order."""
    order = np.lexsort((steps["step"], steps["phase"], steps["rank"]))
    rank, phase = steps["rank"][order], steps["phase"][order]
    found = {}
    for number, own in windows.items():
        first, last = np.searchsorted(rank, [number, number + 1])
        for window in own:
            low, high = np.searchsorted(
                phase[first:last], [window.phase, window.phase + 1]
            )
            place = order[first + low : first + high]
            found[number, window.phase] = steps[place]
    return found


def _compute(rows: StructArray) -> StepCompute:
    asked = rows["compute_requested_ns"]
    return StepCompute(
        rank=int(rows["rank"][0]),
        phase=int(rows["phase"][0]),
        least_ns=int(rows["compute_ns"].min()),
        least_asked_ns=int(asked.min()),
        most_asked_ns=int(asked.max()),
    )


def _by_phase(steps: StructArray) -> list[StructArray]:
    """Cut the steps, in order, to those of each rank and phase."""
    order = np.lexsort((steps["step"], steps["phase"], steps["rank"]))
    steps = steps[order]
    same = (np.diff(steps["rank"]) == 0) & (np.diff(steps["phase"]) == 0)
    return np.split(steps, np.flatnonzero(~same) + 1) if len(steps) else []


def _wait_parts(own: StructArray) -> WaitParts:
    wait, storage, starved = (
        own[name] for name in ("wait_ns", "wait_storage_ns", "wait_starved_ns")
    )
    # Compared one by one: a sum of absurd parts would wrap around.
    odd = (np.minimum(storage, starved) < 0) | (np.maximum(storage, starved) > wait)
    odd |= ~odd & (storage > wait - starved)
    fault = ""
    if odd.any():
        row = own[int(np.argmax(odd))]
        fault = (
            f"step {int(row['step'])} waited {int(row['wait_ns'])} ns, of that"
            f" {int(row['wait_storage_ns'])} ns for storage and"
            f" {int(row['wait_starved_ns'])} ns for a CPU"
        )
    return WaitParts(
        rank=int(own["rank"][0]),
        phase=int(own["phase"][0]),
        wait_ns=int(wait.sum()),
        storage_ns=int(storage.sum()),
        starved_ns=int(starved.sum()),
        fault=fault,
    )


def _flushes(rows: StructArray, hosts: StructArray) -> tuple[HostFlush, ...]:
    pages = {int(row["node"]): int(row["page_bytes"]) for row in hosts}
    return tuple(
        HostFlush(
            node=int(row["node"]),
            phase=int(row["phase"]),
            method=bytes(row["method"]).decode(errors="replace"),
            outcome=bytes(row["outcome"]).decode(errors="replace"),
            start_ns=int(row["start_ns"]),
            end_ns=int(row["end_ns"]),
            cached_bytes=(
                int(row["cached_before_bytes"]),
                int(row["cached_after_bytes"]),
            ),
            drops=(int(row["drops_before"]), int(row["drops_after"])),
            sampled_pages=int(row["sampled_pages"]),
            resident_before_pages=int(row["resident_before_pages"]),
            resident_pages=int(row["resident_pages"]),
            page_bytes=pages.get(int(row["node"]), 0),
        )
        for row in rows
    )


def _starts(phases: StructArray, nodes: Mapping[int, int]) -> tuple[PhaseStart, ...]:
    first: dict[tuple[int, int], int] = {}
    epochs = set()
    for row in phases:
        if int(row["rank"]) in nodes:
            key = (nodes[int(row["rank"])], int(row["phase"]))
            start_ns = int(row["start_ns"])
            first[key] = min(first.get(key, start_ns), start_ns)
            epochs |= {key} if row["epoch"] > 0 else set()
    return tuple(
        PhaseStart(
            node=node,
            phase=phase,
            start_ns=first[node, phase],
            before_ns=first.get((node, phase - 1)),
        )
        for node, phase in sorted(epochs)
    )


def _sampling(
    tables: Tables, windows: Mapping[int, Sequence[Window]], nodes: Mapping[int, int]
) -> tuple[Sampling, ...]:
    """Gaps of each rank in its own table, of each host in that of its processors."""
    ranks, hosts = Samples(tables["process"], "rank"), Samples(tables["cpu"], "node")
    leaders = {nodes[rank]: rank for rank in sorted(windows, reverse=True)}
    found = []
    for rank, own in windows.items():
        at = ranks.of(rank)["sampled_at_ns"]
        found += [sampling(f"rank {rank}", at, window) for window in own]
    for node, rank in sorted(leaders.items()):
        at = hosts.of(node)["sampled_at_ns"]
        found += [sampling(f"host {node}", at, window) for window in windows[rank]]
    return tuple(found)


def _direct_io(rows: StructArray) -> tuple[DirectIo, ...]:
    return tuple(
        DirectIo(
            rank=int(row["rank"]),
            phase=int(row["phase"]),
            sampled_opens=int(row["sampled_opens"]),
            direct_opens=int(row["direct_opens"]),
        )
        for row in rows
    )


def _passport(rows: StructArray) -> Passport | None:
    if not len(rows):
        return None
    row = rows[-1]
    return Passport(
        manifest_digest=bytes(row["manifest_digest"]).decode(errors="replace"),
        files=int(row["files"]),
        dataset_bytes=int(row["dataset_bytes"]),
        verified_files=int(row["verified_files"]),
        verified_bytes=int(row["verified_bytes"]),
    )


def _shares(plan: Plan, tables: Tables) -> tuple[RankShare, ...]:
    shares: dict[int, list[float]] = defaultdict(list)
    for record in metrics.rank_epochs(plan, tables):
        if record.window_ns > 0:
            percent = 100 * record.window_requested_ns / record.window_ns
            shares[record.rank].append(percent)
    return tuple(
        RankShare(rank=rank, rules_percent=metrics.mean(shares[rank]))
        for rank in sorted(shares)
    )
