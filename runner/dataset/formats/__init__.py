"""File formats behind one seam: what a file of a dataset is and how it is framed."""

from pathlib import Path
from typing import Protocol

from mlps.errors import NotReadyError
from mlps.plan import Dataset, FileFormat
from runner.dataset.formats.checksum import ContentChecksum
from runner.dataset.formats.file_spec import FileSpec
from runner.dataset.formats.frame import Layout
from runner.dataset.formats.jpeg import Jpeg
from runner.dataset.formats.npz import Npz


class Format(Protocol):
    """A file format; stateless, so threads may share it."""

    def check_dataset(self, dataset: Dataset) -> None:
        """Raise ConfigError for a dataset this format can't hold."""

    def spec(self, dataset: Dataset, index: int) -> FileSpec:
        """Describe one file, from dataset and index alone."""

    def layout(self, spec: FileSpec, checksum: ContentChecksum) -> Layout:
        """Lay out one file: its fixed bytes and where content goes."""

    def check_frame(
        self, path: Path, head: memoryview, tail: memoryview, size_bytes: int
    ) -> None:
        """Raise FrameError if the ends of a file are not those of this format.

        `head` and `tail`: the first and last bytes, 1 KiB or more, or all.
        """


def format_for(file_format: FileFormat) -> Format:
    """Format of a plan's dataset; NotReadyError for one that can't be run yet."""
    formats: dict[FileFormat, Format] = {FileFormat.NPZ: Npz(), FileFormat.JPEG: Jpeg()}
    if file_format not in formats:
        known = ", ".join(formats)
        raise NotReadyError(
            f"dataset format {file_format.value!r} can be planned and judged but not"
            f" generated or read by this version; it runs {known}"
        )
    return formats[file_format]
