"""Notices which process of a node dies first, whatever else goes on.

Each rank of the node holds a connection to it. The kernel closes it the moment
the process dies, before a launcher can learn of that and kill the others; so the
first connection to end without a goodbye names the rank that died.
"""

import os
import selectors
import signal
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runner.watch.inspection import Inspection, inspect
from runner.watch.lifeline import GOODBYE, HELLO, address

_CREDENTIALS = struct.Struct("3i")


@dataclass(frozen=True, slots=True)
class Death:
    """The rank whose process ended (-1: several at once), and how to tell people."""

    rank: int
    text: str


@dataclass(frozen=True, slots=True)
class _Line:
    socket: socket.socket
    rank: int
    pid: int
    dump: int | None


class NodeWatch:
    """The ranks of one node; a loop over `selector` calls what it registered."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        name: str,
        host: str,
        tell: Callable[[Death], None],
    ) -> None:
        """Start listening; `tell` is called by `settle`."""
        self._selector = selector
        self._host = host
        self._tell = tell
        self._dead: list[tuple[int, int]] = []
        self._lines: dict[int, _Line] = {}
        self.seen = 0
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(address(name))
        self._listener.listen(1024)
        selector.register(self._listener, selectors.EVENT_READ, self._accept)

    @property
    def ranks(self) -> Sequence[int]:
        """Ranks that are connected."""
        return tuple(self._lines)

    def settle(self) -> None:
        """Tell of those who died in this round of the loop, together."""
        if self._dead:
            dead, self._dead = sorted(self._dead), []
            names = [f"rank {r} (host {self._host}, pid {pid})" for r, pid in dead]
            rank = dead[0][0] if len(dead) == 1 else -1
            self._tell(Death(rank, f"{' and '.join(names)} died"))

    def inspect(self, rank: int, tell: Callable[[Inspection], None]) -> None:
        """Look at a rank's process; a thread tells the result within about 1 s."""
        line = self._lines.get(rank)
        if line is None:
            tell(Inspection(rank=rank, pid=-1, state="? not there"))
            return
        # A copy: the line may end, and its number be reused, before the thread has.
        dump = None if line.dump is None else os.dup(line.dump)

        def look() -> None:
            tell(inspect(rank, line.pid, dump))
            if dump is not None:
                os.close(dump)

        threading.Thread(target=look, daemon=True).start()

    def kill(self, ranks: Sequence[int]) -> None:
        """End processes for good, also stopped ones."""
        for rank in ranks:
            line = self._lines.get(rank)
            if line is not None:
                os.kill(line.pid, signal.SIGKILL)

    def _accept(self) -> None:
        line, _ = self._listener.accept()
        # The kernel's word for the pid, as it is in this process's namespace.
        peer = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        pid, user, _ = _CREDENTIALS.unpack(peer)
        data, files, _, _ = socket.recv_fds(line, HELLO.size, 1)
        if len(data) != HELLO.size or user != os.getuid():
            line.close()
            return
        (rank,) = HELLO.unpack(data)
        found = _Line(line, rank, pid, files[0] if files else None)
        self._lines[rank] = found
        self.seen += 1
        self._selector.register(line, selectors.EVENT_READ, lambda: self._hear(found))

    def _hear(self, line: _Line) -> None:
        try:
            said_goodbye = line.socket.recv(1) == GOODBYE
        except ConnectionError:
            said_goodbye = False
        self._selector.unregister(line.socket)
        line.socket.close()
        if line.dump is not None:
            os.close(line.dump)
        del self._lines[line.rank]
        if not said_goodbye:
            self._dead.append((line.rank, line.pid))
