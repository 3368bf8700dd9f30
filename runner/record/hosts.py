"""Facts of a host: rows of `hosts` and `mounts`, and the CPUs a rank may use."""

import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from mlps.errors import NotReadyError
from mlps.evidence import BY_NAME, StructArray
from mlps.traffic import BlockDevice, counted_by
from runner.record.procfs.cgroup import find_memory_groups
from runner.record.procfs.disks import DISKSTATS, block_devices
from runner.record.procfs.fdinfo import FDINFO, mount_id_of
from runner.record.procfs.field import keyed
from runner.record.procfs.memory import MEMINFO, memory_rows
from runner.record.procfs.mountinfo import MOUNTINFO, Mount, mounts_of

_CPUINFO = "/proc/cpuinfo"
_STATUS = "/proc/self/status"
_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_ALLOWED = b"Cpus_allowed_list"
_MODEL_KEYS = (b"model name", b"Processor", b"cpu model", b"cpu")
"""x86 and s390; older arm; mips and loongarch; power."""
_ARM_KEYS = (b"CPU implementer", b"CPU part", b"CPU variant", b"CPU revision")
_CUT = b"..."


def cpu_model(cpuinfo: bytes) -> str:
    """Name the processor; 64-bit ARM has only numbers; "" when nothing is said."""
    found: dict[bytes, bytes] = {}
    for line in cpuinfo.split(b"\n"):
        key, _, value = line.partition(b":")
        found.setdefault(key.strip(), value.strip())
    for key in _MODEL_KEYS:
        if found.get(key):
            return found[key].decode(errors="replace")
    numbers = (key + b" " + found[key] for key in _ARM_KEYS if key in found)
    return b", ".join(numbers).decode(errors="replace")


def cpus_allowed(status: bytes) -> str:
    """Give the list of CPUs this process may run on, such as `0-3,8`."""
    return keyed(status, b":", (_ALLOWED,), _STATUS)[_ALLOWED].decode(errors="replace")


def own_cpus_allowed() -> str:
    """Give the list of CPUs of this process."""
    return cpus_allowed(Path(_STATUS).read_bytes())


def host_rows(node: int) -> StructArray:
    """Give the row of this host."""
    system = os.uname()
    meminfo = memory_rows(node, 0, Path(MEMINFO).read_bytes())
    row = (
        node,
        system.nodename.encode(),
        _fitting("hosts", "kernel", f"{system.release} {system.version}".encode()),
        system.machine.encode(),
        _fitting("hosts", "cpu_model", cpu_model(Path(_CPUINFO).read_bytes()).encode()),
        os.sysconf("SC_NPROCESSORS_ONLN"),
        int(meminfo["memtotal_bytes"][0]),
        os.sysconf("SC_PAGE_SIZE"),
        min((g.limit_bytes for g in find_memory_groups()), default=-1),
        Path(_BOOT_ID).read_bytes().strip(),
    )
    return np.array([row], dtype=BY_NAME["hosts"].dtype)


def mount_rows(node: int, paths: Iterable[tuple[str, Path]]) -> StructArray:
    """Give a row per `(role, path)`; a path not yet there is served by its parent."""
    mounts = {m.mount_id: m for m in mounts_of(Path(MOUNTINFO).read_bytes())}
    devices = block_devices(_diskstats())
    rows = [_mount_row(node, role, path, mounts, devices) for role, path in paths]
    return np.array(rows, dtype=BY_NAME["mounts"].dtype)


def _mount_row(
    node: int,
    role: str,
    path: Path,
    mounts: Mapping[int, Mount],
    devices: Mapping[str, BlockDevice],
) -> tuple[int | bytes, ...]:
    mount_id, free_bytes = _ground(path)
    if mount_id not in mounts:
        raise NotReadyError(
            f"{path}: its mount {mount_id} is not in {MOUNTINFO};"
            " start the ranks in the mount namespace that has the path"
        )
    mount = mounts[mount_id]
    # Options of the mount, then of its file system, as mountinfo lists them.
    options = mount.options + b" " + mount.super_options
    return (
        node,
        role.encode(),
        _fitting("mounts", "path", os.fsencode(path)),
        _fitting("mounts", "mount_point", mount.mount_point),
        _fitting("mounts", "fs_type", mount.fs_type),
        _fitting("mounts", "source", mount.source),
        _fitting("mounts", "options", options),
        mount.device,
        free_bytes,
        _fitting("mounts", "counted_by", counted(mount, devices)),
    )


def _diskstats() -> bytes:
    """Give /proc/diskstats; nothing on a kernel that has none."""
    try:
        return Path(DISKSTATS).read_bytes()
    except FileNotFoundError:
        return b""


def counted(mount: Mount, devices: Mapping[str, BlockDevice]) -> bytes:
    """Say what counts the traffic of a mount; `devices` by `major:minor`."""
    fs_type, device, mount_point = (
        value.decode("utf-8", "backslashreplace")
        for value in (mount.fs_type, mount.device, mount.mount_point)
    )
    return counted_by(fs_type, device, mount_point, devices).encode()


def _ground(path: Path) -> tuple[int, int]:
    """Ask the kernel, through an open file, for the mount and the free bytes.

    The longest matching mount point would be wrong below a directory that was
    mounted over. `/.` makes an automounted directory mount itself.
    """
    there = Path(os.path.realpath(path))
    try:
        while not there.is_dir() and there != there.parent:
            there = there.parent
        with ExitStack() as closing:
            fd = os.open(f"{there}/.", os.O_PATH)
            closing.callback(os.close, fd)
            free = os.fstatvfs(fd)
            mount_id = mount_id_of(Path(f"{FDINFO}/{fd}").read_bytes())
    except OSError as error:
        raise NotReadyError(
            f"{there}: can't be looked at: {error.strerror};"
            f" {path} must be within reach of this user on every host"
        ) from error
    return mount_id, free.f_bavail * free.f_frsize


def _fitting(table: str, column: str, value: bytes) -> bytes:
    """Make text UTF-8 and end it in `...` where it exceeds its column."""
    clean = value.decode("utf-8", "backslashreplace").encode()
    limit = BY_NAME[table].dtype[column].itemsize
    if len(clean) <= limit:
        return clean
    kept = clean[: limit - len(_CUT)].decode("utf-8", "ignore").encode()
    return kept + _CUT
