"""Free space for what the plan will write."""

import os
import time
from pathlib import Path

from mlps.units import format_bytes
from runner.rehearsal.paths import existing_part
from runner.rehearsal.row import Row, error, ok

_CHECK = "space"
_COUNT_S = 2.0


def check_dataset_space(data_root: Path, needed_bytes: int) -> Row:
    """Compare the free space of the data path with what is missing of the dataset."""
    free_bytes = free(data_root)
    if free_bytes < needed_bytes:
        return error(
            _CHECK,
            f"{data_root}: {format_bytes(free_bytes)} free, the dataset needs"
            f" {format_bytes(needed_bytes)}",
            "free space, or choose another system.data_path",
        )
    need = f"the dataset needs {format_bytes(needed_bytes)}"
    if not needed_bytes:
        need = "the dataset is there"
    return ok(_CHECK, f"{data_root}: {format_bytes(free_bytes)} free, {need}")


def check_evidence_space(results_root: Path, needed_bytes: int) -> Row:
    """Compare the free space of the results path with an estimate of the evidence."""
    free_bytes = free(results_root)
    says = (
        f"{results_root}: {format_bytes(free_bytes)} free, the evidence of all runs"
        f" needs at most about {format_bytes(needed_bytes)}"
    )
    if free_bytes < needed_bytes:
        return error(_CHECK, says, "free space there, or choose another --results")
    return ok(_CHECK, says)


def present_bytes(directory: Path, limit_s: float = _COUNT_S) -> int:
    """Add up the files below a directory, for so long; what is left out is missing."""
    deadline_s = time.monotonic() + limit_s
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            if time.monotonic() > deadline_s:
                return total
            total += Path(folder, name).stat().st_size
    return total


def free(path: Path) -> int:
    """Give the bytes this user can still write below a path."""
    status = os.statvfs(existing_part(path))
    return status.f_bavail * status.f_frsize
