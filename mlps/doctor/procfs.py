"""The files of /proc that the sampler reads, and what is lost without each."""

import errno
import os
from dataclasses import dataclass

from mlps.doctor import cgroup
from mlps.doctor.facts import Files
from mlps.doctor.row import Row, error, ok, warn

MEMINFO = "/proc/meminfo"
DELAYACCT = "/proc/sys/kernel/task_delayacct"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """A file: may a kernel lack it, what it gives, how to switch it on."""

    path: str
    gives: str
    needed: bool = False
    fix: str = "the kernel of the distribution has it: boot that, or do without"


SAMPLED = (
    Sampled(path="/proc/self/stat", gives="CPU time of ranks", needed=True),
    Sampled(path="/proc/self/status", gives="memory of ranks", needed=True),
    Sampled(
        path="/proc/self/io", gives="bytes and calls of ranks, as the kernel counts"
    ),
    Sampled(path="/proc/self/schedstat", gives="time that ranks waited for a CPU"),
    Sampled(path="/proc/stat", gives="CPU time of the host", needed=True),
    Sampled(path="/proc/loadavg", gives="load of the host", needed=True),
    Sampled(path=MEMINFO, gives="page cache and memory of the host", needed=True),
    Sampled(path="/proc/vmstat", gives="paging and cache drops", needed=True),
    Sampled(path="/proc/diskstats", gives="traffic of local disks"),
    Sampled(path="/proc/net/dev", gives="traffic of network devices"),
    Sampled(
        path="/proc/pressure/io",
        gives="stalls on I/O, memory and CPU",
        fix="boot with psi=1",
    ),
    Sampled(path="/proc/self/mountstats", gives="NFS operations and retransmissions"),
)
PATHS = (
    *(one.path for one in SAMPLED),
    DELAYACCT,
    cgroup.CGROUP,
    cgroup.MOUNTINFO,
)
# With these the sampler goes on without the file; anything else stops it.
_LACKING = (errno.ENOENT, errno.EOPNOTSUPP)


def check_sampled(files: Files) -> list[Row]:
    """Judge the files of the sampler: one row if all are there."""
    rows = [row for one in SAMPLED if (row := _judged(one, files)) is not None]
    if not rows:
        rows = [ok("/proc", f"all {len(SAMPLED)} files of the sampler can be read")]
    return [*rows, *_delay_accounting(files)]


def _judged(one: Sampled, files: Files) -> Row | None:
    said = files.get(one.path, errno.ENOENT)
    if isinstance(said, bytes):
        return None
    what = f"{os.strerror(said)}; without it: no {one.gives}"
    if one.needed or said not in _LACKING:
        return error(one.path, what, "make /proc readable for this user")
    return warn(one.path, what, one.fix)


def _delay_accounting(files: Files) -> list[Row]:
    """Kernels before 5.14 have no such switch."""
    said = files.get(DELAYACCT, errno.ENOENT)
    if not isinstance(said, bytes) or said.strip() != b"0":
        return []
    return [
        warn(
            "delay accounting",
            "off; without it: no time that ranks waited for block devices",
            "sudo sysctl kernel.task_delayacct=1",
        )
    ]
