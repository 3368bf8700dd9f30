"""The image of a dataset: every byte of every file, at any offset, from the plan.

Generation writes images, adoption compares with them, resuming recognises them;
none needs to read or keep a file to know what belongs in it.
"""

import numpy as np

from mlps.plan import Dataset
from runner.dataset.content import Bytes, Content
from runner.dataset.formats import format_for
from runner.dataset.formats.checksum import ContentChecksum
from runner.dataset.formats.file_spec import FileSpec
from runner.dataset.formats.frame import Layout

ENDS_BYTES = 4096
_CAP_BYTES = 16384


class FileImage:
    """All bytes of one file."""

    __slots__ = ("_cap", "_content", "_layout", "spec")

    def __init__(self, spec: FileSpec, layout: Layout, content: Content) -> None:
        """Combine what a file is, its fixed bytes and its content."""
        self.spec = spec
        self._layout = layout
        self._content = content
        self._cap: Bytes = np.full(_CAP_BYTES, layout.ceiling, np.uint8)

    def fill(self, buffer: memoryview | bytearray | Bytes, offset: int) -> None:
        """Fill the writable `buffer` with the file's bytes from `offset` on."""
        out: Bytes = np.frombuffer(buffer, dtype=np.uint8)
        self._content.fill(out, self.spec.index, offset)
        if self._layout.ceiling < 0xFF:
            self._limit(out)
        end = offset + out.size
        for start, fixed in self._layout.islands:
            low, high = max(start, offset), min(start + len(fixed), end)
            if low < high:
                piece = np.frombuffer(fixed, np.uint8)[low - start : high - start]
                out[low - offset : high - offset] = piece

    def ends(self) -> tuple[bytes, bytes]:
        """First and last 4 KiB (less when the file is shorter)."""
        kept = min(self.spec.size_bytes, ENDS_BYTES)
        head, tail = bytearray(kept), bytearray(kept)
        self.fill(head, 0)
        self.fill(tail, self.spec.size_bytes - kept)
        return bytes(head), bytes(tail)

    def _limit(self, out: Bytes) -> None:
        """Cap all bytes; row by row, as a scalar operand costs 20 times more."""
        even = out.size - out.size % _CAP_BYTES
        rows, rest = out[:even].reshape(-1, _CAP_BYTES), out[even:]
        np.minimum(rows, self._cap, out=rows)
        np.minimum(rest, self._cap[: rest.size], out=rest)


class DatasetImage:
    """All files of a dataset; threads may share it."""

    __slots__ = ("_checksum", "_content", "_dataset", "_format")

    def __init__(self, dataset: Dataset) -> None:
        """Prepare content and checksums; ConfigError if no file can be like this."""
        self._dataset = dataset
        self._format = format_for(dataset.format)
        self._format.check_dataset(dataset)
        self._content = Content(dataset.seed)
        self._checksum = ContentChecksum(self._content)

    def file(self, index: int) -> FileImage:
        """Image of one file, without the bytes."""
        spec = self._format.spec(self._dataset, index)
        layout = self._format.layout(spec, self._checksum)
        return FileImage(spec, layout, self._content)
