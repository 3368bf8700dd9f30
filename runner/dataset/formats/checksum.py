"""CRC-32 of content that was never produced: in goes a range, out comes its CRC.

CRC-32 is linear over XOR, so the CRC of a block is that of its pool block XOR
that of its stamp, and blocks combine by shift operators. A 150 MB file costs a
millisecond instead of the whole content, and its zip header is known at once.
"""

import zlib

import numpy as np
import numpy.typing as npt

from runner.dataset.content import BLOCK_BYTES, POOL_BLOCKS, Content, Words

_ONES = 0xFFFFFFFF
_LEVELS = 33
_ZEROS = bytes(BLOCK_BYTES)
_BYTE = range(256)

Sums = npt.NDArray[np.uint32]


class ContentChecksum:
    """CRC-32 of any range of any file of one content.

    A sum here is the CRC register of a block alone: initial value 0, no final
    inversion. Level k of the shift tables appends 2^k blocks of zeros.
    """

    __slots__ = ("_content", "_pool_sums", "_shifts", "_stamp_tables")

    def __init__(self, content: Content) -> None:
        """Sum the pool once and build the tables: about ten milliseconds."""
        self._content = content
        self._pool_sums: Sums = np.array(
            [_sum(block.data) for block in content.pool], dtype=np.uint32
        )
        self._stamp_tables = _stamp_tables()
        self._shifts = _shift_tables()

    def extend(self, crc: int, file_index: int, start: int, stop: int) -> int:
        """Continue the CRC-32 `crc` over the content bytes `start` to `stop`."""
        first = -(-start // BLOCK_BYTES)
        last = stop // BLOCK_BYTES
        if first >= last:
            return self._extend_edge(crc, file_index, start, stop)
        crc = self._extend_edge(crc, file_index, start, first * BLOCK_BYTES)
        register = self._shift(crc ^ _ONES, last - first)
        crc = register ^ self._blocks_sum(file_index, first, last - first) ^ _ONES
        return self._extend_edge(crc, file_index, last * BLOCK_BYTES, stop)

    def _extend_edge(self, crc: int, file_index: int, start: int, stop: int) -> int:
        if start == stop:
            return crc
        piece = bytearray(stop - start)
        self._content.fill(piece, file_index, start)
        return zlib.crc32(piece, crc)

    def _blocks_sum(self, file_index: int, first: int, count: int) -> int:
        """Sum `count` blocks: pairs, pairs of pairs; leading zeros add nothing."""
        sums = self._block_sums(file_index, first, count)
        level = 0
        while sums.size > 1:
            if sums.size % 2:
                sums = np.concatenate((np.zeros(1, np.uint32), sums))
            sums = _look_up(self._shifts[level], sums[0::2]) ^ sums[1::2]
            level += 1
        return int(sums[0])

    def _block_sums(self, file_index: int, first: int, count: int) -> Sums:
        start = self._content.pool_block(file_index, first)
        position = np.arange(start, start + count) % POOL_BLOCKS
        stamps = self._content.stamps(file_index, first, count)
        sums: Sums = self._pool_sums[position]
        return sums ^ _look_up(self._stamp_tables, stamps)

    def _shift(self, register: int, blocks: int) -> int:
        value = np.array([register], dtype=np.uint32)
        for level in range(blocks.bit_length()):
            if blocks >> level & 1:
                value = _look_up(self._shifts[level], value)
        return int(value[0])


def _sum(data: memoryview | bytes) -> int:
    return zlib.crc32(data) ^ zlib.crc32(_ZEROS)


def _look_up(tables: Sums, values: Words | Sums) -> Sums:
    """Apply a linear operator given as one table per byte of its argument."""
    columns = np.ascontiguousarray(values).view(np.uint8)
    columns = columns.reshape(-1, len(tables))
    result: Sums = tables[0][columns[:, 0]]
    for number in range(1, len(tables)):
        result ^= tables[number][columns[:, number]]
    return result


def _stamp_tables() -> Sums:
    """Sum a block that repeats one 64-bit word, by byte of that word."""
    words = BLOCK_BYTES // 8
    return np.array(
        [
            [_sum((value << 8 * byte).to_bytes(8, "little") * words) for value in _BYTE]
            for byte in range(8)
        ],
        dtype=np.uint32,
    )


def _shift_tables() -> list[Sums]:
    shift = [
        [zlib.crc32(_ZEROS, (value << 8 * byte) ^ _ONES) ^ _ONES for value in _BYTE]
        for byte in range(4)
    ]
    tables = [np.array(shift, dtype=np.uint32)]
    for _ in range(_LEVELS - 1):
        last = tables[-1]
        tables.append(_look_up(last, last.reshape(-1)).reshape(last.shape))
    return tables
