"""Files that are memory: what a calibration reads in the place of the dataset.

Each has the size and both ends of a file of the dataset, and a hole between: the
kernel has nothing to fetch, but delivers the same bytes by the same calls (open,
fstat, preadv, close) into the same buffers, at about the price of a page cache hit.
An infinitely fast storage would have to deliver as much, so this is left in; what
the ends are for (the check of the framing) is left in, too.
"""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from mlps.plan import Dataset
from runner.formats.image import DatasetImage

_MOST_FILES = 64
"""Each costs a descriptor; a calibration of more files reads them in turn."""


class Memory:
    """A source for reader threads without storage; close it after use."""

    def __init__(self, dataset: Dataset, files: Sequence[int]) -> None:
        """Make files like the first of `files`, which are numbers in the dataset."""
        image = DatasetImage(dataset)
        self._open = ExitStack()
        self._sizes: list[int] = []
        self._paths: list[Path] = []
        for index in files[:_MOST_FILES]:
            file = image.file(index)
            descriptor = os.memfd_create(f"calibration-{index}")
            self._open.callback(os.close, descriptor)
            head, tail = file.ends()
            size_bytes = file.spec.size_bytes
            os.pwrite(descriptor, head, 0)
            os.pwrite(descriptor, tail, size_bytes - len(tail))
            self._sizes.append(size_bytes)
            self._paths.append(Path(f"/proc/self/fd/{descriptor}"))

    def close(self) -> None:
        """Give the memory back."""
        self._open.close()

    def path_of(self, position: int) -> Path:
        """Path by which a reader opens the file at a position of its share."""
        return self._paths[position % len(self._paths)]

    def size_of(self, position: int) -> int:
        """Size of that file."""
        return self._sizes[position % len(self._sizes)]
