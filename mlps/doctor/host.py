"""Judging the host: CPUs, memory, clock, limits, cache and scheduler."""

import os

from mlps.doctor import procfs
from mlps.doctor.adjtime import UNSYNCHRONISED
from mlps.doctor.cgroup import cpu_quota, memory_limit_bytes
from mlps.doctor.facts import Clock, Limits, Machine
from mlps.doctor.row import Row, error, ok, warn
from mlps.doctor.system import System, install_time_daemon
from mlps.units import format_bytes

_FEW_FILES = 1024


def check_machine(system: System, machine: Machine) -> list[Row]:
    """Judge the host."""
    return [
        _cpus(machine),
        *_memory(machine),
        *procfs.check_sampled(machine.files),
        _cache(machine),
        _clock(system, machine.clock),
        *_limits(machine.limits, machine.rdma),
        _scheduler(machine),
    ]


def _cpus(machine: Machine) -> Row:
    quota = cpu_quota(machine.files)
    what = f"{machine.cpus_online} online, {machine.cpus_allowed} allowed"
    if quota is not None and quota < machine.cpus_allowed:
        return warn(
            "CPUs",
            f"{what}, but the control group grants the time of {quota:g}:"
            " ranks will be stopped again and again",
            "raise the CPU limit of the container or job, or start fewer ranks",
        )
    if machine.cpus_allowed < machine.cpus_online:
        return warn(
            "CPUs",
            f"{what}: a mask or cpuset keeps the others away",
            "ask the scheduler for all CPUs, or start no more ranks than are allowed",
        )
    return ok("CPUs", what)


def _memory(machine: Machine) -> list[Row]:
    found = _meminfo(machine.files.get(procfs.MEMINFO, -1))
    total, available = found.get("MemTotal"), found.get("MemAvailable")
    if total is None or available is None:
        what = f"{procfs.MEMINFO} has no MemTotal and MemAvailable"
        return [error("memory", what, "make /proc readable for this user")]
    what = f"{format_bytes(total)}, {format_bytes(available)} available"
    limit = memory_limit_bytes(machine.files)
    rows = [ok("memory", what)]
    if limit is not None and limit < total:
        rows = [
            warn(
                "memory",
                f"{what}, but the control group ends at {format_bytes(limit)},"
                " page cache included",
                f"compile with system.host_memory={limit // 2**20}MiB"
                " and keep the plan's memory budget below that",
            )
        ]
    used = found.get("SwapTotal", 0) - found.get("SwapFree", 0)
    if used > 0:
        what = f"{format_bytes(used)} in use: ranks may wait for it"
        rows.append(warn("swap", what, "sudo swapoff -a, for the time of the run"))
    return rows


def _meminfo(said: bytes | int) -> dict[str, int]:
    if isinstance(said, int):
        return {}
    found = {}
    for line in said.decode(errors="replace").splitlines():
        key, _, value = line.partition(":")
        words = value.split()
        if len(words) == 2 and words[0].isdigit() and words[1] == "kB":
            found[key] = int(words[0]) * 1024
    return found


def _cache(machine: Machine) -> Row:
    if machine.drop_caches_errno == 0:
        return ok("page cache", "can be dropped as a whole (drop_caches)")
    why = os.strerror(machine.drop_caches_errno)
    return warn(
        "page cache",
        f"drop_caches: {why}; files are flushed one by one with fadvise,"
        " and only their owner can prove it",
        "run as the owner of the dataset, or as root",
    )


def _clock(system: System, clock: Clock) -> Row:
    if clock.status is not None and not clock.status & UNSYNCHRONISED:
        bound_ms = clock.max_error_us / 1000
        return ok("clock", f"synchronised; the kernel's error bound is {bound_ms:g} ms")
    if clock.timesyncd or "Leap status     : Normal" in clock.chrony:
        return ok("clock", "synchronised, says the time daemon")
    if clock.status is None:
        what = "unknown whether it is synchronised: the kernel may not be asked here"
        return warn("clock", what, "look at the host: timedatectl")
    return warn(
        "clock",
        "not synchronised: times in ledgers of several hosts will not agree",
        *install_time_daemon(system),
    )


def _limits(limits: Limits, rdma: tuple[str, ...]) -> list[Row]:
    rows = []
    files = "any number of" if limits.open_files < 0 else f"{limits.open_files}"
    row = ok("limits", f"{files} open files")
    if 0 <= limits.open_files < _FEW_FILES:
        row = warn("limits", f"{files} open files", f"ulimit -n {_FEW_FILES}")
    rows.append(row)
    if rdma and limits.locked_bytes >= 0:
        rows.append(
            warn(
                "locked memory",
                f"{format_bytes(limits.locked_bytes)}; MPI over {', '.join(rdma)}"
                " must lock its buffers",
                "ulimit -l unlimited (memlock in /etc/security/limits.conf)",
            )
        )
    return rows


def _scheduler(machine: Machine) -> Row:
    names = ", ".join(machine.schedulers) or "none found"
    return ok("scheduler", f"{names}; inside {machine.job}" if machine.job else names)
