"""Limits on a rank: address space, file size, and memory by a control group."""

import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.fault import Quiet
from tests.faults.ground import Ground
from tests.faults.world import TrialError, World

_V1 = Path("/sys/fs/cgroup/memory")
_V2 = Path("/sys/fs/cgroup")
_SPARE_BYTES = 8 * 2**20
_HOG = "b = bytearray({size}); import time; time.sleep(60)"
_JOIN = "echo $$ >{group}/cgroup.procs && "
_VICTIM = "echo 1000 >/proc/self/oom_score_adj && "
_GO_ON = 'exec "$@"'


@dataclass(frozen=True, slots=True)
class Limit(Quiet):
    """A rank meets a resource limit in the middle of its work (setrlimit)."""

    rank: int
    resource: int
    most: int

    def strike(self, ground: Ground, world: World | None) -> None:
        if world is None:
            raise TrialError("no world to limit")
        pid = world.pids[f"pid{self.rank}"]
        resource.prlimit(pid, self.resource, (self.most, self.most))


@dataclass(frozen=True, slots=True)
class LessMemory(Quiet):
    """A rank's address space may only be smaller than it is now (ulimit -v)."""

    rank: int
    less_bytes: int

    def strike(self, ground: Ground, world: World | None) -> None:
        if world is None:
            raise TrialError("no world to limit")
        pid = world.pids[f"pid{self.rank}"]
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
        most = pages * resource.getpagesize() - self.less_bytes
        resource.prlimit(pid, resource.RLIMIT_AS, (most, most))


@dataclass(frozen=True, slots=True)
class OomKill(Quiet):
    """A rank's control group is full: the kernel's OOM killer takes the rank."""

    rank: int

    def missing(self) -> str:
        if _limit_name() is None:
            return "no memory controller in /sys/fs/cgroup"
        root = _V1 if _is_v1() else _V2
        return "" if os.access(root, os.W_OK) else f"{root} is not writable"

    def prepare(self, ground: Ground) -> None:
        group = _group(ground)
        group.mkdir()
        ground.cleanup.callback(_remove, group)

    def wrapper(self, ground: Ground, rank: int) -> list[str]:
        if rank != self.rank:
            return []
        return ["sh", "-c", _joining(ground) + _VICTIM + _GO_ON, "sh"]

    def strike(self, ground: Ground, world: World | None) -> None:
        """Let a neighbour in the group take the memory: the rank is the victim."""
        group = _group(ground)
        used = group / ("memory.usage_in_bytes" if _is_v1() else "memory.current")
        now = int(used.read_text())
        (group / str(_limit_name())).write_text(str(now + _SPARE_BYTES))
        hog = [sys.executable, "-c", _HOG.format(size=4 * _SPARE_BYTES)]
        command = ["sh", "-c", _joining(ground) + _GO_ON, "sh", *hog]
        process = subprocess.Popen(command)
        ground.cleanup.callback(process.wait)
        ground.cleanup.callback(process.kill)


def _is_v1() -> bool:
    return _V1.is_dir()


def _limit_name() -> str | None:
    if _is_v1():
        return "memory.limit_in_bytes"
    controllers = _V2 / "cgroup.controllers"
    if controllers.exists() and "memory" in controllers.read_text().split():
        return "memory.max"
    return None


def _joining(ground: Ground) -> str:
    return _JOIN.format(group=_group(ground))


def _group(ground: Ground) -> Path:
    return (_V1 if _is_v1() else _V2) / f"mlps-faults-{ground.tag}"


def _remove(group: Path) -> None:
    """Remove the group; the kernel needs a moment after its last process."""
    deadline_s = time.monotonic() + 5
    while True:
        try:
            group.rmdir()
        except OSError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.05)
        else:
            return
