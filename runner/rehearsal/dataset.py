"""What is on the data path of the plan's dataset, and how much is missing of it."""

from pathlib import Path

from mlps.errors import MlpsError
from mlps.plan import Plan
from mlps.units import format_bytes
from runner.dataset import manifest
from runner.dataset.datagen import State
from runner.rehearsal.row import Row, error, ok
from runner.rehearsal.space import present_bytes
from runner.workload.training import Training
from runner.world.place import Place

_CHECK = "dataset"


def check_dataset(plan: Plan, place: Place, data_root: Path) -> tuple[Row, int]:
    """Tell the dataset's state, and the bytes that are still to be written."""
    try:
        state = Training(plan, place, data_root).inspect()
    except MlpsError as failure:
        return error(_CHECK, str(failure), ""), 0
    files = f"{plan.workload.dataset.files} files"
    if state is State.COMPLETE:
        return ok(_CHECK, f"{files} are there; a start checks their contents"), 0
    missing_bytes = plan.derived.dataset_bytes
    if state is State.INTERRUPTED:
        directory = manifest.dataset_directory(
            data_root, plan.workload.name, plan.workload.dataset
        )
        missing_bytes = max(missing_bytes - present_bytes(directory), 0)
    size = format_bytes(missing_bytes)
    return ok(_CHECK, f"{files} to generate, {size} still to be written"), missing_bytes
