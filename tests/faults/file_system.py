"""File systems that fill up, turn read-only or break, for real."""

import errno
import fcntl
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.faults.fault import Quiet
from tests.faults.ground import Capability, Ground, may
from tests.faults.world import World

_IMAGE_BYTES = 64 * 2**20
_PIECE_BYTES = 2**16
# EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH (linux/fs/ext4/ext4.h).
_SHUTDOWN = 0x8004587D
_NO_LOG_FLUSH = (2).to_bytes(4, "little")


@dataclass(frozen=True, slots=True)
class Full(Quiet):
    """A small tmpfs on `data` or `results` that somebody else fills."""

    where: str
    size_bytes: int

    def missing(self) -> str:
        return cannot_mount()

    def prepare(self, ground: Ground) -> None:
        place = _place(ground, self.where)
        size = f"size={self.size_bytes}"
        mount(ground, ["-t", "tmpfs", "-o", size, "tmpfs"], place)

    def strike(self, ground: Ground, world: World | None) -> None:
        fill(_filler(ground, self.where))

    def mend(self, ground: Ground) -> None:
        _filler(ground, self.where).unlink()


@dataclass(frozen=True, slots=True)
class Broken(Quiet):
    """An ext4 on a loop device that turns read-only, or fails with EIO."""

    where: str
    how: int

    def missing(self) -> str:
        if not Path("/dev/loop-control").exists() or not shutil.which("mkfs.ext4"):
            return "no loop devices or no mkfs.ext4 here"
        return cannot_mount()

    def prepare(self, ground: Ground) -> None:
        image = self._image(ground)
        with image.open("wb") as file:
            file.truncate(_IMAGE_BYTES)
        make = ["mkfs.ext4", "-q", "-m0", "-E", "root_owner=0:0", str(image)]
        subprocess.run(make, check=True)
        self._mount(ground)

    def strike(self, ground: Ground, world: World | None) -> None:
        place = _place(ground, self.where)
        if self.how == errno.EROFS:
            device = place.stat().st_dev
            name = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
            trigger = Path("/sys/fs/ext4") / name.resolve().name / "trigger_fs_error"
            trigger.write_text("1")
            return
        descriptor = os.open(place, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, _NO_LOG_FLUSH)
        finally:
            os.close(descriptor)

    def mend(self, ground: Ground) -> None:
        """Unmount, check and mount again, as an administrator would."""
        subprocess.run(["umount", _place(ground, self.where)], check=True)
        repaired = subprocess.run(
            ["e2fsck", "-fy", self._image(ground)], capture_output=True, check=False
        )
        if repaired.returncode not in (0, 1):
            raise OSError(repaired.returncode, repaired.stdout.decode())
        self._mount(ground)

    def _image(self, ground: Ground) -> Path:
        return ground.folder / f"{self.where}.ext4"

    def _mount(self, ground: Ground) -> None:
        options = ["-t", "ext4", "-o", "loop,errors=remount-ro"]
        mount(ground, [*options, str(self._image(ground))], _place(ground, self.where))


def cannot_mount() -> str:
    """Say why nothing can be mounted; empty when it can."""
    return "" if may(Capability.SYS_ADMIN) else "mounting needs CAP_SYS_ADMIN"


def mount(ground: Ground, source: list[str], place: Path) -> None:
    """Mount, and unmount at the end of the trial."""
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", *source, place], check=True)
    ground.cleanup.callback(_unmount, place)


def fill(path: Path) -> None:
    """Write a file until its file system is full."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (_PIECE_BYTES, 1):
            _write_until_full(descriptor, bytes(size))
    finally:
        os.close(descriptor)


def _write_until_full(descriptor: int, piece: bytes) -> None:
    while True:
        try:
            os.write(descriptor, piece)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            return


def _unmount(place: Path) -> None:
    """Take it away also while somebody still looks at it."""
    if place.is_mount():
        subprocess.run(["umount", "-l", place], check=True)


def _place(ground: Ground, where: str) -> Path:
    return {"data": ground.data, "results": ground.results}[where]


def _filler(ground: Ground, where: str) -> Path:
    return _place(ground, where) / "somebody-elses-file"
