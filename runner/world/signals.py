"""Signals that ask a rank to end: noted here, acted upon where the rank waits."""

import signal
from types import FrameType

ENDING = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGXCPU,
)
"""Interrupts, and what batch systems send some time before they kill."""


class Signals:
    """The first such signal of this process; the ones after it change nothing."""

    def __init__(self) -> None:
        """Nothing was received."""
        self.received = ""

    def route(self) -> None:
        """Note them from now on; what was ignored (nohup) stays ignored."""
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.received = self.received or signal.Signals(number).name
