"""Reports of ranks that stall: has each looked at by its node's watch, then tells.

Fed by the chief; what it finds goes to the screen and into the table `stalls`.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlps.metrics import NS_PER_S
from runner.campaign.live import LiveView
from runner.record.recorder import to_rows
from runner.record.scribe import Scribe
from runner.watch.inspection import Inspection
from runner.watch.stall import Stall, Stalls, Why, told
from runner.world.place import Place
from runner.world.position import Position

_ANSWER_NS = 3 * NS_PER_S
_AT_ONCE = 8
"""Ranks looked at and shown one by one; when storage hangs, all ranks stall."""


@dataclass(slots=True)
class Examiner:
    """Reports of one run, on rank 0."""

    place: Place
    pids: Sequence[int]
    stalls: Stalls
    scribe: Scribe
    live: LiveView
    _open: dict[int, tuple[int, Stall]] = field(default_factory=dict)
    _reports: dict[int, str] = field(default_factory=dict)

    def look(self, now_ns: int) -> None:
        """Have new stalls looked at; report those whose watch does not answer."""
        due = self.stalls.due(now_ns)
        for stall in due[:_AT_ONCE]:
            self._open[stall.rank] = (now_ns, stall)
            self.scribe.inspect(stall.rank, self.place.nodes[stall.rank])
        for stall in due[_AT_ONCE:]:
            self._record(now_ns, stall, self._unseen(stall))
        if due[_AT_ONCE:]:
            self.live.say(f"stalled: and {len(due) - _AT_ONCE} more ranks")
        for rank, (asked_ns, stall) in list(self._open.items()):
            if now_ns - asked_ns > _ANSWER_NS:
                del self._open[rank]
                self._report(now_ns, stall, self._unseen(stall))

    def take(self, answer: Mapping[str, Any]) -> None:
        """Take what a watch has found."""
        found = Inspection(**answer)
        asked = self._open.pop(found.rank, None)
        if asked is not None:
            self._report(time.monotonic_ns(), asked[1], found)

    def recovered(self, rank: int) -> None:
        """Tell that a reported rank gets on again."""
        self._open.pop(rank, None)
        if self._reports.pop(rank, None) is not None:
            self.live.say(f"{self.name(rank)} goes on")

    def name(self, rank: int) -> str:
        """Rank and host for people."""
        return f"rank {rank} (host {self.place.hosts[rank]})"

    def verdict(self, stall: Stall, now_ns: int) -> str:
        """Say why this stall ends the run."""
        at = self.stalls.ranks[stall.rank].position
        seconds = (now_ns - stall.since_ns) / NS_PER_S
        told_before = self._reports.get(stall.rank, "")
        return (
            f"{self.name(stall.rank)}, pid {self.pids[stall.rank]}: {stall.why} for"
            f" {seconds:.0f} s: {at}{told_before}"
        )

    def _unseen(self, stall: Stall) -> Inspection:
        return Inspection(rank=stall.rank, pid=self.pids[stall.rank])

    def _report(self, now_ns: int, stall: Stall, found: Inspection) -> None:
        at = self._record(now_ns, stall, found)
        quiet_s = (now_ns - stall.since_ns) / NS_PER_S
        if stall.why is not Why.AWAITED:
            self._reports[stall.rank] = f"; process {found.state or 'not looked at'}"
            if found.wait_channel:
                self._reports[stall.rank] += f", in {found.wait_channel}"
        name = self.name(stall.rank)
        self.live.say(told(name, quiet_s, str(at), found, stall.why))

    def _record(self, now_ns: int, stall: Stall, found: Inspection) -> Position:
        at = self.stalls.ranks[stall.rank].position
        row = (
            stall.rank,
            now_ns,
            self.pids[stall.rank],
            at.phase,
            at.doing.value,
            at.step,
            at.object,
            now_ns - stall.since_ns,
            found.state,
            found.wait_channel,
            found.stack,
        )
        self.scribe.append("stalls", to_rows("stalls", [row]))
        return at
