"""What is looked at together, and how: open once, read often, parse later.

A look is the files of one table. Reading is the only thing done while the run
is being timed, so it gives bytes; the look's parser makes rows of them later.
"""

import errno
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from mlps.errors import NotReadyError
from mlps.evidence import StructArray
from runner.record.procfs import cpu, disks, memory, net, nfs, pressure, process

_READ_BYTES = 16384

Raw = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class File:
    """One file: may a kernel lack it, is it constant while a process runs."""

    path: str
    needed: bool = True
    constant: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """The table, its files, and the parser `(rank or node, at_ns, *files)`.

    A file of many records comes a page at a time and is read to its end. One in
    one piece is whole after a short read; not asking again saves a wait for the
    interpreter lock, which is up to 5 ms beside a busy Python thread.
    """

    table: str
    files: tuple[File, ...]
    parse: Callable[..., StructArray]
    one_piece: bool = True


RANK_LOOKS = (
    Look(
        "process",
        (
            File(process.IO, needed=False),
            File(process.STAT),
            File(process.STATUS),
            File(process.SCHEDSTAT, needed=False),
            File(process.TASK_DELAYACCT, needed=False, constant=True),
        ),
        process.process_rows,
    ),
)
HOST_LOOKS = (
    Look("cpu", (File(cpu.STAT), File(cpu.LOADAVG)), cpu.cpu_rows),
    Look("memory", (File(memory.MEMINFO),), memory.memory_rows),
    Look("vmstat", (File(memory.VMSTAT),), memory.vmstat_rows, one_piece=False),
    Look(
        "disks",
        (File(disks.DISKSTATS, needed=False),),
        disks.disk_rows,
        one_piece=False,
    ),
    Look("net", (File(net.NET_DEV, needed=False),), net.net_rows, one_piece=False),
    Look(
        "pressure",
        tuple(
            File(f"{pressure.PRESSURE}/{resource}", needed=False)
            for resource in pressure.RESOURCES
        ),
        pressure.pressure_rows,
    ),
    Look("nfs", (File(nfs.MOUNTSTATS, needed=False),), nfs.nfs_rows, one_piece=False),
)


@dataclass(frozen=True, slots=True)
class OpenLook:
    """A look whose files are open.

    Per file, `content` holds what needs no reading: the bytes of a constant file,
    None for one this kernel lacks. `reads` are place and descriptor of the others.
    """

    look: Look
    content: tuple[bytes | None, ...]
    reads: tuple[tuple[int, int], ...]

    @property
    def absent(self) -> tuple[str, ...]:
        """Files this kernel lacks."""
        read = {place for place, _ in self.reads}
        files = enumerate(zip(self.look.files, self.content, strict=True))
        return tuple(
            file.path
            for place, (file, content) in files
            if content is None and place not in read
        )

    def read(self) -> Raw:
        """Read anew what changes; all that a look costs while the run is timed."""
        raw = [os.pread(fd, _READ_BYTES, 0) for _, fd in self.reads]
        if not self.look.one_piece or max(map(len, raw)) == _READ_BYTES:
            return tuple(map(_to_its_end, (fd for _, fd in self.reads), raw))
        return tuple(raw)

    def parse(self, owner: int, at_ns: int, raw: Raw) -> StructArray:
        """Make rows of what `read` gave for a rank's or node's number."""
        files = list(self.content)
        for (place, _), content in zip(self.reads, raw, strict=True):
            files[place] = content
        return self.look.parse(owner, at_ns, *files)


def open_look(look: Look, proc: Path, closing: ExitStack) -> OpenLook:
    """Open every file of the look under `proc`; `closing` closes them."""
    content: list[bytes | None] = []
    reads: list[tuple[int, int]] = []
    for place, file in enumerate(look.files):
        fd = _open(file, proc, closing)
        if fd is None or file.constant:
            content.append(None if fd is None else os.pread(fd, _READ_BYTES, 0))
        else:
            content.append(None)
            reads.append((place, fd))
    return OpenLook(look, tuple(content), tuple(reads))


def _open(file: File, proc: Path, closing: ExitStack) -> int | None:
    path = proc / file.path.removeprefix("/proc/")
    try:
        fd = os.open(path, os.O_RDONLY)
        closing.callback(os.close, fd)
        os.pread(fd, 1, 0)  # pressure that is switched off opens, then refuses
    except OSError as error:
        if not file.needed and error.errno in (errno.ENOENT, errno.EOPNOTSUPP):
            return None
        raise NotReadyError(
            f"{path}: can't be sampled: {error.strerror};"
            " make /proc readable for this user, or switch sampling off in the plan"
        ) from error
    return fd


def _to_its_end(fd: int, raw: bytes) -> bytes:
    while part := os.pread(fd, _READ_BYTES, len(raw)):
        raw += part
    return raw
