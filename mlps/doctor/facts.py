"""What is gathered of a machine before anything is judged: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

Files = Mapping[str, bytes | int]
"""Path to content, or to the errno that reading it gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A Python package: its version, or why it can't be imported."""

    name: str
    version: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended; a status of None: it had to be ended by us."""

    status: int | None
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """The launcher that was found, what it says of itself, and a start of 2 ranks.

    `beside` is another one, beside the interpreter; "" where there is none.
    """

    path: str
    on_path: bool
    beside: str
    version: Ended
    hello: Ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Software:
    """The interpreter, its packages, the MPI library it loads, and the launcher."""

    python: tuple[int, int, int]
    executable: str
    packages: tuple[Package, ...]
    library: str
    launcher: Launcher | None
    is_root: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Words of the kernel and of the daemons about the clock.

    `status` is adjtimex's, None where it could not be asked.
    """

    status: int | None
    max_error_us: int
    timesyncd: bool
    chrony: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Soft limits of this process; -1 is no limit."""

    open_files: int
    locked_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The host: files of /proc and /sys by path, and what only calls can tell."""

    files: Files
    cpus_online: int
    cpus_allowed: int
    clock: Clock
    limits: Limits
    rdma: tuple[str, ...]
    schedulers: tuple[str, ...]
    job: str
    drop_caches_errno: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallReads:
    """Latencies of reads of 4 KiB, in nanoseconds, unsorted."""

    direct: bool
    latencies_ns: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A path that a run would use, as the kernel sees it.

    `there` is the part of it that exists. An errno of 0 is success, -1: not tried.
    """

    path: Path
    there: Path
    fs_type: str
    mount_point: str
    source: str
    device: int
    free_bytes: int
    write_errno: int
    direct_errno: int
    pages: int
    pages_after_flush: int
    reads: SmallReads | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A path that gave no answer, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All there is to know; no machine and no spots where a run is impossible."""

    system: str
    version: str
    architecture: str
    os_release: bytes | None
    software: Software
    machine: Machine | None
    data: Spot | Lost | None
    results: Spot | Lost | None
