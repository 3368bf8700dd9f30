"""The watch of a node other than rank 0's: lifelines here, one line to the hub.

Its first line of input is its charge (JSON); on its output it says that it
listens, and whether it reached the hub. It ends when its ranks have ended.
"""

import contextlib
import json
import selectors
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from runner.watch.inspection import Inspection
from runner.watch.nodewatch import Death, NodeWatch
from runner.watch.telegraph import Telegraph

_TICK_S = 0.25
_BEAT_S = 1.0
_CONNECT_S = 3.0
_RETRY_S = 5.0
_FIRST_RANK_S = 300.0
_MERCY_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchCharge:
    """Whom to watch, and where the hub is."""

    name: str
    node: int
    rank: int
    """The lowest of the node, for people."""
    host: str
    addresses: Sequence[str]
    port: int
    token: str


class Watch:
    """The loop of the process."""

    def __init__(self, charge: WatchCharge) -> None:
        """Listen to the ranks of this node."""
        self._charge = charge
        self._selector = selectors.DefaultSelector()
        self._node = NodeWatch(self._selector, charge.name, charge.host, self._died)
        self._hub: Telegraph | None = None
        self._next_try_s = 0.0
        self._next_beat_s = 0.0
        self._kill_at_s: float | None = None
        self._began_s = time.monotonic()

    def connect(self) -> str:
        """Reach the hub by any of its addresses; return what went wrong, or ""."""
        wrong = []
        self._next_try_s = time.monotonic() + _RETRY_S
        for address in self._charge.addresses:
            try:
                line = socket.create_connection(
                    (address, self._charge.port), _CONNECT_S
                )
            except OSError as error:
                wrong.append(f"{address}: {error.strerror or error}")
                continue
            self._hub = Telegraph(line)
            self._hub.send(
                token=self._charge.token,
                node=self._charge.node,
                rank=self._charge.rank,
                host=self._charge.host,
            )
            self._selector.register(line, selectors.EVENT_READ, self._hear)
            return ""
        return "; ".join(wrong)

    def run(self) -> None:
        """Watch until the last rank has ended."""
        while not self._is_done:
            for key, _ in self._selector.select(_TICK_S):
                key.data()
            self._node.settle()
            now_s = time.monotonic()
            if self._hub is not None and now_s >= self._next_beat_s:
                self._next_beat_s = now_s + _BEAT_S
                self._hub.send(beat=self._charge.node)
            if self._hub is None and now_s >= self._next_try_s:
                self.connect()
            if self._kill_at_s is not None and now_s > self._kill_at_s:
                self._node.kill(self._node.ranks)
                return

    @property
    def _is_done(self) -> bool:
        if self._node.seen:
            return not self._node.ranks
        return time.monotonic() - self._began_s > _FIRST_RANK_S

    def _died(self, death: Death) -> None:
        if self._hub is not None:
            self._hub.send(died=death.text, rank=death.rank)

    def _hear(self) -> None:
        if self._hub is None:
            return
        said = self._hub.receive()
        if said is None:
            self._selector.unregister(self._hub.socket)
            self._hub.close()
            self._hub = None
            self._next_try_s = time.monotonic() + _BEAT_S
            return
        for message in said:
            self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("do") == "inspect":
            self._node.inspect(int(message["rank"]), self._inspected)
        elif message.get("do") == "end":
            self._kill_at_s = time.monotonic() + _MERCY_S

    def _inspected(self, found: Inspection) -> None:
        if self._hub is not None:
            self._hub.send(inspected=asdict(found))


def main() -> int:
    """Watch as charged."""
    watch = Watch(WatchCharge(**json.loads(sys.stdin.readline())))
    wrong = watch.connect()
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(json.dumps({"wrong": wrong}) + "\n")
        sys.stdout.flush()
    watch.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
