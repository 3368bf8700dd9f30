"""Mounts as /proc/self/mountinfo lists them."""

import re
from dataclasses import dataclass

_OCTAL = re.compile(r"\\([0-7]{3})")
_FIXED_FIELDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One mount, the kernel's escapes undone."""

    mount_id: int
    root: str
    mount_point: str
    fs_type: str
    source: str
    super_options: str


def mounts_of(mountinfo: bytes) -> tuple[Mount, ...]:
    """Give the mounts in the order of the kernel; lines that are none are left out."""
    lines = mountinfo.decode("utf-8", "replace").splitlines()
    return tuple(mount for line in lines if (mount := _mount(line)) is not None)


def _mount(line: str) -> Mount | None:
    # 36 35 98:0 /root /mount rw,noatime [optional ...] - ext4 /dev/root rw
    words = line.split(" ")
    if "-" not in words[_FIXED_FIELDS:] or not words[0].isdigit():
        return None
    rest = words[words.index("-", _FIXED_FIELDS) + 1 :]
    if len(rest) < 3:
        return None
    return Mount(
        mount_id=int(words[0]),
        root=_unescaped(words[3]),
        mount_point=_unescaped(words[4]),
        fs_type=_unescaped(rest[0]),
        source=_unescaped(rest[1]),
        super_options=rest[2],
    )


def _unescaped(word: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), word)
