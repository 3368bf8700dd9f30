"""What one dataset file is: in go dataset and index, out come name and shape.

Every figure of a file is drawn from (dataset seed, file index) alone, so any
rank knows any file without the others.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

from mlps.plan import Dataset
from runner.dataset.content import draw


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSpec:
    """One file of a dataset; `shape` is what its format calls it."""

    index: int
    relative_path: str
    shape: tuple[int, ...]
    size_bytes: int


def relative_path(dataset: Dataset, index: int) -> str:
    """Name a file as the official tool does: `train/img_07_of_12.npz`."""
    width = len(str(dataset.files))
    name = f"img_{index:0{width}}_of_{dataset.files}.{dataset.format.value}"
    return f"{_folder(dataset, index)}/{name}"


def subfolders(dataset: Dataset) -> Iterator[str]:
    """List the folders of a dataset: `train`, or its numbered subfolders."""
    for index in range(max(1, min(dataset.subfolders, dataset.files))):
        yield _folder(dataset, index)


def dimensions(dataset: Dataset, index: int) -> tuple[int, int]:
    """Two sides of a record, drawn as DLIO's data generator draws them."""
    mean = int(math.sqrt(dataset.record_length_bytes))
    if dataset.record_length_stdev_bytes == 0:
        return max(mean, 1), max(mean, 1)
    stdev = dataset.record_length_stdev_bytes / 2.0
    normal = NormalDist(mean, stdev / math.sqrt(dataset.record_length_bytes))
    sides = [
        max(int(normal.inv_cdf(draw(dataset.seed, index, number))), 1)
        for number in range(2)
    ]
    return sides[0], sides[1]


def _folder(dataset: Dataset, index: int) -> str:
    if dataset.subfolders <= 1:
        return "train"
    width = len(str(dataset.subfolders))
    return f"train/{index % dataset.subfolders:0{width}}"
