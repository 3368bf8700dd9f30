"""Limits of control groups, version 1 and 2: which files hold them, what they say."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from mlps.doctor.facts import Files
from mlps.doctor.mount import Mount, mounts_of

CGROUP = "/proc/self/cgroup"
MOUNTINFO = "/proc/self/mountinfo"

_V2_FILES = ("memory.max", "cpu.max")
_V1_FILES = {
    "memory": ("memory.limit_in_bytes",),
    "cpu": ("cpu.cfs_quota_us", "cpu.cfs_period_us"),
}
# Version 1 writes "no limit" as the largest multiple of a page below 2**63.
_NO_LIMIT = 2**62


def limit_files(cgroup: bytes, mountinfo: bytes) -> list[str]:
    """Name the files that may hold a limit: of the own group and all above it."""
    mounts = mounts_of(mountinfo)
    files = []
    for line in cgroup.decode(errors="replace").splitlines():
        _, _, rest = line.partition(":")
        controllers, colon, path = rest.partition(":")
        if colon:
            for folder, names in _folders(controllers, path, mounts):
                files += [f"{folder}/{name}" for name in names]
    return files


def memory_limit_bytes(files: Files) -> int | None:
    """Give the least limit of memory; None where there is none."""
    limits = [
        number
        for path, content in files.items()
        if path.endswith(("/memory.max", "/memory.limit_in_bytes"))
        and (number := _number(content)) is not None
        and 0 <= number < _NO_LIMIT
    ]
    return min(limits, default=None)


def cpu_quota(files: Files) -> float | None:
    """Give the least quota in CPUs; None where there is none."""
    return min(_quotas(files), default=None)


def _quotas(files: Files) -> Iterator[float]:
    for path, content in files.items():
        folder, _, name = path.rpartition("/")
        if name == "cpu.max" and isinstance(content, bytes):
            words = content.split()
            if len(words) == 2 and all(word.isdigit() for word in words):
                yield int(words[0]) / max(int(words[1]), 1)
        elif name == "cpu.cfs_quota_us":
            quota = _number(content)
            period = _number(files.get(f"{folder}/cpu.cfs_period_us", 0))
            if quota is not None and quota > 0 and period:
                yield quota / period


def _number(content: bytes | int) -> int | None:
    if isinstance(content, int):
        return None
    text = content.strip()
    return int(text) if text.removeprefix(b"-").isdigit() else None


def _folders(
    controllers: str, path: str, mounts: tuple[Mount, ...]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    if not controllers:
        found = [m for m in mounts if m.fs_type == "cgroup2"]
        names: tuple[str, ...] = _V2_FILES
    else:
        asked = set(controllers.split(",")) & set(_V1_FILES)
        found = [
            m
            for m in mounts
            if m.fs_type == "cgroup" and asked & set(m.super_options.split(","))
        ]
        names = tuple(name for one in sorted(asked) for name in _V1_FILES[one])
    for mount in found[:1] if names else ():
        for folder in _upward(path, mount):
            yield folder, names


def _upward(path: str, mount: Mount) -> Iterator[str]:
    """Give the folders of a group and of all groups above that are mounted."""
    inside, root = PurePosixPath(path), PurePosixPath(mount.root)
    folder = PurePosixPath(mount.mount_point)
    # A container's mount shows only the part of the tree below `root`.
    yield str(folder)
    if inside.is_relative_to(root) and ".." not in inside.parts:
        for part in inside.relative_to(root).parts:
            folder /= part
            yield str(folder)
