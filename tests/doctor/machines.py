"""Facts of machines as they would be gathered, all of them well."""

from dataclasses import replace
from pathlib import Path

from mlps.doctor.facts import (
    Clock,
    Ended,
    Facts,
    Launcher,
    Limits,
    Machine,
    Package,
    SmallReads,
    Software,
    Spot,
)
from mlps.doctor.procfs import MEMINFO, SAMPLED

RELEASES = Path(__file__).parent / "os-release"
MPICH = "MPICH Version:      5.0.2\nMPICH Device:       ch4:ucx ofi\n"
OPEN_MPI = "Open MPI v5.0.11, package: Open MPI, ident: 5.0.11, repo rev: v5.0.11"
HYDRA = "HYDRA build details:\n    Version:                                 5.0.2\n"
MPIRUN = "mpirun (Open MPI) 4.1.4\n\nReport bugs to http://www.open-mpi.org/\n"
ONE_WORLD = '{"size": 2, "rank": 1}\n{"size": 2, "rank": 0}\n'
TWO_WORLDS = '{"size": 1, "rank": 0}\n{"size": 1, "rank": 0}\n'
MEMORY = b"""\
MemTotal: 16777216 kB
MemAvailable: 8388608 kB
SwapTotal: 0 kB
SwapFree: 0 kB
"""


def release(name: str) -> bytes:
    return (RELEASES / name).read_bytes()


def ended(stdout: str = "", stderr: str = "", status: int | None = 0) -> Ended:
    return Ended(status=status, stdout=stdout, stderr=stderr)


def launcher(version: str = HYDRA, hello: Ended | None = None, **more) -> Launcher:
    said = {"path": "/usr/bin/mpirun", "on_path": True, "beside": ""} | more
    return Launcher(version=ended(version), hello=hello or ended(ONE_WORLD), **said)


def software(**changes) -> Software:
    names = ("mlps", "h5py", "numpy", "hydra", "omegaconf", "mpi4py")
    return replace(
        Software(
            python=(3, 11, 9),
            executable="/opt/mlps/bin/python",
            packages=tuple(Package(name=n, version="1.0", problem="") for n in names),
            library=MPICH,
            launcher=launcher(),
            is_root=False,
        ),
        **changes,
    )


def machine(files: dict[str, bytes | int] | None = None, **changes) -> Machine:
    well: dict[str, bytes | int] = {one.path: b"" for one in SAMPLED}
    return replace(
        Machine(
            files=well | {MEMINFO: MEMORY} | (files or {}),
            cpus_online=8,
            cpus_allowed=8,
            clock=Clock(status=0x2001, max_error_us=1500, timesyncd=False, chrony=""),
            limits=Limits(open_files=65536, locked_bytes=-1),
            rdma=(),
            schedulers=(),
            job="",
            drop_caches_errno=0,
        ),
        **changes,
    )


def spot(where: str, device: int, **changes) -> Spot:
    return replace(
        Spot(
            path=Path(where),
            there=Path(where),
            fs_type="xfs",
            mount_point=where,
            source="/dev/nvme0n1p1",
            device=device,
            free_bytes=2**40,
            write_errno=0,
            direct_errno=0,
            pages=1024,
            pages_after_flush=0,
            reads=SmallReads(
                direct=True, latencies_ns=tuple(range(1000, 1_001_000, 1000))
            ),
        ),
        **changes,
    )


def linux(name: str = "debian-12", **changes) -> Facts:
    return replace(
        Facts(
            system="Linux",
            version="6.1.0",
            architecture="x86_64",
            os_release=release(name),
            software=software(),
            machine=machine(),
            data=spot("/mnt/data", 1),
            results=spot("/home/me", 2),
        ),
        **changes,
    )


def macos(**changes) -> Facts:
    """A Mac: no mpi4py, no launcher, nothing of /proc."""
    without = replace(
        software().packages[-1],
        version="",
        problem="ModuleNotFoundError: No module named 'mpi4py'",
    )
    bare = software(
        packages=(*software().packages[:-1], without), library="", launcher=None
    )
    return replace(
        Facts(
            system="Darwin",
            version="15.1",
            architecture="arm64",
            os_release=None,
            software=bare,
            machine=None,
            data=None,
            results=None,
        ),
        **changes,
    )
