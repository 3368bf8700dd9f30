"""Format jpeg: a valid baseline grayscale picture whose scan is raw content.

The Huffman tables give every code word plus its value bits 15 bits in all, and
no word is an end of block: a block of 64 coefficients is always 120 bytes.
Content is capped below 0xFE, so that no marker and no run of more than 13 one
bits appears: every bit string decodes, with nothing left over. Bytes that make
no whole picture go into a comment. Real decoders see noise and warn of nothing.
"""

import math
import struct
from pathlib import Path

from mlps.errors import ConfigError
from mlps.plan import Dataset
from runner.dataset.formats.checksum import ContentChecksum
from runner.dataset.formats.file_spec import FileSpec, dimensions, relative_path
from runner.dataset.formats.frame import Layout, compare, frame_error

MIN_BYTES = 1024
MAX_BYTES = 32 * 2**20
_BLOCK_BYTES = 120
_SIDE = 8
_CEILING = 0xFD


class Jpeg:
    """The seam of runner.dataset.formats for jpeg."""

    __slots__ = ()

    def check_dataset(self, dataset: Dataset) -> None:
        """Refuse what one picture per file can't hold."""
        if dataset.samples_per_file != 1:
            raise ConfigError(
                f"dataset: format jpeg holds one sample per file, samples_per_file is"
                f" {dataset.samples_per_file}; set it to 1"
            )
        if not MIN_BYTES <= dataset.record_length_bytes <= MAX_BYTES:
            raise ConfigError(
                f"dataset: record_length_bytes is {dataset.record_length_bytes:g}; a"
                f" jpeg file has {MIN_BYTES} to {MAX_BYTES} bytes"
            )

    def spec(self, dataset: Dataset, index: int) -> FileSpec:
        """Describe a file: exactly the record length, or drawn when it varies."""
        size = round(dataset.record_length_bytes)
        if dataset.record_length_stdev_bytes:
            size = math.prod(dimensions(dataset, index))
        size = min(max(size, MIN_BYTES), MAX_BYTES)
        return FileSpec(
            index=index,
            relative_path=relative_path(dataset, index),
            shape=_picture(size),
            size_bytes=size,
        )

    def layout(self, spec: FileSpec, checksum: ContentChecksum) -> Layout:
        """Lay out a file; a jpeg holds no checksum."""
        del checksum
        return _layout(spec.size_bytes)

    def check_frame(
        self, path: Path, head: memoryview, tail: memoryview, size_bytes: int
    ) -> None:
        """Check all segments before the content and the end of the image."""
        if not MIN_BYTES <= size_bytes <= MAX_BYTES:
            problem = f"a jpeg of {MIN_BYTES} to {MAX_BYTES} bytes"
            raise frame_error(path, size_bytes, b"", problem)
        compare(path, _layout(size_bytes), head, tail, size_bytes)


def _picture(size_bytes: int) -> tuple[int, int]:
    """Height and width: the squarest picture that needs no more than the bytes."""
    blocks = (size_bytes - _FIXED_BYTES) // _BLOCK_BYTES
    wide = math.isqrt(blocks)
    return _SIDE * (blocks // wide), _SIDE * wide


def _layout(size_bytes: int) -> Layout:
    height, width = _picture(size_bytes)
    scan = height * width // _SIDE**2 * _BLOCK_BYTES
    comment = size_bytes - _FIXED_BYTES - scan
    head = (
        _BEFORE_FRAME
        + struct.pack(_FRAME, *_FRAME_START, height, width, *_FRAME_COMPONENT)
        + _TABLES
        + struct.pack(_MARKER, 0xFF, 0xFE, 2 + comment)
    )
    end = size_bytes - len(_END)
    return Layout(
        size_bytes=size_bytes,
        islands=((0, head), (end - scan - len(_SCAN), _SCAN), (end, _END)),
        ceiling=_CEILING,
    )


_MARKER = ">BBH"
_FRAME = ">BBHBHHBBBB"
_FRAME_START = (0xFF, 0xC0, 11, 8)
_FRAME_COMPONENT = (1, 1, 0x11, 0)


def _segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(_MARKER, 0xFF, marker, 2 + len(payload)) + payload


def _huffman_table(number: int) -> bytes:
    """127 words of 7 bits mean size 8; then one word each of 8 to 14 bits, 7 to 1."""
    words = [0, 0, 0, 0, 0, 0, 127, 1, 1, 1, 1, 1, 1, 1, 0, 0]
    sizes = [8] * 127 + [7, 6, 5, 4, 3, 2, 1]
    return bytes([number, *words, *sizes])


_DC_STEP = 1
_AC_STEP = 4  # drowns the drift of the DC sum, so that the noise stays visible
_BEFORE_FRAME = (
    b"\xff\xd8"
    + _segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")
    + _segment(0xDB, bytes([0, _DC_STEP] + [_AC_STEP] * 63))
)
_TABLES = _segment(0xC4, _huffman_table(0x00) + _huffman_table(0x10))
_SCAN = _segment(0xDA, bytes([1, 1, 0, 0, 63, 0]))
_END = b"\xff\xd9"
_FIXED_BYTES = (
    len(_BEFORE_FRAME)
    + struct.calcsize(_FRAME)
    + len(_TABLES)
    + struct.calcsize(_MARKER)
    + len(_SCAN)
    + len(_END)
)
