"""Compile time, start-up from mpirun to the first byte, and the sampler's price."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks import workbench
from mlps.evidence.reader import read

ROUNDS = 5


def compile_rows(folder: Path) -> Iterator[tuple[str, ...]]:
    """Rows: compiling 1 plan, 100 plans in a sweep, and bare Hydra compositions."""
    mlps = str(workbench.BIN / "mlps")
    asks = ("+workload=unet3d", "+system=b200x8", "submission=whatif")
    sweep = (*asks, "system.hosts=range(1,101)", "-m")
    python = str(workbench.BIN / "python")
    for name, command in (
        ("mlps, 1 plan", (mlps, *asks)),
        ("mlps -m, 100 plans", (mlps, *sweep)),
        ("bare Hydra, 1 composition", (python, "-c", _HYDRA, "1")),
        ("bare Hydra, 100 compositions", (python, "-c", _HYDRA, "100")),
    ):
        costs = [workbench.run(*command, cwd=folder) for _ in range(ROUNDS)]
        yield (
            name,
            f"{median(c.wall_s for c in costs):.2f}",
            f"{median(c.cpu_s for c in costs):.2f}",
        )


_HYDRA = """
import sys
from hydra import compose, initialize_config_module
with initialize_config_module("conf", version_base="1.3"):
    for hosts in range(int(sys.argv[1])):
        asks = ["+workload=unet3d", "+system=b200x8", f"system.hosts={hosts + 1}"]
        compose("plan", asks)
"""


def start_rows(folder: Path) -> Iterator[tuple[str, ...]]:
    """Rows: from mpirun to the start of the first epoch, and the sampler's cost."""
    for ranks in (1, 2):
        starts = []
        samplers = []
        for number in range(ROUNDS):
            plan = workbench.compile_plan(
                folder,
                "+workload=retinanet",
                "+system=local",
                "submission=demo",
                f"system.accelerators_per_host={ranks}",
                "workload.dataset.files=96",
                "workload.reader.batch_size=8",
                "workload.train.computation_time_s=0.3",
                "workload.train.epochs=1",
                "submission.cold_reads=false",
                "submission.warmup_runs=0",
                "submission.measured_runs=1",
                f"submission.seed={1000 * ranks + number}",
            )
            began_ns = time.time_ns()
            workbench.execute(plan, ranks)
            (path,) = folder.glob(f"results/{plan.stem}/runs/*-measured-*/evidence.h5")
            evidence = read(path)
            phases = evidence.rows("phases")
            first_ns = int(phases[phases["epoch"] > 0]["wall_start_ns"].min())
            (made,) = folder.glob(f"results/{plan.stem}/runs/*-datagen-*/evidence.h5")
            datagen = read(made).rows("phases")
            generating_ns = int((datagen["end_ns"] - datagen["start_ns"]).max())
            starts.append((first_ns - began_ns - generating_ns) / 1e9)
            samplers.append(_sampler_percent(evidence.rows("process")))
        yield (f"{ranks} rank(s)", f"{median(starts):.2f}", f"{median(samplers):.3f}")


def _sampler_percent(process: object) -> float:
    rows = process
    own = rows[rows["rank"] == 0]  # type: ignore[index]
    span = int(own["sampled_at_ns"].max() - own["sampled_at_ns"].min())
    used = int(own["sampler_cpu_ns"].max() - own["sampler_cpu_ns"].min())
    return 100 * used / span
