"""One field of a /proc file: its digits, its unit, its name.

Strict, because `int` alone would also take signs, underscores and spaces.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import repeat

from mlps.evidence import ABSENT

_DIGITS = 20
_ESCAPE = re.compile(rb"\\([0-3][0-7]{2})")


def number(word: bytes, where: str) -> int:
    """Read an unsigned number of at most 64 bits."""
    if not word.isdigit() or len(word) > _DIGITS or (value := int(word)) > ABSENT:
        raise ValueError(f"{where}: {word[:40]!r} is no unsigned 64-bit number")
    return value


def numbers(words: Sequence[bytes], count: int, where: str) -> tuple[int, ...]:
    """Read the first `count` words of a split; ABSENT for those not there."""
    words = words[:count]
    if b"".join(words).isdigit() and max(map(len, words)) < _DIGITS:
        known = map(int, words)
    else:
        known = map(number, words, repeat(where))
    return (*known, *[ABSENT] * (count - len(words)))


def kibibytes(value: bytes, where: str) -> int:
    """Read `<n> kB` as bytes; the kernel's kB is 1024 bytes."""
    words = value.split()
    if len(words) != 2 or words[1] != b"kB":
        raise ValueError(f"{where}: {value[:40]!r} is no amount in kB")
    size_bytes = number(words[0], where) * 1024
    if size_bytes > ABSENT:
        raise ValueError(f"{where}: {value[:40]!r} is more than 64 bits of bytes")
    return size_bytes


def name(word: bytes, limit: int, where: str) -> bytes:
    """Check that a name fits its column: numpy would cut it without a word."""
    if not 0 < len(word) <= limit:
        raise ValueError(f"{where}: name {word[:40]!r} is empty or over {limit} bytes")
    return word


def unescaped(word: bytes) -> bytes:
    r"""Undo the kernel's octal escapes (`\040` is a space) in a path."""
    return _ESCAPE.sub(lambda match: bytes([int(match[1], 8)]), word)


def keyed(
    raw: bytes, separator: bytes, wanted: Iterable[bytes], where: str
) -> dict[bytes, bytes]:
    """Pick the wanted `key<separator>value` lines; at least one must be there."""
    lines = b"\n" + raw + b"\n"
    found: dict[bytes, bytes] = {}
    for key in wanted:
        start = lines.find(b"\n" + key + separator)
        if start >= 0:
            value_start = start + 1 + len(key) + len(separator)
            end = lines.index(b"\n", value_start)
            found[key] = lines[value_start:end].strip()
    if not found:
        raise ValueError(f"{where}: none of its known keys in {raw[:40]!r}")
    return found


def known(found: dict[bytes, bytes], key: bytes, where: str) -> int:
    """Read a plain number by its key; ABSENT when this kernel lacks the key."""
    return number(found[key], where) if key in found else ABSENT
