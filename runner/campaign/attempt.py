"""One attempt at a run, on one rank: phases in lock-step, then a sealed file.

Every rank goes through the same phases of the plan. Rank 0 lets each phase
begin when all are ready, at one instant of the corrected clock.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from mlps.metrics import NS_PER_S
from mlps.plan import Phase, PhaseKind, Run
from runner.world.node_clocks import NodeClocks
from runner.world.place import Place
from runner.world.position import Doing, Position
from runner.world.post import Kind
from runner.world.pump import Pump

_START_MARGIN_NS = 20_000_000
_RANK_0_ENDS_IT_S = 60.0
_MARGIN_FACTOR = 4
"""Margin of a start over what the last order took to reach the slowest rank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseResult:
    """What a rank did in a phase, and when it was done with it."""

    end_ns: int
    steps: int = 0
    samples: int = 0
    delivered_bytes: int = 0


Work = Callable[[], PhaseResult]


class Workload(Protocol):
    """What the attempt needs of a workload."""

    def begin(self, run: Run, number: int, phase: Phase, pump: Pump) -> Work:
        """Prepare a phase; the returned function does it."""

    def total_units(self, phase: Phase) -> tuple[int, str]:
        """Units of a phase over all ranks, and their name, for the live view."""


@dataclass(slots=True)
class Attempt:
    """The phases of one run on this rank."""

    run: Run
    place: Place
    workload: Workload
    pump: Pump
    _clocks: NodeClocks = field(init=False)

    def __post_init__(self) -> None:
        """No clock is measured yet."""
        self._clocks = NodeClocks(self.pump, self.place)

    def go(self) -> None:
        """Do all phases; returns on every rank when all ranks are done."""
        for number, phase in enumerate(self.run.phases):
            self._phase(number, phase)
        about = f"{self.run.number}/end"
        self._clocks.sync(about, "end")
        self.pump.send_frame()
        self._all_done(about)

    def _phase(self, number: int, phase: Phase) -> None:
        pump = self.pump
        about = f"{self.run.number}/{number}"
        pump.recorder.begin_phase(number)
        pump.position = Position(phase=phase.name)
        work = self.workload.begin(self.run, number, phase, pump)
        pump.send_frame()
        if number == 0 or phase.kind is PhaseKind.EPOCH:
            self._clocks.sync(about, "start" if number == 0 else phase.name)
        agreed_ns = self._agree(about, phase)
        pump.mark()
        pump.wait_until(agreed_ns, Doing.PREPARING)
        start_ns, wall_ns = time.monotonic_ns(), time.time_ns()
        result = work()
        pump.mark()
        pump.recorder.row(
            "phases",
            self.place.rank,
            number,
            phase.name,
            phase.epoch,
            agreed_ns,
            start_ns,
            result.end_ns,
            wall_ns,
            "complete",
            result.steps,
            result.samples,
            result.delivered_bytes,
        )
        pump.send_frame()
        self._all_done(about)

    def _agree(self, about: str, phase: Phase) -> int:
        """Agree on the start of a phase; the instant is on this rank's clock."""
        pump = self.pump
        pump.say(Kind.READY, about)
        if pump.chief is not None:
            chief = pump.chief
            pump.wait_for(lambda: chief.all_said(Kind.READY, about))
            margin_ns = max(_START_MARGIN_NS, _MARGIN_FACTOR * self._clocks.fan_out_ns)
            start_ns = time.monotonic_ns() + margin_ns
            pump.give_start(about, self._clocks.instant(start_ns))
            chief.expect(phase.name, phase.deadline_s)
            title = f"{self.run.label} {phase.name}"
            chief.live.begin(title, *self.workload.total_units(phase))
        agreed = pump.order(about)
        if not isinstance(agreed, int):
            raise TypeError(f"rank 0 sent {agreed!r} as the start of {about}")
        patience_s = phase.deadline_s + _RANK_0_ENDS_IT_S
        pump.deadline_ns = agreed + round(patience_s * NS_PER_S)
        return agreed

    def _all_done(self, about: str) -> None:
        pump = self.pump
        pump.say(Kind.DONE, about)
        if pump.chief is not None:
            chief = pump.chief
            pump.wait_for(lambda: chief.all_said(Kind.DONE, about))
            chief.relax()
            chief.live.end()
            pump.give_order(f"{about}/done")
        pump.order(f"{about}/done")
        pump.deadline_ns = 0
