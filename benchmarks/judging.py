"""Judging: our own campaign, and published trees of 100 to 10,000 runs."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks import workbench
from tests.rules import campaigns, plans
from tests.stored.trees import training_v3

ROUNDS = 5
RUNS = (100, 1_000, 10_000)
_RUNS_OF_A_WORKLOAD = 6
_SYSTEMS_OF_AN_ORGANISATION = 20


def rows(folder: Path) -> Iterator[tuple[str, ...]]:
    """Rows: runs, files, wall and CPU seconds, CPU per file, and peak memory."""
    mlps = str(workbench.BIN / "mlps")
    for runs in RUNS:
        tree = folder / f"tree-{runs}"
        files = _tree(tree, runs)
        rounds = ROUNDS if runs < max(RUNS) else 1
        costs = [
            workbench.run(mlps, "verify", str(tree), cwd=folder, good=(0, 1))
            for _ in range(rounds)
        ]
        cpu_s = median(c.cpu_s for c in costs)
        yield (
            f"{runs:,}",
            f"{files:,}",
            f"{median(c.wall_s for c in costs):.2f}",
            f"{cpu_s:.2f}",
            f"{1e6 * cpu_s / files:.0f}",
            f"{max(c.peak_rss_bytes for c in costs) / 2**20:.0f} MiB",
        )
        shutil.rmtree(tree)


def campaign_rows(folder: Path) -> Iterator[tuple[str, ...]]:
    """Row: our campaign of a data generation and six runs at official scale."""
    doc = plans.frozen(plans.official_plan())
    campaign = campaigns.write(folder / "campaign", doc)
    steps = doc.plan.derived.steps_per_epoch * doc.plan.workload.train.epochs
    rows_of_steps = steps * doc.plan.derived.ranks * _RUNS_OF_A_WORKLOAD
    mlps = str(workbench.BIN / "mlps")
    costs = [
        workbench.run(mlps, "verify", str(campaign), cwd=folder, good=(0, 1))
        for _ in range(ROUNDS)
    ]
    yield (
        f"{rows_of_steps:,}",
        f"{median(c.wall_s for c in costs):.2f}",
        f"{median(c.cpu_s for c in costs):.2f}",
        f"{max(c.peak_rss_bytes for c in costs) / 2**20:.0f} MiB",
    )


def _tree(tree: Path, runs: int) -> int:
    """Write workloads of six runs until there are enough; say how many files."""
    files = 0
    for number in range(-(-runs // _RUNS_OF_A_WORKLOAD)):
        organisation = f"org{number // _SYSTEMS_OF_AN_ORGANISATION}"
        one = training_v3(org=organisation, name=f"system{number}")
        one.write(tree)
        files += len(one)
    return files
