"""The mounts a process sees: /proc/self/mountinfo."""

from dataclasses import dataclass

from runner.record.procfs.field import number, unescaped

MOUNTINFO = "/proc/self/mountinfo"

_FIXED_FIELDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One mount; bytes as the kernel has them, escapes undone."""

    mount_id: int
    device: bytes
    root: bytes
    mount_point: bytes
    options: bytes
    fs_type: bytes
    source: bytes
    super_options: bytes


def mounts_of(mountinfo: bytes) -> tuple[Mount, ...]:
    """Give all mounts in the order of the kernel."""
    return tuple(_mount(line) for line in mountinfo.split(b"\n") if line)


def _mount(line: bytes) -> Mount:
    # 36 35 98:0 /root /mount rw,noatime [optional ...] - ext4 /dev/root rw
    words = line.split(b" ")
    end = words.index(b"-", _FIXED_FIELDS) if b"-" in words[_FIXED_FIELDS:] else -1
    if end < 0 or len(words) < end + 4:
        raise ValueError(f"{MOUNTINFO}: no mount: {line[:80]!r}")
    return Mount(
        mount_id=number(words[0], MOUNTINFO),
        device=words[2],
        root=unescaped(words[3]),
        mount_point=unescaped(words[4]),
        options=words[5],
        fs_type=unescaped(words[end + 1]),
        source=unescaped(words[end + 2]),
        super_options=words[end + 3],
    )
