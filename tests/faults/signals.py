"""Signals to ranks, the scribe and mpirun."""

import os
from dataclasses import dataclass
from signal import Signals

from tests.faults.fault import Quiet
from tests.faults.ground import Ground
from tests.faults.world import TrialError, World


@dataclass(frozen=True, slots=True)
class Signal(Quiet):
    """One signal to pid0, pid1, scribe or mpirun."""

    number: Signals
    to: tuple[str, ...]

    def strike(self, ground: Ground, world: World | None) -> None:
        if world is None:
            raise TrialError("no world to send a signal to")
        for name in self.to:
            pid = world.process.pid if name == "mpirun" else world.pids[name]
            os.kill(pid, self.number)
