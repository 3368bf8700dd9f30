"""File content from a seed: in goes (seed, file, offset), out go bytes.

A pool of random blocks is XORed with a 64-bit stamp per block. The stamp is a
bijection of (file, block), so no block of a dataset ever repeats and nothing
compresses or deduplicates; the XOR runs at the speed of memory without the GIL.
"""

import numpy as np
import numpy.typing as npt

BLOCK_BYTES = 4096
POOL_BLOCKS = 2048
WORD = np.dtype("<u8")
_BLOCK_WORDS = BLOCK_BYTES // WORD.itemsize
_LIMIT = 2**32
_MASK = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB

Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]


def mix64(value: int) -> int:
    """Scramble 64 bits, one to one (the finalizer of splitmix64)."""
    value &= _MASK
    value = ((value ^ (value >> 30)) * _FIRST) & _MASK
    value = ((value ^ (value >> 27)) * _SECOND) & _MASK
    return value ^ (value >> 31)


def draw(seed: int, file_index: int, number: int) -> float:
    """Draw in (0, 1): the `number`-th of a file, without drawing any other."""
    key = mix64(mix64(seed + _GOLDEN) ^ file_index)
    return ((mix64(key + (number + 1) * _GOLDEN) >> 11) + 0.5) / 2**53


class Content:
    """The bytes of every file of one seed; threads may share it."""

    __slots__ = ("_file_key", "_stamp_key", "pool")

    def __init__(self, seed: int) -> None:
        """Make the pool: 8 MiB, a few milliseconds."""
        # random_raw is the bit stream itself, which NumPy never changes.
        raw = np.random.SFC64(seed).random_raw(POOL_BLOCKS * _BLOCK_WORDS)
        self.pool: Words = np.asarray(raw, dtype=WORD).reshape(POOL_BLOCKS, -1)
        self._stamp_key = mix64(seed + _GOLDEN)
        self._file_key = mix64(self._stamp_key)

    def fill(
        self, buffer: memoryview | bytearray | Bytes, file_index: int, offset: int
    ) -> None:
        """Fill the writable `buffer` with the bytes of a file from `offset` on."""
        out: Bytes = np.frombuffer(buffer, dtype=np.uint8)
        _check_range(file_index, offset, offset + out.size)
        block, skip = divmod(offset, BLOCK_BYTES)
        done = 0
        if skip:
            done = self._fill_part(out, file_index, block, skip)
            block += 1
        whole = (out.size - done) // BLOCK_BYTES
        end = done + whole * BLOCK_BYTES
        if whole:
            words = out[done:end].view(WORD).reshape(whole, _BLOCK_WORDS)
            self._fill_blocks(words, file_index, block)
        if end < out.size:
            self._fill_part(out[end:], file_index, block + whole, 0)

    def stamps(self, file_index: int, first_block: int, count: int) -> Words:
        """Stamps of `count` consecutive blocks, no two alike in a dataset."""
        value = np.arange(first_block, first_block + count, dtype=WORD)
        value ^= np.uint64((file_index << 32) ^ self._stamp_key)
        for shift, factor in ((30, _FIRST), (27, _SECOND)):
            value ^= value >> np.uint64(shift)
            value *= np.uint64(factor)
        value ^= value >> np.uint64(31)
        return value

    def pool_block(self, file_index: int, block: int) -> int:
        """Where in the pool a block of a file begins; the next follows, cyclically."""
        return (mix64(self._file_key ^ file_index) + block) % POOL_BLOCKS

    def _fill_blocks(self, out: Words, file_index: int, block: int) -> None:
        stamps = self.stamps(file_index, block, len(out))[:, np.newaxis]
        start = self.pool_block(file_index, block)
        done = 0
        while done < len(out):
            end = min(len(out), done + POOL_BLOCKS - start)
            source = self.pool[start : start + end - done]
            np.bitwise_xor(source, stamps[done:end], out=out[done:end])
            done, start = end, 0

    def _fill_part(self, out: Bytes, file_index: int, block: int, skip: int) -> int:
        """Fill from within one block; its stamp without the cost of an array's."""
        stamp = mix64((file_index << 32 | block) ^ self._stamp_key)
        whole = self.pool[self.pool_block(file_index, block)] ^ WORD.type(stamp)
        part: Bytes = whole.view(np.uint8)[skip : skip + out.size]
        out[: part.size] = part
        return part.size


def _check_range(file_index: int, start: int, stop: int) -> None:
    if not (0 <= file_index < _LIMIT and 0 <= start <= stop <= _LIMIT * BLOCK_BYTES):
        raise ValueError(
            f"file {file_index}, bytes {start} to {stop}: content exists for {_LIMIT}"
            f" files of {_LIMIT * BLOCK_BYTES} bytes"
        )
