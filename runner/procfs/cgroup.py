"""Control groups above a process: memory limits and CPU quota, versions 1 and 2.

Every group from the process's own up to the top limits it. What is used counts
without file pages: the kernel takes those back before it kills anybody.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runner.procfs.field import keyed, known, number
from runner.procfs.mountinfo import MOUNTINFO, Mount, mounts_of

CGROUP = "/proc/self/cgroup"
_UNLIMITED_BYTES = 2**62
_UNIFIED, _LEGACY = b"cgroup2", b"cgroup"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryGroup:
    """One group that limits memory; `used_bytes` without file pages."""

    path: str
    limit_bytes: int
    used_bytes: int

    @property
    def room_bytes(self) -> int:
        """Bytes its processes can still take."""
        return max(self.limit_bytes - self.used_bytes, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Folders of a process's groups, its own first, in one hierarchy."""

    is_unified: bool
    folders: tuple[Path, ...]


def find_memory_groups() -> tuple[MemoryGroup, ...]:
    """Give the groups above this process that limit its memory, its own first."""
    found = _own_chain(b"memory")
    return () if found is None else tuple(memory_groups(found))


def find_cpu_quota() -> float | None:
    """Give the CPUs this process's groups may use at once, None for no quota."""
    found = _own_chain(b"cpu")
    return None if found is None else cpu_quota(found)


def chain(cgroup: bytes, mountinfo: bytes, controller: bytes) -> Chain | None:
    """Find the groups that `controller` limits; None where it is not mounted.

    A controller that is mounted for version 1 is not in version 2's hierarchy.
    """
    mounts = mounts_of(mountinfo)
    legacy = [m for m in mounts if m.fs_type == _LEGACY and _has(m, controller)]
    unified = [m for m in mounts if m.fs_type == _UNIFIED]
    for mount in (legacy or unified)[:1]:
        for line in cgroup.split(b"\n"):
            if _is_of(line, controller if legacy else b""):
                path = line.split(b":", 2)[2]
                return Chain(is_unified=not legacy, folders=_upwards(mount, path))
    return None


def memory_groups(found: Chain) -> Iterator[MemoryGroup]:
    """Read the groups of a chain that have a limit."""
    unified = found.is_unified
    limit_name = "memory.max" if unified else "memory.limit_in_bytes"
    used_name = "memory.current" if unified else "memory.usage_in_bytes"
    total = b"" if unified else b"total_"
    for folder in found.folders:
        limit = _read(folder / limit_name)
        if limit in (b"", b"max") or number(limit, limit_name) >= _UNLIMITED_BYTES:
            continue
        names = (total + b"inactive_file", total + b"active_file")
        stat = keyed(_read(folder / "memory.stat"), b" ", names, "memory.stat")
        cache = sum(known(stat, name, "memory.stat") for name in names)
        used = number(_read(folder / used_name), used_name)
        yield MemoryGroup(
            path=str(folder),
            limit_bytes=number(limit, limit_name),
            used_bytes=max(used - cache, 0),
        )


def cpu_quota(found: Chain) -> float | None:
    """Give the least quota of a chain in CPUs, None for no quota."""
    quotas = [_quota(folder, unified=found.is_unified) for folder in found.folders]
    return min((quota for quota in quotas if quota is not None), default=None)


def _quota(folder: Path, *, unified: bool) -> float | None:
    if unified:
        words = _read(folder / "cpu.max").split()
    else:
        names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
        words = [_read(folder / name) for name in names]
    if len(words) != 2 or words[0] in (b"", b"max", b"-1"):
        return None
    return number(words[0], "CPU quota") / number(words[1], "CPU period")


def _own_chain(controller: bytes) -> Chain | None:
    path = Path(CGROUP)
    if not path.exists():
        return None
    return chain(path.read_bytes(), Path(MOUNTINFO).read_bytes(), controller)


def _has(mount: Mount, controller: bytes) -> bool:
    return controller in mount.super_options.split(b",")


def _is_of(line: bytes, controllers: bytes) -> bool:
    words = line.split(b":", 2)
    if len(words) != 3:
        return False
    return controllers in words[1].split(b",") if controllers else words[1] == b""


def _upwards(mount: Mount, path: bytes) -> tuple[Path, ...]:
    """List the folders from a group to the top of what is mounted.

    In a container the mount may show only a part of the tree (`root`); a group
    outside of it is limited by the top of that part all the same.
    """
    top = Path(mount.mount_point.decode(errors="surrogateescape"))
    root, group = (
        Path(part.decode(errors="surrogateescape")) for part in (mount.root, path)
    )
    if ".." in group.parts or not group.is_relative_to(root):
        return (top,)
    inner = group.relative_to(root)
    return tuple(top / part for part in (inner, *inner.parents))


def _read(path: Path) -> bytes:
    """Read a file of a group; the top has none of them, and some may be hidden."""
    try:
        return path.read_bytes().strip()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return b""
