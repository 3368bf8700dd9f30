"""Facts in, rows out: every check well and ill, on every family of systems."""

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from mlps.doctor.examination import examine
from mlps.doctor.facts import Clock, Limits, Lost, SmallReads
from mlps.doctor.procfs import DELAYACCT, MEMINFO
from mlps.doctor.row import Status
from mlps.doctor.table import data_of, text_of
from tests.doctor import machines
from tests.doctor.machines import MPIRUN, OPEN_MPI, TWO_WORLDS, ended, launcher

ROOT = "/sys/fs/cgroup"
SWAPPING = machines.MEMORY.replace(b"SwapTotal: 0", b"SwapTotal: 2048")


def rows(facts):
    return {row.subject: row for row in examine(facts).rows}


@pytest.mark.parametrize(
    "name", sorted(path.name for path in machines.RELEASES.iterdir())
)
def test_a_machine_that_is_well_is_ready(name):
    found = examine(machines.linux(name))
    assert found.is_ready
    assert not found.count(Status.WARN), found.rows
    text = text_of(found, colour=False)
    assert text.endswith("READY to compile, run and verify")
    pretty = machines.release(name).decode().split('PRETTY_NAME="')[1].split('"')[0]
    assert pretty in text


@pytest.mark.parametrize(
    ("name", "python", "mpi"),
    [
        ("debian-12", "apt-get install python3 python3-venv", "apt-get install mpich"),
        (
            "ubuntu-24.04",
            "apt-get install python3 python3-venv",
            "apt-get install mpich",
        ),
        ("ubuntu-22.04", "python3.11 python3.11-venv", "apt-get install mpich"),
        (
            "rhel-9.4",
            "dnf install python3.11 python3.11-pip",
            "module load mpi/mpich-x86_64",
        ),
        ("rocky-9.6", "dnf install python3.11 python3.11-pip", "dnf install mpich"),
        ("fedora-44", "dnf install python3 python3-pip", "dnf install mpich"),
        ("sles-15.5", "zypper install python311", "zypper install mpich"),
        ("opensuse-leap-15.6", "zypper install python311", "gcc/mpich/bin"),
        ("opensuse-tumbleweed", "zypper install python313", "zypper install mpich"),
    ],
)
def test_install_hints_are_those_of_the_system(name, python, mpi):
    bare = machines.software(python=(3, 9, 2), launcher=None)
    found = rows(machines.linux(name, software=bare))
    assert found["Python"].status is Status.ERROR
    assert python in found["Python"].fix[-1]
    assert found["launcher"].status is Status.ERROR
    assert any(mpi in fix for fix in found["launcher"].fix)
    assert "/opt/mlps/bin/python -m pip install mpich" in found["launcher"].fix


def test_sles_names_the_module_that_has_python():
    bare = machines.software(python=(3, 6, 15))
    fix = rows(machines.linux("sles-15.5", software=bare))["Python"].fix
    assert fix[0] == "sudo SUSEConnect -p sle-module-python3/15.5/x86_64"


def test_a_mac_compiles_and_verifies_but_does_not_run():
    found = examine(machines.macos())
    assert found.is_ready
    assert [row.subject for row in found.rows] == ["system", "Python", "packages"]
    assert "running needs Linux" in text_of(found, colour=False)
    assert "mpi4py" not in text_of(found, colour=False)


def test_a_mac_with_an_old_python_is_not_ready():
    old = replace(machines.macos().software, python=(3, 9, 6))
    found = examine(machines.macos(software=old))
    assert not found.is_ready
    assert found.rows[1].fix == ("brew install python@3.12",)


@pytest.mark.parametrize(
    ("launched", "said"),
    [
        (launcher(hello=ended(TWO_WORLDS)), "2 worlds of size 1"),
        (launcher(MPIRUN, ended(TWO_WORLDS)), "of Open MPI, the library that mpi4py"),
        (
            launcher(MPIRUN, ended(stderr="-----\nAbort(1): PMIx\n", status=16)),
            "status 16: Abort(1): PMIx; the launcher is of Open MPI",
        ),
        (launcher(hello=ended(status=None)), "did not start and end in time"),
        (launcher(hello=ended(stderr="boom", status=1)), "status 1: boom"),
        (launcher(hello=ended("odd\n[1]\n", status=0)), "ended with status 0: odd"),
    ],
)
def test_ranks_that_do_not_meet(launched, said):
    ill = machines.software(launcher=launched)
    row = rows(machines.linux(software=ill))["2 ranks"]
    assert row.status is Status.ERROR
    assert said in row.what
    assert row.fix


def test_the_launcher_beside_python_is_named_as_the_fix():
    here = launcher(MPIRUN, ended(TWO_WORLDS), beside="/opt/mlps/bin/mpirun")
    row = rows(machines.linux(software=machines.software(launcher=here)))["2 ranks"]
    assert row.fix[0] == "start with /opt/mlps/bin/mpirun"


def test_open_mpi_for_root_is_warned_of():
    here = machines.software(launcher=launcher(MPIRUN), library=OPEN_MPI, is_root=True)
    assert rows(machines.linux(software=here))["root"].status is Status.WARN


def test_a_package_that_breaks_says_how():
    broken = replace(machines.software().packages[1], problem="ImportError: libhdf5")
    here = machines.software(packages=(broken,))
    row = rows(machines.linux(software=here))["packages"]
    assert row.status is Status.ERROR
    assert "h5py: ImportError: libhdf5" in row.what


@pytest.mark.parametrize(
    ("changes", "subject", "status", "said"),
    [
        ({"cpus_allowed": 2}, "CPUs", Status.WARN, "8 online, 2 allowed"),
        (
            {"files": {f"{ROOT}/cpu.max": b"200000 100000\n"}},
            "CPUs",
            Status.WARN,
            "time of 2",
        ),
        (
            {"files": {f"{ROOT}/cpu.max": b"max 100000\n"}},
            "CPUs",
            Status.OK,
            "8 online",
        ),
        (
            {
                "files": {
                    "/c/cpu.cfs_quota_us": b"150000",
                    "/c/cpu.cfs_period_us": b"100000",
                }
            },
            "CPUs",
            Status.WARN,
            "time of 1.5",
        ),
        ({"files": {"/c/cpu.cfs_quota_us": b"-1"}}, "CPUs", Status.OK, "8 online"),
        (
            {"files": {f"{ROOT}/memory.max": b"4294967296\n"}},
            "memory",
            Status.WARN,
            "4.00 GiB",
        ),
        ({"files": {f"{ROOT}/memory.max": b"max\n"}}, "memory", Status.OK, "16.00 GiB"),
        (
            {"files": {"/c/memory.limit_in_bytes": b"9223372036854771712\n"}},
            "memory",
            Status.OK,
            "16.00 GiB",
        ),
        (
            {"files": {"/c/memory.limit_in_bytes": b"2147483648\n"}},
            "memory",
            Status.WARN,
            "2.00 GiB",
        ),
        ({"files": {MEMINFO: errno.EACCES}}, "memory", Status.ERROR, "MemTotal"),
        (
            {"files": {MEMINFO: b"\xff junk\nMemTotal: x kB\n"}},
            "memory",
            Status.ERROR,
            "MemTotal",
        ),
        (
            {"files": {MEMINFO: SWAPPING}},
            "swap",
            Status.WARN,
            "2.00 MiB in use",
        ),
        (
            {"files": {"/proc/self/io": errno.ENOENT}},
            "/proc/self/io",
            Status.WARN,
            "no bytes",
        ),
        (
            {"files": {"/proc/self/io": errno.EACCES}},
            "/proc/self/io",
            Status.ERROR,
            "denied",
        ),
        (
            {"files": {"/proc/stat": errno.ENOENT}},
            "/proc/stat",
            Status.ERROR,
            "no CPU time",
        ),
        (
            {"files": {"/proc/pressure/io": errno.EOPNOTSUPP}},
            "/proc/pressure/io",
            Status.WARN,
            "no stalls",
        ),
        ({"files": {DELAYACCT: b"0\n"}}, "delay accounting", Status.WARN, "off"),
        ({"drop_caches_errno": errno.EACCES}, "page cache", Status.WARN, "fadvise"),
        (
            {"limits": Limits(open_files=256, locked_bytes=-1)},
            "limits",
            Status.WARN,
            "256",
        ),
        (
            {"limits": Limits(open_files=-1, locked_bytes=65536), "rdma": ("mlx5_0",)},
            "locked memory",
            Status.WARN,
            "mlx5_0",
        ),
        (
            {"schedulers": ("Slurm",), "job": "Slurm job 7"},
            "scheduler",
            Status.OK,
            "Slurm job 7",
        ),
    ],
)
def test_the_host(changes, subject, status, said):
    row = rows(machines.linux(machine=machines.machine(**changes)))[subject]
    assert row.status is status
    assert said in row.what
    assert bool(row.fix) is (status is not Status.OK)


@pytest.mark.parametrize(
    ("clock", "status", "said"),
    [
        (
            Clock(status=0x2001, max_error_us=1500, timesyncd=False, chrony=""),
            "OK",
            "1.5 ms",
        ),
        (
            Clock(status=0x40, max_error_us=0, timesyncd=False, chrony=""),
            "WARN",
            "not sync",
        ),
        (Clock(status=0x40, max_error_us=0, timesyncd=True, chrony=""), "OK", "daemon"),
        (
            Clock(
                status=0x40,
                max_error_us=0,
                timesyncd=False,
                chrony="Reference ID    : C0A80001\nLeap status     : Normal\n",
            ),
            "OK",
            "daemon",
        ),
        (
            Clock(status=None, max_error_us=0, timesyncd=False, chrony=""),
            "WARN",
            "unknown",
        ),
    ],
)
def test_the_clock(clock, status, said):
    row = rows(machines.linux(machine=machines.machine(clock=clock)))["clock"]
    assert (row.status, said in row.what) == (status, True)


@pytest.mark.parametrize(
    ("changes", "subject", "status", "said"),
    [
        ({"write_errno": errno.EACCES}, "data", "ERROR", "Permission denied"),
        ({"there": Path("/mnt")}, "data", "OK", "not there yet; looked at /mnt"),
        ({"fs_type": "tmpfs"}, "data", "WARN", "tmpfs is memory"),
        ({"pages_after_flush": 1024}, "flush", "WARN", "1024 of 1024"),
        ({"direct_errno": errno.EINVAL}, "O_DIRECT", "WARN", "Invalid argument"),
        ({"reads": None}, "O_DIRECT", "OK", "works"),
        ({"device": 2}, "file systems", "WARN", "3.4.2"),
    ],
)
def test_the_paths(changes, subject, status, said):
    data = replace(machines.spot("/mnt/data", 1), **changes)
    found = [r for r in examine(machines.linux(data=data)).rows if r.subject == subject]
    assert found[-1].status == status
    assert said in found[-1].what


def test_small_reads_are_told_in_microseconds():
    assert "p50 500 us, p99 990 us" in rows(machines.linux())["small reads"].what
    few = SmallReads(direct=False, latencies_ns=(7000,))
    data = machines.spot("/mnt/data", 1, reads=few)
    what = rows(machines.linux(data=data))["small reads"].what
    assert what.startswith("1 of 4 KiB, through the page cache")
    assert what.endswith("p50 7 us, p99 7 us")


def test_a_path_that_does_not_answer_is_an_error():
    lost = Lost(path=Path("/mnt/nfs"), reason="no answer within 7 s")
    found = examine(machines.linux(data=lost))
    assert not found.is_ready
    assert "not ready: 1 error: data" in text_of(found, colour=False)


def test_one_path_for_both_is_shown_once():
    one = machines.spot("/mnt/data", 1)
    found = examine(machines.linux(data=one, results=one))
    assert [r.subject for r in found.rows].count("results") == 0


def test_what_strangers_wrote_does_not_steer_the_terminal():
    ill = launcher(hello=ended(stderr="\033[2J\rpwned", status=1))
    found = examine(machines.linux(software=machines.software(launcher=ill)))
    assert "\033" not in text_of(found, colour=False)


def test_plain_data_holds_every_row():
    found = examine(machines.linux(machine=machines.machine(cpus_allowed=1)))
    data = data_of(found)
    assert data["schema"] == "doctor/1"
    assert data["ready"] is True
    assert len(data["rows"]) == len(found.rows)
    assert {row["status"] for row in data["rows"]} == {"OK", "WARN"}
