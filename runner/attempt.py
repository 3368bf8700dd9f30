"""One attempt at a run, on one rank: phases in lock-step, then a sealed file.

Every rank goes through the same phases of the plan. Rank 0 lets each phase
begin when all are ready, at one instant of the corrected clock.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from mlps.plan import Phase, PhaseKind, Run
from runner import clock
from runner.place import Place
from runner.post import Kind
from runner.pump import Pump

_START_MARGIN_NS = 20_000_000


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
    _offsets_ns: list[int] = field(default_factory=list)

    def go(self) -> None:
        """Do all phases; returns on every rank when all ranks are done."""
        for number, phase in enumerate(self.run.phases):
            self._phase(number, phase)
        about = f"{self.run.number}/end"
        self._sync_clocks(about, "end")
        self.pump.send_frame()
        self._all_done(about)

    def _phase(self, number: int, phase: Phase) -> None:
        pump = self.pump
        about = f"{self.run.number}/{number}"
        pump.recorder.begin_phase(number)
        pump.state = (phase.name, 0, "")
        work = self.workload.begin(self.run, number, phase, pump)
        if number == 0 or phase.kind is PhaseKind.EPOCH:
            self._sync_clocks(about, "start" if number == 0 else phase.name)
        agreed_ns = self._agree(about, phase)
        pump.mark()
        pump.wait_until(agreed_ns)
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

    def _sync_clocks(self, about: str, moment: str) -> None:
        pump = self.pump
        pump.say(Kind.READY, f"{about}/clock")
        if pump.chief is None:
            pump.order(f"{about}/clock")
            clock.answer(pump.post.comm)
            return
        chief = pump.chief
        pump.wait_for(lambda: chief.all_said(Kind.READY, f"{about}/clock"))
        self._offsets_ns = []
        for rank in range(self.place.world):
            if rank:
                pump.post.send(rank, Kind.GO, f"{about}/clock")
            reading = clock.measure(pump.post.comm, rank)
            self._offsets_ns.append(reading.offset_ns)
            pump.recorder.row(
                "clock",
                rank,
                moment,
                reading.sampled_at_ns,
                reading.offset_ns,
                reading.error_ns,
                reading.wall_minus_monotonic_ns,
            )

    def _agree(self, about: str, phase: Phase) -> int:
        """Agree on the start of a phase; the instant is on this rank's clock."""
        pump = self.pump
        pump.say(Kind.READY, about)
        if pump.chief is not None:
            chief = pump.chief
            pump.wait_for(lambda: chief.all_said(Kind.READY, about))
            start_ns = time.monotonic_ns() + _START_MARGIN_NS
            pump.give_order(about, [start_ns - offset for offset in self._offsets_ns])
            chief.expect(phase.name, phase.deadline_s)
            title = f"{self.run.label} {phase.name}"
            chief.live.begin(title, *self.workload.total_units(phase))
        agreed = pump.order(about)
        if not isinstance(agreed, int):
            raise TypeError(f"rank 0 sent {agreed!r} as the start of {about}")
        return agreed

    def _all_done(self, about: str) -> None:
        pump = self.pump
        pump.say(Kind.DONE, about)
        if pump.chief is not None:
            chief = pump.chief
            pump.wait_for(lambda: chief.all_said(Kind.DONE, about))
            chief.relax()
            chief.live.end()
            pump.give_order(f"{about}/done", [None] * self.place.world)
        pump.order(f"{about}/done")
