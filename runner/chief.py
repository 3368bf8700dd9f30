"""Rank 0's view of all ranks: who is where, who is late, who failed.

It never waits: it is fed by the pump and says through StopOrder that the run
must end.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlps.errors import RunFailedError
from mlps.evidence.table import StructArray
from mlps.metrics import NS_PER_S
from runner.live import LiveView
from runner.post import Kind, Message
from runner.scribe import Scribe


class StopOrder(Exception):
    """The run must end now; `blamed_rank` is -1 when no rank is to blame."""

    def __init__(
        self,
        reason: str,
        blamed_rank: int = -1,
        status: int = RunFailedError.exit_status,
    ) -> None:
        """Keep reason and blame for the evidence, and the exit status."""
        super().__init__(reason)
        self.reason = reason
        self.blamed_rank = blamed_rank
        self.status = status


@dataclass(slots=True)
class RankState:
    """What a rank last said, and when it was heard."""

    heard_ns: int
    phase: str = ""
    step: int = 0
    last_object: str = ""
    silent_reported: bool = False


@dataclass(slots=True)
class Chief:
    """Books of rank 0 for one run."""

    hosts: tuple[str, ...]
    scribe: Scribe
    live: LiveView
    silent_s: float
    states: list[RankState] = field(init=False)
    _said: dict[tuple[Kind, str], dict[int, object]] = field(default_factory=dict)
    _deadline_ns: int = 0
    _deadline_phase: str = ""
    sealed: dict[str, Any] | None = None
    listeners: list[Callable[[Mapping[str, StructArray]], None]] = field(
        default_factory=list
    )

    def __post_init__(self) -> None:
        """All ranks were just heard in the handshake."""
        now_ns = time.monotonic_ns()
        self.states = [RankState(now_ns) for _ in self.hosts]

    def expect(self, phase: str, deadline_s: float) -> None:
        """Give the phase its deadline."""
        self._deadline_phase = phase
        self._deadline_ns = time.monotonic_ns() + int(deadline_s * NS_PER_S)

    def relax(self) -> None:
        """No deadline until the next `expect`."""
        self._deadline_ns = 0

    def take_frame(
        self, rank: int, state: tuple[str, int, str], frame: Mapping[str, StructArray]
    ) -> None:
        """Book a frame: rows to the scribe, state to the books and the view."""
        mine = self.states[rank]
        mine.heard_ns = time.monotonic_ns()
        mine.phase, mine.step, mine.last_object = state
        mine.silent_reported = False
        for table, rows in frame.items():
            self.scribe.append(table, rows)
        self.live.take_frame(frame)
        for listen in self.listeners:
            listen(frame)

    def take(self, message: Message) -> None:
        """Book a message of another rank."""
        if message.kind is Kind.FRAME:
            state, frame = message.payload
            self.take_frame(message.source, state, frame)
        elif message.kind is Kind.FAIL:
            raise StopOrder(str(message.payload), message.source)
        else:
            self.note(message.kind, message.about, message.source, message.payload)

    def note(self, kind: Kind, about: str, rank: int, payload: object) -> None:
        """Book that a rank said READY or DONE about something."""
        self._said.setdefault((kind, about), {})[rank] = payload

    def all_said(self, kind: Kind, about: str) -> bool:
        """Say whether every rank has said it."""
        return len(self._said.get((kind, about), {})) == len(self.hosts)

    def payloads(self, kind: Kind, about: str) -> list[object]:
        """Return what the ranks sent along, in rank order."""
        said = self._said[kind, about]
        return [said[rank] for rank in range(len(self.hosts))]

    def look(self) -> None:
        """Check the scribe, silent ranks and the deadline."""
        for answer in self.scribe.answers():
            if "failed" in answer:
                raise StopOrder(str(answer["failed"]), 0)
            if "died" in answer:
                raise StopOrder(str(answer["died"]), int(answer["rank"]))
            self.sealed = answer["sealed"]
        now_ns = time.monotonic_ns()
        self._report_silent(now_ns)
        if self._deadline_ns and now_ns > self._deadline_ns:
            late = min(range(len(self.states)), key=self._progress)
            raise StopOrder(
                f"phase {self._deadline_phase!r} passed its deadline; farthest behind"
                f" is {self.describe(late)}",
                late,
            )
        self.live.refresh(self.states)

    def name(self, rank: int) -> str:
        """Rank and host for people."""
        return f"rank {rank} (host {self.hosts[rank]})"

    def describe(self, rank: int) -> str:
        """Where a rank was when it was last heard."""
        state = self.states[rank]
        silent_s = (time.monotonic_ns() - state.heard_ns) / NS_PER_S
        return (
            f"{self.name(rank)}: phase {state.phase or 'none'}, step {state.step},"
            f" last object {state.last_object or 'none'}, heard {silent_s:.0f} s ago"
        )

    def _progress(self, rank: int) -> tuple[bool, int, int]:
        state = self.states[rank]
        return (state.phase == self._deadline_phase, state.step, state.heard_ns)

    def _report_silent(self, now_ns: int) -> None:
        for rank, state in enumerate(self.states):
            if now_ns - state.heard_ns > self.silent_s * NS_PER_S:
                if not state.silent_reported:
                    self.live.say(f"no word from {self.describe(rank)}")
                state.silent_reported = True
