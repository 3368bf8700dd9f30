"""Files of a run beside the least that its own hosts and accelerators need."""

from collections.abc import Iterator

from mlps.errors import NotRecordedError
from mlps.sizing import OFFICIAL_MEMORY_MULTIPLE, OFFICIAL_MIN_STEPS
from rules.stored import Comparison, Leaf
from rules.training_setup import TrainingSetup, memory_gib, required


def size_comparisons(leaf: Leaf, setup: TrainingSetup) -> Iterator[Comparison]:
    """Rule 3.1.2 in whole files rounded down; more files than needed agree."""
    try:
        memory = memory_gib(leaf)
    except NotRecordedError:
        return
    need = required(setup, memory, OFFICIAL_MIN_STEPS, OFFICIAL_MEMORY_MULTIPLE)
    files = need.files(rounding="floor")
    yield Comparison(
        metric="files, and least files (3.1.2)",
        unit="files",
        official=float(setup.files),
        recomputed=float(files),
        tolerance=float(max(setup.files - files, 0)),
        where=f"{leaf.summary.where}: num_files_train, host_memory_GB",
        note=f"least for {OFFICIAL_MIN_STEPS} steps and {OFFICIAL_MEMORY_MULTIPLE} x"
        " the collected memory; any number from there on agrees",
    )
