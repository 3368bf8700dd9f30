"""What one rank checks of its own ground before the first byte.

Every check returns problems, none raises: all problems of all ranks are shown
together. Each says what is wrong, where, and what to do.
"""

import mmap
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlps.evidence import ABSENT
from mlps.plan import Plan
from mlps.units import format_bytes
from runner.place import Place
from runner.procfs.memory import memory_rows

_PROBE_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One reason why a rank is not ready."""

    subject: str
    problem: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where this rank will work."""

    data_root: Path
    results_root: Path
    data_bytes_to_write: int


def check(plan: Plan, place: Place, ground: Ground) -> list[Problem]:
    """Check the ground of one rank."""
    return [
        *_check_placement(plan, place),
        *_check_data_path(plan, ground),
        *_check_memory(plan, place),
        *(_check_results(plan, ground) if place.rank == 0 else ()),
        *(_check_space(ground) if place.leads_node else ()),
    ]


def existing_part(path: Path) -> Path:
    """Return the path, or its nearest ancestor that exists."""
    while not path.exists():
        path = path.parent
    return path


def _check_placement(plan: Plan, place: Place) -> Iterator[Problem]:
    if place.local_ranks != plan.system.accelerators_per_host:
        yield Problem(
            subject="ranks on this host",
            problem=f"{place.local_ranks}, the plan says"
            f" {plan.system.accelerators_per_host}",
            fix="set the launcher's ranks per host, or compile with"
            f" system.accelerators_per_host={place.local_ranks}",
        )
    if place.node_count > 1 and not plan.system.data_shared:
        yield Problem(
            subject="system.data_shared",
            problem=f"false, but there are {place.node_count} hosts",
            fix="several hosts need one shared data path: system.data_shared=true",
        )


def _check_data_path(plan: Plan, ground: Ground) -> Iterator[Problem]:
    try:
        ground.data_root.mkdir(parents=True, exist_ok=True)
        probe = ground.data_root / f".probe-{secrets.token_hex(8)}"
        try:
            _write_probe(probe, direct=False)
            if plan.workload.reader.odirect:
                yield from _check_direct(probe)
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        yield Problem(
            subject=str(ground.data_root),
            problem=f"not writable: {error.strerror} (errno {error.errno})",
            fix="make it writable for this user, or choose another system.data_path",
        )


def _write_probe(probe: Path, *, direct: bool) -> None:
    flags = os.O_RDWR | os.O_CREAT | (os.O_DIRECT if direct else 0)
    descriptor = os.open(probe, flags, 0o600)
    try:
        if direct:
            os.preadv(descriptor, [mmap.mmap(-1, _PROBE_BYTES)], 0)
        else:
            os.write(descriptor, bytes(_PROBE_BYTES))
    finally:
        os.close(descriptor)


def _check_direct(probe: Path) -> Iterator[Problem]:
    try:
        _write_probe(probe, direct=True)
    except OSError as error:
        yield Problem(
            subject=str(probe.parent),
            problem=f"O_DIRECT does not work here: {error.strerror}"
            f" (errno {error.errno})",
            fix="use a file system that supports it, or workload.reader.odirect=false",
        )


def _check_memory(plan: Plan, place: Place) -> Iterator[Problem]:
    available = _available_bytes(Path("/proc/meminfo").read_bytes())
    budget = plan.derived.host_memory_budget_bytes
    if place.leads_node and budget > available:
        yield Problem(
            subject="memory of this host",
            problem=f"{format_bytes(available)} available, the plan may hold"
            f" {format_bytes(budget)}",
            fix="lower workload.reader.prefetch_batches, read_threads or transfer",
        )


def _available_bytes(meminfo: bytes) -> int:
    available = int(memory_rows(0, 0, meminfo)["memavailable_bytes"][0])
    if available == ABSENT:
        raise ValueError("/proc/meminfo has no MemAvailable")
    return available


def _check_results(plan: Plan, ground: Ground) -> Iterator[Problem]:
    results = existing_part(ground.results_root)
    if not os.access(results, os.W_OK | os.X_OK):
        yield Problem(
            subject=str(results),
            problem="results are not writable here",
            fix="make it writable for this user, or choose another --results",
        )
    data = existing_part(ground.data_root)
    same = results.stat().st_dev == data.stat().st_dev
    if same and not plan.system.results_on_data_path:
        yield Problem(
            subject=str(ground.results_root),
            problem=f"results lie on the file system under test ({ground.data_root})",
            fix="choose --results on another file system, or another system.data_path",
        )


def _check_space(ground: Ground) -> Iterator[Problem]:
    where = existing_part(ground.data_root)
    status = os.statvfs(where)
    free = status.f_bavail * status.f_frsize
    if free < ground.data_bytes_to_write:
        yield Problem(
            subject=str(ground.data_root),
            problem=f"{format_bytes(free)} free, the dataset needs"
            f" {format_bytes(ground.data_bytes_to_write)}",
            fix="free space, or choose another system.data_path",
        )
