"""A stored chunk of one column, undone by hand: fletcher32, deflate, shuffle.

HDF5 inflates a chunk to its end, however long, and takes one that is too short for
whole, reading what lies behind it in memory. Here a chunk has exactly its size or
is an EvidenceError; a stream that goes on costs no more than a stream that ends.
"""

import zlib

import numpy as np
import numpy.typing as npt

from mlps.errors import EvidenceError
from mlps.evidence.table import CHUNK_ROWS

_CHECK_BYTES = 4
_MODULUS = 65535
_MAX_ITEM_BYTES = 1024


def largest_bytes(item_bytes: int) -> int:
    """Bytes a stored chunk takes at most: deflate adds little to what it can't pack."""
    return CHUNK_ROWS * item_bytes * 101 // 100 + 64


_WEIGHTS = np.arange(largest_bytes(_MAX_ITEM_BYTES), 0, -1, dtype=np.float64)


def inflated(stored: bytes, item_bytes: int) -> bytes:
    """Bytes of a chunk, still shuffled; EvidenceError when it is not whole."""
    size = CHUNK_ROWS * item_bytes
    body, check = stored[:-_CHECK_BYTES], stored[-_CHECK_BYTES:]
    if not body or len(stored) > largest_bytes(item_bytes):
        raise EvidenceError(f"has a chunk of {len(stored)} stored bytes")
    if _fletcher32(body) != int.from_bytes(check, "little"):
        raise EvidenceError("is damaged: a chunk does not have its checksum")
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(body, size + 1)
    except zlib.error as error:
        raise EvidenceError(f"is damaged: {error}") from error
    if len(data) != size or not stream.eof:
        raise EvidenceError(f"has a chunk that does not hold {size} bytes")
    return data


def values(chunks: list[bytes], dtype: np.dtype[np.generic]) -> npt.NDArray[np.generic]:
    """Values of whole chunks, unshuffled."""
    shape = (len(chunks), dtype.itemsize, CHUNK_ROWS)
    planes = np.frombuffer(b"".join(chunks), dtype=np.uint8).reshape(shape)
    return np.ascontiguousarray(planes.transpose(0, 2, 1)).reshape(-1).view(dtype)


def _fletcher32(data: bytes) -> int:
    """Checksum as HDF5 computes it, over big-endian words.

    The sums stay below 2^53, so that floating point is exact and fast.
    """
    even = data if len(data) % 2 == 0 else data + b"\0"
    words = np.frombuffer(even, dtype=">u2").astype(np.float64)
    low, high = words.sum(), words @ _WEIGHTS[-len(words) :]
    return _residue(int(high)) << 16 | _residue(int(low))


def _residue(total: int) -> int:
    """HDF5 folds carries back in: a sum that is not 0 never becomes 0."""
    return (total - 1) % _MODULUS + 1 if total else 0
