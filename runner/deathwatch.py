"""Notices which process of a host dies first, whatever else goes on.

Each rank of the scribe's host holds a connection to it. The kernel closes it the
moment the process dies, before a launcher can learn of that and kill the others;
so the first connection to end without a goodbye names the rank that died.
"""

import select
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass

from mlps.errors import NotReadyError

_GOODBYE = b"."
_HELLO = struct.Struct("<qq")


@dataclass(frozen=True, slots=True)
class Death:
    """The rank whose process ended (-1: several at once), and how to tell people."""

    rank: int
    text: str


class Lifeline:
    """A rank's end of the connection; lost when the process is."""

    def __init__(self, name: str, rank: int, pid: int) -> None:
        """Connect to the watch of this host."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._socket.connect(_address(name))
            self._socket.send(_HELLO.pack(rank, pid))
        except OSError as error:
            raise NotReadyError(
                f"rank {rank}: no connection to the process that writes the evidence:"
                f" {error.strerror}"
            ) from error

    def close(self) -> None:
        """Say goodbye: this rank ends because it is done."""
        self._socket.send(_GOODBYE)
        self._socket.close()


class Deathwatch:
    """Watches the ranks that connect until the first of them has died."""

    def __init__(self, name: str, host: str, tell: Callable[[Death], None]) -> None:
        """Start listening; `tell` is called once, from a thread of the watch."""
        self._host = host
        self._tell = tell
        self._happened = threading.Event()
        self._first: Death | None = None
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(_address(name))
        self._listener.listen(1024)
        threading.Thread(target=self._watch, daemon=True).start()

    def first(self, timeout_s: float) -> Death | None:
        """Return who died first, waiting for a death that is about to be noticed."""
        self._happened.wait(timeout_s)
        return self._first

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        lines: dict[int, tuple[socket.socket, int, int]] = {}
        while True:
            dead = []
            for descriptor, _ in poll.poll():
                if descriptor == self._listener.fileno():
                    line, _ = self._listener.accept()
                    lines[line.fileno()] = (line, *_HELLO.unpack(line.recv(16)))
                    poll.register(line, select.POLLIN)
                    continue
                line, rank, pid = lines.pop(descriptor)
                poll.unregister(descriptor)
                if line.recv(1) != _GOODBYE:
                    dead.append((rank, pid))
                line.close()
            if dead:
                self._note(sorted(dead))
                return

    def _note(self, dead: list[tuple[int, int]]) -> None:
        names = [f"rank {rank} (host {self._host}, pid {pid})" for rank, pid in dead]
        rank = dead[0][0] if len(dead) == 1 else -1
        self._first = Death(rank, f"{' and '.join(names)} died")
        self._happened.set()
        self._tell(self._first)


def _address(name: str) -> str:
    """Address without a file: Linux's abstract namespace."""
    return f"\0mlps-{name}"
