"""What a world finds around it: shared memory, temporary files, its own output."""

from dataclasses import dataclass

from tests.faults.fault import Quiet
from tests.faults.file_system import fill, mount
from tests.faults.ground import Capability, Ground, may


@dataclass(frozen=True, slots=True)
class TinySharedMemory(Quiet):
    """A /dev/shm too small for MPI, seen by this world alone."""

    size_bytes: int

    def missing(self) -> str:
        return (
            ""
            if may(Capability.SYS_ADMIN)
            else "needs CAP_SYS_ADMIN to mount another /dev/shm"
        )

    def launcher(self, ground: Ground) -> list[str]:
        size = f"size={self.size_bytes}"
        own = f'mount -t tmpfs -o {size} tmpfs /dev/shm && exec "$@"'
        return ["unshare", "-m", "sh", "-c", own, "sh"]


@dataclass(frozen=True, slots=True)
class FullTemporary(Quiet):
    """TMPDIR is full before the first process starts."""

    def missing(self) -> str:
        return (
            ""
            if may(Capability.SYS_ADMIN)
            else "needs CAP_SYS_ADMIN to mount a small TMPDIR"
        )

    def prepare(self, ground: Ground) -> None:
        place = ground.folder / "tmp"
        mount(ground, ["-t", "tmpfs", "-o", "size=64k", "tmpfs"], place)
        fill(place / "somebody-elses-file")

    def launcher(self, ground: Ground) -> list[str]:
        return ["env", f"TMPDIR={ground.folder / 'tmp'}"]


@dataclass(frozen=True, slots=True)
class ClosedOutput(Quiet):
    """Nobody reads what is said after the first line: mpirun ... 2>&1 | head -1."""

    def launcher(self, ground: Ground) -> list[str]:
        piped = '"$@" 2>&1 | head -1; exit ${PIPESTATUS[0]}'
        return ["bash", "-c", piped, "bash"]
