"""What control plane, sampler and evidence cost with more and more ranks on one host.

Tiny files and a compute time of a second: ranks do next to nothing, so that what is
measured is what it takes to keep them together.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks import workbench
from mlps.evidence.reader import Evidence, read
from mlps.evidence.table import StructArray
from mlps.plan import document, parse, render
from mlps.sampling_cost import sampling_cost

WORLDS = (2, 16, 64, 128)
STEPS = 20
_RANK_BYTES = 96 * 2**20
_COUNTING = Path(__file__).with_name("counting.py")


def rows(folder: Path, worlds: tuple[int, ...] = WORLDS) -> Iterator[tuple[str, ...]]:
    """Rows: ranks, rank 0 beside the others, messages, sampling, evidence, sealing."""
    for ranks in worlds:
        own = folder / f"world-{ranks}"
        own.mkdir()
        plan = _plan(own, ranks)
        workbench.execute(plan, ranks)
        yield _row(own, ranks, _sent_bytes(own, plan, ranks))


def _plan(folder: Path, ranks: int) -> Path:
    """Compile, and budget what such a rank takes: 256 MiB each are not everywhere."""
    path = _compiled(folder, ranks)
    plan = parse(path.read_bytes(), str(path)).plan
    derived = replace(plan.derived, host_memory_budget_bytes=ranks * _RANK_BYTES)
    path.write_bytes(render(document(replace(plan, derived=derived), {})))
    return path


def _compiled(folder: Path, ranks: int) -> Path:
    return workbench.compile_plan(
        folder,
        "+workload=unet3d",
        "+system=local",
        "submission=demo",
        f"system.accelerators_per_host={ranks}",
        f"workload.dataset.files={ranks * STEPS}",
        "workload.dataset.record_length=16KiB",
        "workload.dataset.record_length_stdev=0B",
        "workload.dataset.record_length_resize=0B",
        "workload.reader.batch_size=1",
        "workload.reader.read_threads=1",
        "workload.train.computation_time_s=1",
        "workload.train.epochs=1",
        "submission.scale.compute_factor=1",
        "submission.cold_reads=false",
        "submission.warmup_runs=0",
        "submission.measured_runs=1",
    )


def _row(folder: Path, ranks: int, sent_bytes: float) -> tuple[str, ...]:
    (path,) = folder.glob("results/*/runs/*-measured-*/evidence.h5")
    evidence = read(path)
    phases = evidence.rows("phases")
    epochs = phases[phases["epoch"] > 0]
    span_s = float((epochs["end_ns"] - epochs["start_ns"]).mean()) / 1e9
    cpu = {int(epoch["rank"]): _cpu_percent(evidence, epoch) for epoch in epochs}
    others = [percent for rank, percent in cpu.items() if rank]
    cost = sampling_cost(evidence.tables)
    size = sum(
        len(rows) * rows.itemsize
        for table, rows in evidence.tables.items()
        if table != "plan"
    )
    return (
        str(ranks),
        f"{np.mean(others):.2f} %",
        f"{cpu[0] - np.mean(others):.2f} %",
        f"{sent_bytes / span_s / (ranks - 1):,.0f}",
        f"{cost.node_percent or 0:.3f} %",
        f"{cost.rank_percent or 0:.3f} %",
        f"{size / span_s * 3600 / ranks / 2**20:.2f} MiB",
        f"{_seal_s(path.parents[2], evidence):.2f}",
    )


def _cpu_percent(evidence: Evidence, epoch: np.void) -> float:
    """CPU of a rank's process in an epoch, from the looks just outside of it."""
    process = evidence.rows("process")
    own: StructArray = process[process["rank"] == epoch["rank"]]
    own = own[np.argsort(own["sampled_at_ns"])]
    at = own["sampled_at_ns"]
    first = max(int(np.searchsorted(at, epoch["start_ns"])) - 1, 0)
    last = min(int(np.searchsorted(at, epoch["end_ns"])), len(at) - 1)
    ticks = own["user_ticks"] + own["system_ticks"]
    return 1e9 * float(ticks[last] - ticks[first]) / float(at[last] - at[first])


def _seal_s(campaign: Path, evidence: Evidence) -> float:
    """From the last row of a run to its entry in the ledger."""
    lines = (campaign / "campaign.jsonl").read_text(encoding="utf-8").splitlines()
    sealed = [e for e in map(json.loads, lines) if e["event"] == "run_sealed"]
    ended_ns = int(evidence.rows("outcome")["wall_end_ns"][0])
    return float(sealed[-1]["wall_ns"] - ended_ns) / 1e9


def _sent_bytes(folder: Path, plan: Path, ranks: int) -> float:
    """Bytes that ranks other than 0 sent in another start of the measured run."""
    tally, again = folder / "tally", folder / "again"
    tally.mkdir()
    command = (str(workbench.BIN / "mpirun"), "-n", str(ranks), sys.executable)
    counted = (str(_COUNTING), str(tally), str(plan), "--results", str(again))
    workbench.run(*command, "-P", *counted, cwd=folder)
    sent = [
        int(path.read_text(encoding="ascii").split()[1]) for path in tally.iterdir()
    ]
    return float(sum(sent))
