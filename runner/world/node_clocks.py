"""The clocks of all ranks: rank 0 measures leaders, leaders measure their ranks.

Ranks of one host share a clock only if they share boot and time namespace, so
nothing is assumed: each is measured, on all hosts at once, and offsets and error
bounds add up. An order is timed on its way, so that a start leaves room for it.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from runner.world import clock
from runner.world.clock import ClockReading
from runner.world.place import Place
from runner.world.post import Kind
from runner.world.pump import Pump


@dataclass(slots=True)
class NodeClocks:
    """What this rank knows of clocks: all on rank 0, its team's on a leader."""

    pump: Pump
    place: Place
    fan_out_ns: int = 0
    """How late the slowest rank got an order, with the error of its clock."""
    _leaders: dict[int, ClockReading] = field(default_factory=dict)

    def sync(self, about: str, moment: str) -> None:
        """Measure all clocks; rank 0 records them. Collective."""
        pump = self.pump
        self._together(f"{about}/clock")
        local = self._measure_team()
        readings = None
        if self.place.leads_node:
            readings = {r.rank: r for r in local}
        pump.say(Kind.READY, f"{about}/team", readings)
        if pump.chief is None:
            if self.place.leads_node:
                clock.answer(pump.post.comm, 0, pump.turn)
        else:
            self._measure_leaders(about, moment)
        self._time_an_order(f"{about}/timed")

    def instant(self, start_ns: int) -> dict[int, int]:
        """Give an instant of rank 0's clock on each leader's clock."""
        return {
            rank: start_ns - reading.offset_ns
            for rank, reading in self._leaders.items()
        }

    def _measure_team(self) -> list[ClockReading]:
        pump, place = self.pump, self.place
        if not place.leads_node:
            clock.answer(pump.post.comm, pump.relay.leader, pump.turn)
            return []
        team = [clock.measure(pump.post.comm, r, pump.turn) for r in pump.relay.team]
        pump.relay.local_offsets_ns = {r.rank: r.offset_ns for r in team}
        return [clock.own(place.rank), *team]

    def _measure_leaders(self, about: str, moment: str) -> None:
        pump, chief = self.pump, self.pump.chief
        if chief is None:
            return
        pump.wait_for(lambda: chief.all_said(Kind.READY, f"{about}/team"))
        self._leaders = {0: clock.own(0)}
        for leader in self.place.node_leaders[1:]:
            self._leaders[leader] = clock.measure(pump.post.comm, leader, pump.turn)
        said = chief.payloads(Kind.READY, f"{about}/team")
        for leader, through in self._leaders.items():
            team = said[leader]
            if isinstance(team, dict):
                self._record(moment, (r.seen_from(through) for r in team.values()))

    def _record(self, moment: str, readings: Iterable[ClockReading]) -> None:
        for reading in readings:
            self.pump.recorder.row(
                "clock",
                reading.rank,
                moment,
                reading.sampled_at_ns,
                reading.offset_ns,
                reading.error_ns,
                reading.wall_minus_monotonic_ns,
            )

    def _together(self, about: str) -> None:
        """Have all ranks come to the same point."""
        pump, chief = self.pump, self.pump.chief
        pump.say(Kind.READY, about)
        if chief is not None:
            pump.wait_for(lambda: chief.all_said(Kind.READY, about))
            pump.give_order(about)
        pump.order(about)

    def _time_an_order(self, about: str) -> None:
        """Send the instant of sending; each rank tells how late it came."""
        pump, chief = self.pump, self.pump.chief
        if chief is not None:
            pump.give_start(about, self.instant(time.monotonic_ns()))
        sent_ns = pump.order(about)
        late_ns = pump.arrived_ns - sent_ns if isinstance(sent_ns, int) else 0
        pump.say(Kind.READY, f"{about}/late", late_ns)
        if chief is not None:
            pump.wait_for(lambda: chief.all_said(Kind.READY, f"{about}/late"))
            late = chief.payloads(Kind.READY, f"{about}/late")
            self.fan_out_ns = max(ns for ns in late if isinstance(ns, int))
