import hashlib
import lzma
import subprocess
import sys
import zlib
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.dataset.content import BLOCK_BYTES, POOL_BLOCKS, Content, draw, mix64
from runner.dataset.formats.checksum import ContentChecksum

CONTENT = Content(10)
CHECKSUM = ContentChecksum(CONTENT)
PINNED = "b442aaf6"


def content(file_index: int, offset: int, size: int, seed: int | None = None) -> bytes:
    buffer = bytearray(size)
    source = CONTENT if seed is None else Content(seed)
    source.fill(buffer, file_index, offset)
    return bytes(buffer)


def blocks(data: bytes) -> list[bytes]:
    return [data[at : at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES)]


@settings(deadline=None, max_examples=150)
@given(
    file_index=st.integers(0, 2**32 - 1),
    offset=st.integers(0, 2 * POOL_BLOCKS * BLOCK_BYTES),
    lengths=st.lists(st.integers(0, 3 * BLOCK_BYTES), max_size=8),
)
def test_any_split_gives_the_same_bytes(file_index, offset, lengths):
    whole = content(file_index, offset, sum(lengths))
    pieces = b""
    for length in lengths:
        pieces += content(file_index, offset + len(pieces), length)
    assert pieces == whole


def test_filling_an_unaligned_buffer_gives_the_same_bytes():
    room = np.zeros(9 * BLOCK_BYTES + 3, np.uint8)
    CONTENT.fill(room[3:], 5, 100)
    assert room[3:].tobytes() == content(5, 100, 9 * BLOCK_BYTES)
    assert not room[:3].any()


def test_a_read_only_buffer_is_refused():
    with pytest.raises(ValueError, match="read-only"):
        CONTENT.fill(memoryview(bytes(BLOCK_BYTES)), 0, 0)


@pytest.mark.parametrize(
    ("file_index", "offset"), [(-1, 0), (2**32, 0), (0, -1), (0, 2**44)]
)
def test_content_ends_where_stamps_would_repeat(file_index, offset):
    with pytest.raises(ValueError, match="content exists for"):
        content(file_index, offset, 1)


@pytest.mark.parametrize("compress", [zlib.compress, partial(lzma.compress, preset=1)])
def test_content_does_not_compress(compress):
    sample = content(3, 12_345, 8 * 2**20)
    assert len(compress(sample)) > 0.999 * len(sample)


def test_every_byte_value_is_equally_common():
    counts = np.bincount(np.frombuffer(content(1, 0, 2**24), np.uint8), minlength=256)
    assert abs(counts / 2**16 - 1).max() < 0.03


def test_no_block_repeats_over_files_and_beyond_the_pool():
    size = (POOL_BLOCKS + 300) * BLOCK_BYTES
    seen = [block for file in range(4) for block in blocks(content(file, 0, size))]
    assert len(set(seen)) == len(seen)


def test_no_half_kilobyte_repeats_in_a_file():
    data = content(0, 0, 2 * POOL_BLOCKS * BLOCK_BYTES)
    sectors = [data[at : at + 512] for at in range(0, len(data), 512)]
    assert len(set(sectors)) == len(sectors)


def test_stamps_never_repeat_because_they_are_a_bijection():
    stamps = [CONTENT.stamps(file, 0, 1000) for file in (0, 1, 2**32 - 1)]
    assert len(np.unique(np.concatenate(stamps))) == 3000


def test_edges_and_whole_blocks_have_one_stamp():
    whole = content(9, 0, 3 * BLOCK_BYTES)
    assert content(9, BLOCK_BYTES + 1, 10) == whole[BLOCK_BYTES + 1 :][:10]


def test_seeds_give_unrelated_content():
    first = blocks(content(0, 0, 2**20))
    other = blocks(content(0, 0, 2**20, seed=11))
    assert not set(first) & set(other)


def test_content_is_pinned():
    """Other bytes need another GENERATOR_VERSION, or datasets are mistaken."""
    digest = hashlib.sha256(content(3, 1000, 100_000)).hexdigest()
    assert digest[:8] == PINNED


def test_another_process_makes_the_same_bytes():
    code = (
        "import hashlib; from runner.dataset.content import Content;"
        "b = bytearray(100_000);"
        "Content(10).fill(b, 3, 1000); print(hashlib.sha256(b).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert done.stdout.strip()[:8] == PINNED


def test_mix64_is_the_finalizer_of_splitmix64():
    """First outputs of splitmix64 seeded with 0, from its reference code."""
    golden = 0x9E3779B97F4A7C15
    assert mix64(golden) == 0xE220A8397B1DCDAF
    assert mix64(2 * golden) == 0x6E789E6AA1B965F4


def test_draws_are_uniform_and_independent():
    values = np.array([[draw(1, file, n) for n in range(2)] for file in range(4000)])
    assert values.min() > 0
    assert values.max() < 1
    assert abs(values.mean(axis=0) - 0.5).max() < 0.02
    assert abs(np.corrcoef(values.T)[0, 1]) < 0.05


@settings(deadline=None, max_examples=150)
@given(
    file_index=st.integers(0, 2**32 - 1),
    start=st.integers(0, 2 * POOL_BLOCKS * BLOCK_BYTES),
    size=st.integers(0, 40 * BLOCK_BYTES),
    before=st.binary(max_size=20),
)
def test_checksum_is_the_crc_of_the_content(file_index, start, size, before):
    crc = zlib.crc32(before)
    expected = zlib.crc32(content(file_index, start, size), crc)
    assert CHECKSUM.extend(crc, file_index, start, start + size) == expected


def test_checksum_of_many_blocks_is_the_crc_of_the_content():
    size = 5 * POOL_BLOCKS * BLOCK_BYTES + 77
    assert CHECKSUM.extend(0, 4, 33, 33 + size) == zlib.crc32(content(4, 33, size))
