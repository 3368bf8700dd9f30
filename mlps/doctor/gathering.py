"""The edge: everything that is asked of this machine, and nothing judged."""

import os
import platform
import resource
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from mlps.doctor import adjtime, cgroup, launching, probing, procfs
from mlps.doctor.facts import Facts, Limits, Lost, Machine, Spot

PATHS_S = 7.0
_LEAST_S = 1.0
_OS_RELEASE = (Path("/etc/os-release"), Path("/usr/lib/os-release"))
_DROP_CACHES = "/proc/sys/vm/drop_caches"
_RDMA = Path("/sys/class/infiniband")
_MOST_BYTES = 2**20
_SCHEDULERS = {
    "Slurm": "sbatch",
    "PBS": "qsub",
    "LSF": "bsub",
    "Flux": "flux",
}
_JOBS = {
    "SLURM_JOB_ID": "Slurm",
    "PBS_JOBID": "PBS",
    "LSB_JOBID": "LSF",
    "FLUX_JOB_ID": "Flux",
}


def gather(data: Path, results: Path) -> Facts:
    """Gather all facts of this machine; takes seconds."""
    system = platform.system()
    is_linux = system == "Linux"
    with ThreadPoolExecutor(3) as pool:
        launcher = pool.submit(launching.launcher) if is_linux else None
        software = pool.submit(launching.software)
        machine = pool.submit(_machine) if is_linux else None
        spots = _spots(data, results) if is_linux else (None, None)
    return Facts(
        system=system,
        version=platform.release() if is_linux else platform.mac_ver()[0],
        architecture=platform.machine(),
        os_release=_first(_OS_RELEASE),
        software=replace(
            software.result(), launcher=launcher.result() if launcher else None
        ),
        machine=machine.result() if machine else None,
        data=spots[0],
        results=spots[1],
    )


def _spots(data: Path, results: Path) -> tuple[Spot | Lost, Spot | Lost]:
    """Look at one after the other: two probes at once would disturb each other."""
    end_s = time.monotonic() + PATHS_S
    first = probing.look_at(data, PATHS_S)
    if data == results:
        return first, first
    left_s = max(end_s - time.monotonic(), _LEAST_S)
    return first, probing.look_at(results, left_s)


def _machine() -> Machine:
    files = read_files(procfs.PATHS)
    own, mounts = files[cgroup.CGROUP], files[cgroup.MOUNTINFO]
    if isinstance(own, bytes) and isinstance(mounts, bytes):
        files |= read_files(tuple(cgroup.limit_files(own, mounts)))
    return Machine(
        files=files,
        cpus_online=os.cpu_count() or 1,
        cpus_allowed=len(os.sched_getaffinity(0)),
        clock=adjtime.clock(),
        limits=Limits(
            open_files=_soft(resource.RLIMIT_NOFILE),
            locked_bytes=_soft(resource.RLIMIT_MEMLOCK),
        ),
        rdma=tuple(sorted(p.name for p in _RDMA.iterdir())) if _RDMA.is_dir() else (),
        schedulers=tuple(n for n, tool in _SCHEDULERS.items() if shutil.which(tool)),
        job=next(
            (f"{n} job {os.environ[v]}" for v, n in _JOBS.items() if v in os.environ),
            "",
        ),
        drop_caches_errno=_open_errno(_DROP_CACHES),
    )


def read_files(paths: tuple[str, ...]) -> dict[str, bytes | int]:
    """Read files whole; one that can't be read gives its errno."""
    found: dict[str, bytes | int] = {}
    for path in paths:
        try:
            with Path(path).open("rb") as file:
                found[path] = file.read(_MOST_BYTES)
        except OSError as problem:
            found[path] = problem.errno or -1
    return found


def _open_errno(path: str) -> int:
    """Open for writing and write nothing: access(2) forgets read-only mounts."""
    try:
        os.close(os.open(path, os.O_WRONLY))
    except OSError as problem:
        return problem.errno or -1
    return 0


def _soft(limit: int) -> int:
    soft = resource.getrlimit(limit)[0]
    return -1 if soft == resource.RLIM_INFINITY else soft


def _first(paths: tuple[Path, ...]) -> bytes | None:
    found = read_files(tuple(map(str, paths)))
    return next((said for said in found.values() if isinstance(said, bytes)), None)
