from collections.abc import Callable
from pathlib import Path

import pytest

from mlps.plan import Dataset, FileFormat
from runner.dataset import datagen
from runner.dataset.manifest import Manifest, dataset_directory

NPZ = {
    "format": FileFormat.NPZ,
    "files": 7,
    "samples_per_file": 1,
    "record_length_bytes": 300_000.0,
    "record_length_stdev_bytes": 100_000.0,
    "record_length_resize_bytes": 0,
    "subfolders": 0,
    "seed": 10,
    "row_group_rows": 0,
    "columns": (),
    "read_columns": (),
}
JPEG = NPZ | {
    "format": FileFormat.JPEG,
    "record_length_bytes": 50_000.0,
    "record_length_stdev_bytes": 0.0,
}

MakeDataset = Callable[..., Dataset]
Generate = Callable[..., Manifest]


@pytest.fixture
def npz() -> MakeDataset:
    return lambda **changes: Dataset(**(NPZ | changes))


@pytest.fixture
def jpeg() -> MakeDataset:
    return lambda **changes: Dataset(**(JPEG | changes))


@pytest.fixture
def generate() -> Generate:
    """Generate a dataset as the ranks of a world would, one after the other."""

    def run(root: Path, dataset: Dataset, world: int = 2) -> Manifest:
        directory = dataset_directory(root, "test", dataset)
        datagen.prepare(directory, dataset)
        parts = []
        for rank in range(world):
            work = datagen.Generation(
                directory, dataset, rank=rank, world=world, threads=2
            )
            work.crew.start()
            assert work.crew.wait(30)
            parts.append(work.result().entries)
        return datagen.finish(directory, dataset, parts)

    return run
