"""Format npz: an uncompressed archive of the arrays x (content) and y (labels).

x is uint8 of shape (d1, d2, samples_per_file), y is int64 zeros, one per
sample: what numpy.savez(x=..., y=...) writes and DLIO reads.
"""

import re
import struct
import zlib
from pathlib import Path

from mlps.plan import Dataset
from runner.dataset.formats.checksum import ContentChecksum
from runner.dataset.formats.file_spec import FileSpec, dimensions, relative_path
from runner.dataset.formats.frame import Layout, compare, frame_error
from runner.dataset.formats.zip_archive import (
    CRC_OFFSET,
    Member,
    directory,
    local_header,
    local_header_bytes,
)

_X = b"x.npy"
_Y = b"y.npy"
_ALIGN = 64
_NAME_OFFSET = 30
_SEARCHED_BYTES = 256
_SHAPE = re.compile(rb"'shape': \((\d{1,12}), (\d{1,12}), (\d{1,12})\)")


class Npz:
    """The seam of runner.dataset.formats for npz."""

    __slots__ = ()

    def check_dataset(self, dataset: Dataset) -> None:
        """Any record length and samples per file can be an npz file."""

    def spec(self, dataset: Dataset, index: int) -> FileSpec:
        """Describe a file: shape of x, drawn from the official distribution."""
        shape = (*dimensions(dataset, index), dataset.samples_per_file)
        return FileSpec(
            index=index,
            relative_path=relative_path(dataset, index),
            shape=shape,
            size_bytes=_layout(shape, 0).size_bytes,
        )

    def layout(self, spec: FileSpec, checksum: ContentChecksum) -> Layout:
        """Lay out a file; the CRC of x comes from the content's arithmetic."""
        header = _npy_header("|u1", spec.shape)
        start = _x_data_offset(spec.shape)
        stop = start + _count(spec.shape)
        crc = checksum.extend(zlib.crc32(header), spec.index, start, stop)
        return _layout(spec.shape, crc)

    def check_frame(
        self, path: Path, head: memoryview, tail: memoryview, size_bytes: int
    ) -> None:
        """Check archive and array headers, and that both ends name one CRC."""
        start = _NAME_OFFSET + len(_X)
        match = _SHAPE.search(head[:_SEARCHED_BYTES])
        if match is None:
            raise frame_error(path, start, head[start:].tobytes(), "a uint8 array")
        shape = tuple(int(number) for number in match.groups())
        if _count(shape) > size_bytes or 8 * shape[2] > size_bytes:
            raise frame_error(path, match.start(), match[0], "the shape of x")
        (crc,) = struct.unpack_from("<L", head, CRC_OFFSET)
        compare(path, _layout(shape, crc), head, tail, size_bytes)


def _layout(shape: tuple[int, ...], x_crc: int) -> Layout:
    x_header = _npy_header("|u1", shape)
    y_file = _npy_header("<i8", shape[2:]) + bytes(8 * shape[2])
    x_bytes = len(x_header) + _count(shape)
    y_offset = local_header_bytes(_X, x_bytes) + x_bytes
    end = y_offset + local_header_bytes(_Y, len(y_file)) + len(y_file)
    x = Member(name=_X, offset=0, size_bytes=x_bytes, crc=x_crc)
    y_crc = zlib.crc32(y_file)
    y = Member(name=_Y, offset=y_offset, size_bytes=len(y_file), crc=y_crc)
    tail = local_header(y) + y_file + directory((x, y), end)
    return Layout(
        size_bytes=y_offset + len(tail),
        islands=((0, local_header(x) + x_header), (y_offset, tail)),
        ceiling=0xFF,
    )


def _x_data_offset(shape: tuple[int, ...]) -> int:
    header = len(_npy_header("|u1", shape))
    return local_header_bytes(_X, header + _count(shape)) + header


def _count(shape: tuple[int, ...]) -> int:
    return shape[0] * shape[1] * shape[2]


def _npy_header(dtype: str, shape: tuple[int, ...]) -> bytes:
    """Write the header of .npy format 1.0, padded to a multiple of 64 bytes."""
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
    padding = -(10 + len(text) + 1) % _ALIGN
    body = text.encode() + b" " * padding + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(body)) + body
