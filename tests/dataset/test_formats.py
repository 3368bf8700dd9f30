import hashlib
import io
import itertools
import lzma
import math
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mlps.plan import Dataset, FileFormat
from runner.dataset.content import Content
from runner.dataset.formats import format_for
from runner.dataset.formats.checksum import ContentChecksum
from runner.dataset.formats.file_spec import FileSpec
from runner.dataset.formats.frame import FrameError
from runner.dataset.formats.image import DatasetImage, FileImage

CONTENT = Content(10)
CHECKSUM = ContentChecksum(CONTENT)
BASE = {
    "files": 7,
    "samples_per_file": 1,
    "record_length_bytes": 50_000.0,
    "record_length_stdev_bytes": 10_000.0,
    "record_length_resize_bytes": 0,
    "subfolders": 0,
    "seed": 10,
    "row_group_rows": 0,
    "columns": (),
    "read_columns": (),
}
IMAGES = {
    kind: DatasetImage(Dataset(format=kind, **BASE))
    for kind in (FileFormat.NPZ, FileFormat.JPEG)
}
PATH = Path("train/img_0_of_1")
ENDS = 4096


def whole(image: FileImage) -> bytes:
    data = bytearray(image.spec.size_bytes)
    image.fill(data, 0)
    return bytes(data)


def check(file_format: FileFormat, data: bytes, ends: int = ENDS) -> None:
    view = memoryview(data)
    seam = format_for(file_format)
    seam.check_frame(PATH, view[:ends], view[-ends:], len(data))


def jpeg_of(size: int, index: int = 0) -> bytes:
    seam = format_for(FileFormat.JPEG)
    spec = FileSpec(index=index, relative_path="x", shape=(), size_bytes=size)
    return whole(FileImage(spec, seam.layout(spec, CHECKSUM), CONTENT))


class VirtualFile(io.RawIOBase):
    """An image as a file that exists nowhere."""

    def __init__(self, image: FileImage) -> None:
        self.image, self.at = image, 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + (0, self.at, self.image.spec.size_bytes)[whence]
        return self.at

    def readinto(self, buffer) -> int:
        size = min(len(buffer), self.image.spec.size_bytes - self.at)
        self.image.fill(memoryview(buffer)[:size], self.at)
        self.at += size
        return size


@pytest.mark.parametrize("samples", [1, 3, 1000])
def test_numpy_loads_npz(npz, samples):
    dataset = npz(samples_per_file=samples, record_length_bytes=90_000.0 / samples)
    image = DatasetImage(dataset).file(2)
    data = whole(image)
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        assert list(arrays) == ["x", "y"]
        assert arrays["x"].dtype == np.uint8
        assert arrays["x"].shape == image.spec.shape
        assert arrays["y"].dtype == np.int64
        assert arrays["y"].tolist() == [0] * samples
    check(FileFormat.NPZ, data)


def test_npz_is_what_numpy_would_write(npz):
    """Same members, names, order, method and array headers."""
    data = whole(DatasetImage(npz()).file(0))
    with np.load(io.BytesIO(data)) as arrays:
        oracle = io.BytesIO()
        np.savez(oracle, x=arrays["x"], y=np.zeros(1, np.int64))
    ours, theirs = zipfile.ZipFile(io.BytesIO(data)), zipfile.ZipFile(oracle)
    for one, other in zip(ours.infolist(), theirs.infolist(), strict=True):
        assert (one.filename, one.file_size) == (other.filename, other.file_size)
        assert (one.CRC, one.compress_type) == (other.CRC, other.compress_type)
        assert ours.read(one) == theirs.read(other)


@pytest.mark.parametrize("shape", [(70_000, 70_000, 1), (60_000, 1000, 80)])
def test_npz_beyond_four_gigabytes_is_zip64(shape):
    seam = format_for(FileFormat.NPZ)
    spec = FileSpec(index=1, relative_path="x", shape=shape, size_bytes=0)
    layout = seam.layout(spec, CHECKSUM)
    spec = FileSpec(
        index=1, relative_path="x", shape=shape, size_bytes=layout.size_bytes
    )
    image = FileImage(spec, layout, CONTENT)
    with (
        zipfile.ZipFile(VirtualFile(image)) as archive,
        np.load(VirtualFile(image)) as arrays,
    ):
        x, y = archive.infolist()
        assert x.file_size == math.prod(shape) + 128 > 2**32
        assert y.header_offset > 2**32
        with archive.open("x.npy") as member:
            np.lib.format.read_magic(member)
            assert np.lib.format.read_array_header_1_0(member)[0] == shape
        assert arrays["y"].tolist() == [0] * shape[2]
    head, tail = image.ends()
    seam.check_frame(PATH, memoryview(head), memoryview(tail), spec.size_bytes)


@settings(deadline=None, max_examples=60)
@given(size=st.integers(1024, 2_000_000), index=st.integers(0, 2**32 - 1))
def test_pillow_decodes_jpeg(size, index):
    """Warnings are errors in this test suite."""
    data = jpeg_of(size, index)
    assert len(data) == size
    with Image.open(io.BytesIO(data)) as picture:
        picture.verify()
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        assert picture.mode == "L"
        pixels = np.asarray(picture)
    if size > 20_000:
        assert len(np.unique(pixels)) > 200
        assert pixels.std() > 60
    check(FileFormat.JPEG, data)


@pytest.mark.parametrize("size", [1024, 20_000, 322_957, 2_000_000, 32 * 2**20])
def test_jpeg_scan_holds_exactly_the_blocks_of_the_picture(size):
    """Own parse of the segments: nothing is left over, nothing is missing."""
    data = jpeg_of(size)
    assert data[:2] == b"\xff\xd8"
    at, segments = 2, {}
    while 0xDA not in segments:
        _, marker, length = struct.unpack_from(">BBH", data, at)
        segments[marker] = data[at + 4 : at + 2 + length]
        at += 2 + length
    assert list(segments) == [0xE0, 0xDB, 0xC0, 0xC4, 0xFE, 0xDA]
    _, height, width, components = struct.unpack_from(">BHHB", segments[0xC0])
    assert components == 1
    scan = data[at:-2]
    assert data[-2:] == b"\xff\xd9"
    assert b"\xff" not in scan
    blocks, bits = decode(scan, segments[0xC4])
    assert blocks == height * width // 64
    assert bits == 8 * len(scan)


def decode(scan: bytes, tables: bytes) -> tuple[int, int]:
    """Count blocks and bits of at most 20 kB of a scan, code word by code word."""
    words, code, values = {}, 0, iter(tables[17:])
    for length, count in enumerate(tables[1:17], start=1):
        for _ in range(count):
            words[f"{code:0{length}b}"] = next(values)
            code += 1
        code <<= 1
    sample = scan[: 120 * 160]
    text = "".join(f"{byte:08b}" for byte in sample)
    at = coefficients = 0
    while at < len(text):
        end = at + 1
        while text[at:end] not in words:
            end += 1
        at = end + words[text[at:end]]
        coefficients += 1
    assert at == 8 * len(sample)
    assert coefficients == 64 * len(sample) // 120
    return len(scan) // 120, 8 * len(scan)


@pytest.mark.parametrize("compress", [zlib.compress, lzma.compress])
def test_jpeg_does_not_compress(compress):
    data = b"".join(jpeg_of(1_000_000, index) for index in range(2))
    assert len(compress(data)) > 0.99 * len(data)


@pytest.mark.parametrize("kind", ["npz", "jpeg"])
def test_no_block_repeats_over_the_files_of_a_dataset(kind, request):
    images = DatasetImage(request.getfixturevalue(kind)())
    blocks = []
    for index in range(7):
        data = whole(images.file(index))
        blocks += [data[at : at + 4096] for at in range(0, len(data), 4096)]
    assert len(set(blocks)) == len(blocks)


@pytest.mark.parametrize("kind", ["npz", "jpeg"])
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_a_file_image_is_the_same_in_any_split(kind, data):
    image = IMAGES[kind].file(data.draw(st.integers(0, 6)))
    size = image.spec.size_bytes
    cuts = data.draw(st.lists(st.integers(0, size), max_size=6))
    edges = [0, *sorted(cuts), size]
    pieces = b""
    for low, high in itertools.pairwise(edges):
        piece = bytearray(high - low)
        image.fill(piece, low)
        pieces += piece
    assert pieces == whole(image)
    assert image.ends() == (pieces[:4096], pieces[-4096:])


@pytest.mark.parametrize(
    ("kind", "pinned"), [("npz", "150202f6"), ("jpeg", "d7e61e42")]
)
def test_file_bytes_are_pinned(kind, pinned, request):
    """Other bytes need another GENERATOR_VERSION, or datasets are mistaken."""
    image = DatasetImage(request.getfixturevalue(kind)()).file(3)
    assert hashlib.sha256(whole(image)).hexdigest()[:8] == pinned


@pytest.mark.parametrize("kind", [FileFormat.NPZ, FileFormat.JPEG])
@pytest.mark.parametrize(
    "damage",
    [
        lambda d: b"",
        lambda d: d[:10],
        lambda d: d[:-1],
        lambda d: d[: len(d) // 2],
        lambda d: d + b"\x00",
        lambda d: bytes(len(d)),
        lambda d: b"\x00" + d[1:],
        lambda d: d[:20] + b"\xfe" + d[21:],
        lambda d: d[:-1] + b"\x01",
        lambda d: d[:-512] + bytes(512),
        lambda d: d[:160] + b"\x07" + d[161:],
    ],
)
def test_a_damaged_frame_is_found(kind, damage):
    data = whole(IMAGES[kind].file(0))
    check(kind, data)
    with pytest.raises(FrameError, match=r"img_0_of_1: .*delete it and manifest.json"):
        check(kind, damage(data))


def test_a_wrong_byte_is_named_with_its_offset():
    data = bytearray(whole(IMAGES["npz"].file(0)))
    data[-22] ^= 1
    with pytest.raises(FrameError, match=f"wrong at byte {len(data) - 22}: found 51"):
        check(FileFormat.NPZ, bytes(data))


def test_ends_of_two_files_do_not_fit_each_other(npz):
    one, other = (
        whole(DatasetImage(npz(seed=seed, record_length_stdev_bytes=0.0)).file(0))
        for seed in (1, 2)
    )
    assert len(one) == len(other)
    with pytest.raises(FrameError, match="framing is wrong"):
        check(FileFormat.NPZ, one[:-1000] + other[-1000:])


def test_a_shape_that_would_fill_the_memory_is_refused():
    data = whole(IMAGES["npz"].file(0))
    start = data.index(b"(") + 1
    data = data[:start] + b"1, 1, 999999999999), }" + data[start + 22 :]
    with pytest.raises(FrameError, match="the shape of x"):
        check(FileFormat.NPZ, data)


@pytest.mark.parametrize("kind", [FileFormat.NPZ, FileFormat.JPEG])
def test_one_kilobyte_of_each_end_is_enough(kind):
    check(kind, whole(IMAGES[kind].file(0)), ends=1024)
