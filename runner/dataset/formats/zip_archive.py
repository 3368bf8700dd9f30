"""Records of a zip archive of stored members, as bytes (APPNOTE.TXT 4.3).

Time stamps are fixed, so the same members give the same archive; the 64-bit
forms appear only where a 32-bit field is too small.
"""

import struct
from dataclasses import dataclass

_FULL_32 = 0xFFFFFFFF
_VERSION = 20
_VERSION_64 = 45
_UNIX = 3 << 8
_MIDNIGHT = 0
_DAY_1980_01_01 = 0x21
_MODE_644 = 0o100644 << 16
CRC_OFFSET = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One stored member: where it starts, how long it is, its CRC-32."""

    name: bytes
    offset: int
    size_bytes: int
    crc: int


def local_header_bytes(name: bytes, size_bytes: int) -> int:
    """Length of the record before the data of a member."""
    return 30 + len(name) + (20 if size_bytes >= _FULL_32 else 0)


def local_header(member: Member) -> bytes:
    """Record that stands before the data of a member."""
    big = member.size_bytes >= _FULL_32
    extra = struct.pack("<2H2Q", 1, 16, *[member.size_bytes] * 2) if big else b""
    fixed = struct.pack(
        "<4s5H3L2H",
        b"PK\x03\x04",
        _VERSION_64 if big else _VERSION,
        0,
        0,
        _MIDNIGHT,
        _DAY_1980_01_01,
        member.crc,
        *[min(member.size_bytes, _FULL_32)] * 2,
        len(member.name),
        len(extra),
    )
    return fixed + member.name + extra


def directory(members: tuple[Member, ...], offset: int) -> bytes:
    """Central directory that begins at `offset`, with the end of the archive."""
    entries = b"".join(_entry(member) for member in members)
    count = len(members)
    end = struct.pack(
        "<4s4H2LH",
        b"PK\x05\x06",
        0,
        0,
        count,
        count,
        len(entries),
        min(offset, _FULL_32),
        0,
    )
    if offset < _FULL_32:
        return entries + end
    end_64 = struct.pack(
        "<4sQ2H2L4Q",
        b"PK\x06\x06",
        44,
        _UNIX | _VERSION_64,
        _VERSION_64,
        0,
        0,
        count,
        count,
        len(entries),
        offset,
    )
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, offset + len(entries), 1)
    return entries + end_64 + locator + end


def _entry(member: Member) -> bytes:
    sizes = [member.size_bytes] * 2 if member.size_bytes >= _FULL_32 else []
    wide = sizes + ([member.offset] if member.offset >= _FULL_32 else [])
    extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    version = _VERSION_64 if wide else _VERSION
    fixed = struct.pack(
        "<4s6H3L5H2L",
        b"PK\x01\x02",
        _UNIX | version,
        version,
        0,
        0,
        _MIDNIGHT,
        _DAY_1980_01_01,
        member.crc,
        *[min(member.size_bytes, _FULL_32)] * 2,
        len(member.name),
        len(extra),
        0,
        0,
        0,
        _MODE_644,
        min(member.offset, _FULL_32),
    )
    return fixed + member.name + extra
