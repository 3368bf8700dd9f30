"""The hub of all watches: a thread of the scribe process on rank 0's host.

It watches the ranks of its own node, hears the watches of the other nodes over
TCP, and keeps an eye on rank 0. What it learns goes to rank 0 as answers; what
rank 0 can no longer hear it does itself.
"""

import hmac
import queue
import resource
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from runner.watch.inspection import Inspection
from runner.watch.nodewatch import Death, NodeWatch
from runner.watch.stall import told
from runner.watch.telegraph import Telegraph
from runner.watch.undertaker import Undertaker
from runner.world.talk import tell

_TICK_S = 0.25
_BEAT_S = 1.0
_HELLO_S = 5.0
_SILENT_S = 3.0
_BACKLOG = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What the hub is told when it begins."""

    name: str
    host: str
    token: str
    launcher_pid: int | None
    report_s: float
    limit_s: float


@dataclass(slots=True)
class _Host:
    """The watch of another node."""

    line: Telegraph
    heard_s: float
    node: int = -1
    rank: int = -1
    name: str = ""


class Hub:
    """Runs in its own thread from the start; its methods may be called from others."""

    def __init__(self, charge: Charge, say: Callable[..., None]) -> None:
        """Listen to lifelines of this node and to watches of the others."""
        self._charge = charge
        self._say = say
        self._selector = selectors.DefaultSelector()
        self._node = NodeWatch(self._selector, charge.name, charge.host, self._died)
        self._undertaker = Undertaker(
            charge.launcher_pid, lambda: self._node.kill(self._node.ranks)
        )
        self._asked: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._hosts: dict[int, _Host] = {}
        self._silent: dict[int, _Host] = {}
        self._happened = threading.Event()
        self.verdict: Death | None = None
        self._over = False
        self._rank_0_heard_s = time.monotonic()
        self._rank_0_reported = False
        self._rank_0_at = ""
        self._writes = ("", 0.0)
        self._told_s = 0.0
        self._next_beat_s = 0.0
        self._listener = _listener()
        self.port = self._listener.getsockname()[1]
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._thread = threading.Thread(target=self._run, name="hub", daemon=True)
        self._thread.start()

    def first(self, timeout_s: float) -> Death | None:
        """Return who died first, waiting for a death that is about to be noticed."""
        self._happened.wait(timeout_s)
        return self.verdict

    def beat(self, at: str) -> None:
        """Rank 0 was heard, or can't be heard since the process is busy."""
        self._rank_0_heard_s = time.monotonic()
        self._rank_0_at = at or self._rank_0_at

    def writes(self, path: str) -> None:
        """Note that the process writes a file, so can't hear rank 0, or is done."""
        self._writes = (path, time.monotonic())

    def inspect(self, rank: int, node: int) -> None:
        """Have a rank's process looked at; the answer is said."""
        self._asked.put(lambda: self._ask(rank, node))

    def ending(self) -> None:
        """Note that the world was told to end, or rank 0 is gone."""
        self._asked.put(self._end)

    def see_it_end(self) -> None:
        """Wait until launcher and ranks of this host are gone, by force if need be."""
        while self._undertaker.launcher_is_there or self._node.ranks:
            if not self._thread.is_alive():
                return
            time.sleep(_TICK_S)

    def _run(self) -> None:
        while not self._over:
            for key, _ in self._selector.select(_TICK_S):
                key.data()
            self._node.settle()
            while not self._asked.empty():
                self._asked.get()()
            self._beat()
            self._look_at_hosts()
            self._look_at_rank_0()
            if self._undertaker.begun and not self._undertaker.turn():
                self._over = True

    def _beat(self) -> None:
        now_s = time.monotonic()
        if now_s >= self._next_beat_s:
            self._next_beat_s = now_s + _BEAT_S
            self._say(alive=True)

    def _died(self, death: Death) -> None:
        if self.verdict is None:
            self.verdict = death = self._cause(death)
            self._say(died=death.text, rank=death.rank)
        self._happened.set()

    def _cause(self, death: Death) -> Death:
        """Blame a host that fell silent before: for it the launcher ends the world."""
        if not self._silent:
            return death
        host = min(self._silent.values(), key=lambda host: host.heard_s)
        quiet_s = time.monotonic() - host.heard_s
        text = f"host {host.name} (rank {host.rank}) vanished: no word for"
        return Death(host.rank, f"{text} {quiet_s:.0f} s; then {death.text}")

    def _fell_silent(self, host: _Host) -> None:
        if host.node not in self._silent:
            self._silent[host.node] = host
            self._say(host_silent=host.node, silent=True)

    def _is_back(self, host: _Host) -> None:
        if self._silent.pop(host.node, None) is not None:
            self._say(host_silent=host.node, silent=False)

    def _end(self) -> None:
        self._rank_0_reported = True
        self._undertaker.begin()
        for host in self._hosts.values():
            host.line.send(do="end")

    def _ask(self, rank: int, node: int) -> None:
        for host in self._hosts.values():
            if host.node == node:
                host.line.send(do="inspect", rank=rank)
                return
        self._node.inspect(rank, lambda found: self._say(inspected=asdict(found)))

    def _accept(self) -> None:
        line, _ = self._listener.accept()
        host = _Host(Telegraph(line), time.monotonic())
        number = line.fileno()
        self._hosts[number] = host
        self._selector.register(
            line, selectors.EVENT_READ, lambda: self._hear(number, host)
        )

    def _hear(self, number: int, host: _Host) -> None:
        said = host.line.receive()
        for message in said or ():
            if host.node < 0 and not self._admit(host, message):
                said = None
                break
            self._take(host, message)
        if said is None:
            self._selector.unregister(host.line.socket)
            host.line.close()
            del self._hosts[number]
            if host.node >= 0:
                self._fell_silent(host)

    def _admit(self, host: _Host, message: dict[str, Any]) -> bool:
        """Let a watch in that knows the secret."""
        token = str(message.get("token", ""))
        if not hmac.compare_digest(token.encode(), self._charge.token.encode()):
            return False
        host.node, host.rank = int(message["node"]), int(message["rank"])
        host.name = str(message["host"])
        return True

    def _take(self, host: _Host, message: dict[str, Any]) -> None:
        host.heard_s = time.monotonic()
        self._is_back(host)
        if "died" in message:
            self._died(Death(int(message["rank"]), str(message["died"])))
        elif "inspected" in message:
            self._say(inspected=message["inspected"])

    def _look_at_hosts(self) -> None:
        now_s = time.monotonic()
        for number, host in list(self._hosts.items()):
            quiet_s = now_s - host.heard_s
            if host.node < 0 and quiet_s > _HELLO_S:
                self._selector.unregister(host.line.socket)
                host.line.close()
                del self._hosts[number]
            elif host.node >= 0 and quiet_s > _SILENT_S:
                self._fell_silent(host)

    def _look_at_rank_0(self) -> None:
        path, since_s = self._writes
        now_s = time.monotonic()
        if path:
            self._rank_0_heard_s = now_s
            if now_s - max(since_s, self._told_s) > 1.0:
                self._told_s = now_s
                self._say(writes=path, for_s=now_s - since_s)
        quiet_s = now_s - self._rank_0_heard_s
        if quiet_s < self._charge.report_s:
            self._rank_0_reported = self._rank_0_reported and self._undertaker.begun
            return
        if not self._rank_0_reported:
            self._rank_0_reported = True
            self._node.inspect(0, self._report_rank_0)
        if quiet_s > self._charge.limit_s and not self._undertaker.begun:
            self.verdict = Death(
                0,
                f"rank 0 (host {self._charge.host}): no word for {quiet_s:.0f} s, in"
                f" {self._rank_0_at}; it was ended",
            )
            self._happened.set()
            self._end()
            self._node.kill([0])

    def _report_rank_0(self, found: Inspection) -> None:
        quiet_s = time.monotonic() - self._rank_0_heard_s
        who = f"rank 0 (host {self._charge.host})"
        tell(told(who, quiet_s, self._rank_0_at, found, "no word"))


def _listener() -> socket.socket:
    """Listen where every host can reach it; one connection per host."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    both = socket.has_dualstack_ipv6()
    return socket.create_server(
        ("::" if both else "", 0),
        family=socket.AF_INET6 if both else socket.AF_INET,
        backlog=_BACKLOG,
        dualstack_ipv6=both,
    )
