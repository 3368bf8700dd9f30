"""Framing of a file: the fixed bytes around its content, and their check.

A reader hands over the first and last few KiB of a file it has read; they are
compared with what the format prescribes, in microseconds.
"""

from dataclasses import dataclass
from pathlib import Path

from mlps.errors import RunFailedError

_SHOWN_BYTES = 8
REMEDY = (
    "it was damaged or replaced after it was generated: delete it and manifest.json"
    " and start the plan again, which makes the missing files only"
)


class FrameError(RunFailedError):
    """A file that was read but is not what its dataset prescribes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """All of a file but its content: fixed bytes at ascending offsets.

    Content fills the gaps; its bytes are capped at `ceiling`.
    """

    size_bytes: int
    islands: tuple[tuple[int, bytes], ...]
    ceiling: int


def compare(
    path: Path, layout: Layout, head: memoryview, tail: memoryview, size_bytes: int
) -> None:
    """Compare both ends of a file with its layout; FrameError at the first miss."""
    if size_bytes != layout.size_bytes:
        problem = "truncated" if size_bytes < layout.size_bytes else "too long"
        raise FrameError(
            f"{path}: {problem}: {size_bytes} bytes where its own header asks for"
            f" {layout.size_bytes}; {REMEDY}"
        )
    tail_offset = size_bytes - len(tail)
    for start, expected in layout.islands:
        if start < len(head):
            _compare(path, start, expected, 0, head)
        if start + len(expected) > tail_offset:
            _compare(path, start, expected, tail_offset, tail)


def frame_error(path: Path, offset: int, found: bytes, belongs: str) -> FrameError:
    """Say which bytes of a file are wrong."""
    return FrameError(
        f"{path}: framing is wrong at byte {offset}: found"
        f" {found[:_SHOWN_BYTES].hex() or 'nothing'} where {belongs} belongs; {REMEDY}"
    )


def _compare(
    path: Path, start: int, expected: bytes, window_start: int, window: memoryview
) -> None:
    low = max(start, window_start)
    high = min(start + len(expected), window_start + len(window))
    wanted = expected[low - start : high - start]
    found = window[low - window_start : high - window_start].tobytes()
    if found == wanted:
        return
    at = 0
    while found[at] == wanted[at]:
        at += 1
    belongs = wanted[at : at + _SHOWN_BYTES].hex()
    raise frame_error(path, low + at, found[at:], belongs)
