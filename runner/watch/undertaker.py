"""Ends what is left of a world that was told to end and did not.

A launcher can wait for ever for a host that is gone. Some seconds after the end
began, the launcher on this host is told to end, then killed, and with it the
ranks of this host that are still there.
"""

import os
import select
import signal
import time
from collections.abc import Callable

PATIENCE_S = 10.0
"""From the begin of an abort, or rank 0's death, to SIGTERM for the launcher."""
_TERM_S = 5.0
_RANKS_S = 2.0


class Undertaker:
    """Follows one launcher; `turn` does what is due."""

    def __init__(
        self, launcher_pid: int | None, kill_ranks: Callable[[], None]
    ) -> None:
        """Hold on to the launcher; its number may not be reused meanwhile."""
        self._launcher = None if launcher_pid is None else _hold(launcher_pid)
        self._kill_ranks = kill_ranks
        self._begun = False
        self._steps: list[tuple[float, Callable[[], None]]] = []

    def begin(self) -> None:
        """Note that the world is ending from now on."""
        if not self._begun:
            self._begun = True
            now_s = time.monotonic()
            self._steps = [
                (now_s + PATIENCE_S, lambda: self._signal(signal.SIGTERM)),
                (now_s + PATIENCE_S + _TERM_S, lambda: self._signal(signal.SIGKILL)),
                (now_s + PATIENCE_S + _TERM_S + _RANKS_S, self._kill_ranks),
            ]

    @property
    def begun(self) -> bool:
        """Say whether the end has begun."""
        return self._begun

    def turn(self) -> bool:
        """Do what is due; False when nothing is left to do."""
        now_s = time.monotonic()
        while self._steps and self._steps[0][0] <= now_s:
            self._steps.pop(0)[1]()
        return bool(self._steps)

    @property
    def launcher_is_there(self) -> bool:
        """Say whether the launcher still runs."""
        if self._launcher is None:
            return False
        poll = select.poll()
        poll.register(self._launcher, select.POLLIN)
        return not poll.poll(0)

    def _signal(self, number: signal.Signals) -> None:
        if self._launcher is not None and self.launcher_is_there:
            signal.pidfd_send_signal(self._launcher, number)


def _hold(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None
