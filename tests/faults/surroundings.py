"""What a world finds around it: shared memory, temporary files, its own output."""

from dataclasses import dataclass

from tests.faults.fault import Quiet
from tests.faults.file_system import cannot_mount, fill, mount
from tests.faults.ground import Ground


@dataclass(frozen=True, slots=True)
class TinySharedMemory(Quiet):
    """A /dev/shm too small for MPI, seen by this world alone."""

    size_bytes: int

    def missing(self) -> str:
        return cannot_mount()

    def launcher(self, ground: Ground) -> list[str]:
        size = f"size={self.size_bytes}"
        own = f'mount -t tmpfs -o {size} tmpfs /dev/shm && exec "$@"'
        return ["unshare", "-m", "sh", "-c", own, "sh"]


@dataclass(frozen=True, slots=True)
class FullTemporary(Quiet):
    """TMPDIR is full before the first process starts."""

    def missing(self) -> str:
        return cannot_mount()

    def prepare(self, ground: Ground) -> None:
        place = ground.folder / "tmp"
        mount(ground, ["-t", "tmpfs", "-o", "size=64k", "tmpfs"], place)
        fill(place / "somebody-elses-file")

    def launcher(self, ground: Ground) -> list[str]:
        return ["env", f"TMPDIR={ground.folder / 'tmp'}"]


@dataclass(frozen=True, slots=True)
class ClosedOutput(Quiet):
    """Nobody reads what is said after two lines: mpirun ... 2>&1 | head -2."""

    def launcher(self, ground: Ground) -> list[str]:
        piped = '"$@" 2>&1 | head -2; exit ${PIPESTATUS[0]}'
        return ["bash", "-c", piped, "bash"]
