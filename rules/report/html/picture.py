"""A table of numbers as a small PNG: a cell is a pixel, a gap is transparent."""

import base64
import struct
import zlib
from collections.abc import Sequence

Colour = tuple[int, int, int]

_SHADES = 16
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
RAMP: tuple[Colour, ...] = ((237, 243, 250), (107, 174, 214), (8, 48, 107))
"""From little to much: one hue, rising contrast; a dark page turns it around."""


def data_uri(cells: Sequence[Sequence[float | None]]) -> str:
    """Encode shares 0..1 (None is a gap), rows of equal length."""
    height, width = len(cells), len(cells[0])
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    palette = bytes(part for colour in _palette() for part in colour)
    lines = b"".join(b"\0" + bytes(_shade(v) for v in row) for row in cells)
    data = _SIGNATURE + b"".join(
        _chunk(kind, body)
        for kind, body in (
            (b"IHDR", header),
            (b"PLTE", b"\0\0\0" + palette),
            (b"tRNS", b"\0"),
            (b"IDAT", zlib.compress(lines, 9)),
            (b"IEND", b""),
        )
    )
    return "data:image/png;base64," + base64.b64encode(data).decode()


def _palette() -> list[Colour]:
    return [_between(n / (_SHADES - 1)) for n in range(_SHADES)]


def _between(share: float) -> Colour:
    at = share * (len(RAMP) - 1)
    low = min(int(at), len(RAMP) - 2)
    part = at - low
    red, green, blue = (
        round(a + (b - a) * part) for a, b in zip(RAMP[low], RAMP[low + 1], strict=True)
    )
    return red, green, blue


def _shade(value: float | None) -> int:
    """Palette entry of a share; 0 is the transparent one."""
    if value is None:
        return 0
    return 1 + round(min(max(value, 0.0), 1.0) * (_SHADES - 1))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return (
        struct.pack(">I", len(body))
        + kind
        + body
        + struct.pack(">I", zlib.crc32(kind + body))
    )
