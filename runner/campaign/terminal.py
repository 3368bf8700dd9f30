"""Whether a person watches: launchers put a pipe between a rank and the terminal.

What rank 0 writes is passed on to the launcher's own stderr, so the launcher is
looked at: the farthest ancestor with a launcher's name.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

_LAUNCHERS = {
    "hydra_pmi_proxy",
    "mpiexec",
    "mpiexec.hydra",
    "mpirun",
    "orted",
    "orterun",
    "palsd",
    "prte",
    "prted",
    "prterun",
    "srun",
}
_FALLBACK_COLUMNS = 100


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal at the other end, and its width."""

    columns: int


def find_terminal(stream: TextIO, proc: Path = Path("/proc")) -> Terminal | None:
    """Find the terminal that shows what is written to `stream`; None if none does."""
    if stream.isatty():
        return _terminal(stream.fileno())
    launcher = find_launcher(os.getpid(), proc)
    if launcher is None:
        return None
    try:
        descriptor = os.open(
            proc / str(launcher) / "fd" / "2", os.O_RDONLY | os.O_NOCTTY
        )
    except OSError:
        return None
    try:
        return _terminal(descriptor) if os.isatty(descriptor) else None
    finally:
        os.close(descriptor)


def open_stderr(pid: int, proc: Path = Path("/proc")) -> int | None:
    """Open what a process has as stderr, to append to it; None if it can't be."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_NOCTTY
    try:
        return os.open(proc / str(pid) / "fd" / "2", flags)
    except OSError:
        return None


def _terminal(descriptor: int) -> Terminal:
    try:
        columns = os.get_terminal_size(descriptor).columns
    except OSError:
        columns = 0
    return Terminal(columns or _FALLBACK_COLUMNS)


def find_launcher(pid: int, proc: Path = Path("/proc")) -> int | None:
    """Walk up while the parents are launchers; return the farthest of them."""
    found = None
    while True:
        status = (proc / str(pid) / "stat").read_bytes()
        pid = int(status.rpartition(b")")[2].split()[1])
        if pid <= 1:
            return found
        name = (proc / str(pid) / "comm").read_text(encoding="utf-8").strip()
        if name not in _LAUNCHERS:
            return found
        found = pid
