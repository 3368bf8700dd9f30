"""Notices which process of this host dies first, whatever else goes on.

A thread of its own, because the order is lost once a launcher has killed the
rest: that takes it a few milliseconds.
"""

import os
import select
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_READABLE = select.POLLIN


@dataclass(frozen=True, slots=True)
class Death:
    """The rank whose process ended, and how to tell people."""

    rank: int
    text: str


class Deathwatch:
    """Watches processes until the first of them has ended."""

    def __init__(self, pids: Mapping[int, int], tell: Callable[[Death], None]) -> None:
        """Start watching rank -> pid; `tell` is called once, from the thread."""
        self._pids = dict(pids)
        self._tell = tell
        self._happened = threading.Event()
        self._first: Death | None = None
        descriptors = {os.pidfd_open(pid): rank for rank, pid in pids.items()}
        thread = threading.Thread(target=self._watch, args=(descriptors,), daemon=True)
        thread.start()

    def first(self, timeout_s: float) -> Death | None:
        """Return who died first, waiting for a death that is about to be noticed."""
        self._happened.wait(timeout_s)
        return self._first

    def _watch(self, descriptors: dict[int, int]) -> None:
        poll = select.poll()
        for descriptor in descriptors:
            poll.register(descriptor, _READABLE)
        dead = [descriptors[descriptor] for descriptor, _ in poll.poll()]
        for descriptor in descriptors:
            os.close(descriptor)
        host = os.uname().nodename
        names = [f"rank {r} (host {host}, pid {self._pids[r]})" for r in sorted(dead)]
        rank = dead[0] if len(dead) == 1 else -1
        self._first = Death(rank, f"{' and '.join(names)} died")
        self._happened.set()
        self._tell(self._first)
