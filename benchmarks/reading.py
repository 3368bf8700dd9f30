"""Our reader with zero compute against fio on the same files, side by side.

Same files, block size and concurrency; cold, in turns, medians. Our bytes, time
and CPU are those of the epochs, from the evidence (start-up is another row);
fio's are those it reports of its jobs.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks import workbench
from mlps.evidence.reader import Evidence, read

GIB = 2**30
ROUNDS = 5
THREADS = 4
BLOCK = "4MiB"
FILES = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One epoch or one fio run."""

    bytes_per_s: float
    samples_per_s: float
    cpu_s_per_gib: float
    peak_rss_bytes: int


def ours(folder: Path, *, direct: bool, ranks: int) -> list[Reading]:
    """Read all files once per run with zero compute, one measured run a round."""
    plan = workbench.compile_plan(
        folder,
        "+workload=unet3d",
        "+system=local",
        "submission=demo",
        f"system.accelerators_per_host={ranks}",
        f"workload.dataset.files={FILES}",
        "workload.train.computation_time_s=0",
        "workload.train.epochs=1",
        "workload.reader.batch_size=1",
        f"workload.reader.read_threads={THREADS // ranks}",
        f"workload.reader.prefetch_batches={THREADS // ranks}",
        f"workload.reader.transfer={BLOCK}",
        f"workload.reader.odirect={str(direct).lower()}",
        "submission.warmup_runs=1",
        f"submission.measured_runs={ROUNDS}",
        "submission.sampler.interval_s=0.1",
    )
    workbench.execute(plan, ranks)
    runs = sorted(folder.glob(f"results/{plan.stem}/runs/*-measured-*/evidence.h5"))
    return [_from_evidence(read(path)) for path in runs]


def _from_evidence(evidence: Evidence) -> Reading:
    phases = evidence.rows("phases")
    epochs = phases[phases["epoch"] > 0]
    span_s = float(epochs["end_ns"].max() - epochs["start_ns"].min()) / 1e9
    done = int(epochs["delivered_bytes"].sum())
    process = evidence.rows("process")
    ticks = 0
    for epoch in epochs:
        own = process[process["rank"] == epoch["rank"]]
        own = own[np.argsort(own["sampled_at_ns"])]
        # Both edges of a phase are sampled: take the looks just outside of it.
        first, last = np.searchsorted(
            own["sampled_at_ns"], [epoch["start_ns"], epoch["end_ns"]]
        )
        used = own["user_ticks"] + own["system_ticks"]
        ticks += int(used[last] - used[max(first - 1, 0)])
    return Reading(
        bytes_per_s=done / span_s,
        samples_per_s=int(epochs["samples"].sum()) / span_s,
        cpu_s_per_gib=ticks / 100 / (done / GIB),
        peak_rss_bytes=int(process["peak_rss_bytes"].max()),
    )


def fio(folder: Path, *, direct: bool) -> Reading | None:
    """Read the same files with fio psync; None when there is no fio."""
    if shutil.which("fio") is None:
        return None
    files = sorted(folder.glob("data/*/train/*.npz"))
    job = folder / "read.fio"
    job.write_text(_job(files, direct=direct), encoding="utf-8")
    workbench.drop_page_cache()
    cost = workbench.run(
        "fio", "--readonly", "--output-format=json", str(job), cwd=folder
    )
    report = json.loads(cost.stdout[cost.stdout.index("{") :])
    jobs = report["jobs"]
    done = sum(j["read"]["io_bytes"] for j in jobs)
    span_s = max(j["read"]["runtime"] for j in jobs) / 1000
    cpu_s = sum(
        (j["usr_cpu"] + j["sys_cpu"]) / 100 * j["job_runtime"] / 1000 for j in jobs
    )
    return Reading(
        bytes_per_s=done / span_s,
        samples_per_s=len(files) / span_s,
        cpu_s_per_gib=cpu_s / (done / GIB),
        peak_rss_bytes=cost.peak_rss_bytes,
    )


def _job(files: list[Path], *, direct: bool) -> str:
    lines = [
        "[global]",
        "ioengine=psync",
        "rw=read",
        "bs=4m",
        "invalidate=1",
        "thread",
        f"direct={int(direct)}",
        "file_service_type=sequential",
    ]
    for number in range(THREADS):
        mine = ":".join(str(path) for path in files[number::THREADS])
        lines += [f"[reader{number}]", f"filename={mine}"]
    return "\n".join(lines) + "\n"


def rows(folder: Path) -> Iterator[tuple[str, ...]]:
    """Rows: reader, GiB/s, samples/s, CPU-s per GiB, peak memory of a process."""
    for direct in (False, True):
        mode = "O_DIRECT" if direct else "buffered, cold"
        one = ours(folder, direct=direct, ranks=1)
        peers = [fio(folder, direct=direct) for _ in range(ROUNDS)]
        two = ours(folder, direct=direct, ranks=2)
        limit = [peer for peer in peers if peer is not None]
        yield from _row(f"fio psync, {THREADS} jobs, {mode}", limit, limit)
        yield from _row(f"mlps 1 rank x {THREADS} threads, {mode}", one, limit)
        yield from _row(f"mlps 2 ranks x {THREADS // 2} threads, {mode}", two, limit)


def _row(
    name: str, readings: list[Reading], limit: list[Reading]
) -> Iterator[tuple[str, ...]]:
    if not readings:
        yield (name, "fio is not installed", "", "", "", "")
        return
    rate = median(r.bytes_per_s for r in readings)
    against = "-"
    if limit:
        against = f"{rate / median(r.bytes_per_s for r in limit):.2f}"
    peak = max(r.peak_rss_bytes for r in readings)
    yield (
        name,
        f"{rate / GIB:.2f}",
        against,
        f"{median(r.samples_per_s for r in readings):.1f}",
        f"{median(r.cpu_s_per_gib for r in readings):.3f}",
        f"{peak / 2**20:.0f} MiB",
    )
