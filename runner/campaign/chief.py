"""Rank 0's view of all ranks: who is where, who is late, who failed.

It never waits: it is fed by the pump and says through StopOrder that the run
must end.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mlps.errors import RunFailedError
from mlps.evidence import BY_NAME
from mlps.evidence.table import StructArray
from mlps.metrics import NS_PER_S
from runner.campaign.live import LiveView
from runner.record.scribe import Scribe
from runner.watch.examiner import Examiner
from runner.watch.stall import Stalls, seen
from runner.world.bundle import Wire, unpacked
from runner.world.position import Position
from runner.world.post import Kind, Message

_EVENTS = BY_NAME["events"]
# Looking at every rank costs; four times a second is often enough.
_LOOK_INTERVAL_NS = NS_PER_S // 4


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
class Chief:
    """Books of rank 0 for one run."""

    scribe: Scribe
    live: LiveView
    stalls: Stalls
    examiner: Examiner
    report_s: float
    limit_s: float
    sealed: dict[str, Any] | None = None
    _said: dict[tuple[Kind, str], dict[int, object]] = field(default_factory=dict)
    _next_look_ns: int = 0
    _deadline_ns: int = 0
    _deadline_phase: str = ""
    listeners: list[Callable[[Mapping[str, StructArray]], None]] = field(
        default_factory=list
    )
    _silent_hosts: dict[int, int] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def expect(self, phase: str, deadline_s: float) -> None:
        """Give the phase its deadline."""
        self._deadline_phase = phase
        self._deadline_ns = time.monotonic_ns() + int(deadline_s * NS_PER_S)

    def relax(self) -> None:
        """No deadline until the next `expect`."""
        self._deadline_ns = 0

    def take_frame(
        self, rank: int, position: Position, frame: Mapping[str, StructArray]
    ) -> None:
        """Book a frame of this rank itself."""
        self._hear(rank, position, time.monotonic_ns())
        self.scribe.beat(str(position))
        for table, rows in frame.items():
            self._take_rows(table, rows.tobytes())

    def take(self, message: Message) -> None:
        """Book a message of another rank, or of the leader of a node."""
        source = self.examiner.name(message.source)
        if message.kind is Kind.FRAME:
            self._take_bundle(message.payload)
        elif message.kind is Kind.FAIL:
            raise StopOrder(str(message.payload), message.source)
        elif message.kind is Kind.SIGNAL:
            reason = f"interrupted by {message.payload} to {source}"
            raise StopOrder(reason, status=130)
        else:
            self.note(message.kind, message.about, message.payload)

    def note(self, kind: Kind, about: str, said: Mapping[int, object]) -> None:
        """Book that ranks said READY or DONE about something."""
        self._said.setdefault((kind, about), {}).update(said)

    def all_said(self, kind: Kind, about: str) -> bool:
        """Say whether every rank has said it."""
        return len(self._said.get((kind, about), ())) == len(self.stalls.ranks)

    def payloads(self, kind: Kind, about: str) -> list[object]:
        """Return what the ranks sent along, in rank order, and forget it."""
        said = self._said.pop((kind, about))
        return [said[rank] for rank in sorted(said)]

    def look(self) -> None:
        """Check the scribe, the watches, stalls and the deadline."""
        now_ns = time.monotonic_ns()
        for answer in self.scribe.answers():
            self._take_answer(answer, now_ns)
        if self.live.log_problem:
            raise StopOrder(f"{self.examiner.name(0)}: {self.live.log_problem}", 0)
        if now_ns >= self._next_look_ns:
            self._next_look_ns = now_ns + _LOOK_INTERVAL_NS
            self._look_at_ranks(now_ns)
        self.live.refresh(lambda: sum(b.position.step for b in self.stalls.ranks))

    def _look_at_ranks(self, now_ns: int) -> None:
        self._look_at_scribe()
        self.examiner.look(now_ns)
        self._look_at_hosts(now_ns)
        worst = self.stalls.over(now_ns)
        if worst is not None:
            node = self.examiner.place.nodes[worst.rank]
            if node in self._silent_hosts:
                raise self._vanished(node, now_ns)
            raise StopOrder(self.examiner.verdict(worst, now_ns), worst.rank)
        if self._deadline_ns and now_ns > self._deadline_ns:
            late = min(range(len(self.stalls.ranks)), key=self._progress)
            raise StopOrder(
                f"phase {self._deadline_phase!r} passed its deadline; farthest behind"
                f" is {self.describe(late)}",
                late,
            )

    def describe(self, rank: int) -> str:
        """Where a rank was when it was last heard."""
        book = self.stalls.ranks[rank]
        silent_s = (time.monotonic_ns() - book.heard_ns) / NS_PER_S
        name = self.examiner.name(rank)
        return f"{name}: {book.position}, heard {silent_s:.0f} s ago"

    def _take_bundle(self, wire: Wire) -> None:
        now_ns = time.monotonic_ns()
        heard, rows = wire
        for rank, (age_ns, position) in heard.items():
            self._hear(rank, unpacked(position), now_ns - age_ns)
        for table, data in rows.items():
            self._take_rows(table, data)

    def _take_rows(self, table: str, rows: bytes) -> None:
        """Pass rows on as they travelled; few are looked into here."""
        self.scribe.append_bytes(table, rows)
        self.live.take_rows(table, rows)
        for listen in self.listeners:
            listen({table: np.frombuffer(rows, BY_NAME[table].dtype)})
        if table == _EVENTS.name:
            for event in np.frombuffer(rows, _EVENTS.dtype):
                if event["subject"] == b"clock":
                    name = self.examiner.name(int(event["rank"]))
                    self.live.say(f"{name}: {event['message'].decode()}")

    def _hear(self, rank: int, position: Position, heard_ns: int) -> None:
        if self.stalls.hear(rank, position, heard_ns):
            self.examiner.recovered(rank)

    def _take_answer(self, answer: Mapping[str, Any], now_ns: int) -> None:
        if "failed" in answer:
            raise StopOrder(f"{self.examiner.name(0)}: {answer['failed']}", 0)
        if "died" in answer:
            raise StopOrder(str(answer["died"]), int(answer["rank"]))
        if "sealed" in answer:
            self.sealed = answer["sealed"]
        elif "inspected" in answer:
            self.examiner.take(answer["inspected"])
        elif "writes" in answer:
            self._scribe_is_slow(str(answer["writes"]), float(answer["for_s"]))
        elif answer.get("silent"):
            self._silent_hosts.setdefault(int(answer["host_silent"]), now_ns)
        elif "host_silent" in answer:
            self._silent_hosts.pop(int(answer["host_silent"]), None)

    def _look_at_scribe(self) -> None:
        quiet_s = self.scribe.quiet_s
        if quiet_s < self.report_s:
            self._told.discard("scribe")
        elif "scribe" not in self._told:
            self._told.add("scribe")
            found = self.scribe.look()
            what = f"{self._scribe_name}, pid {found.pid}: no word for {quiet_s:.0f} s"
            self.live.say(seen(f"stalled: {what}", found))
        if quiet_s > self.limit_s:
            what = f"no word for {quiet_s:.0f} s, {self.scribe.look().state}"
            raise StopOrder(f"{self._scribe_name}: {what}", 0)

    @property
    def _scribe_name(self) -> str:
        return f"{self.examiner.name(0)}: the process that writes evidence.h5"

    def _scribe_is_slow(self, path: str, for_s: float) -> None:
        what = f"{self.examiner.name(0)}: {path}: being written for {for_s:.0f} s"
        if for_s > self.limit_s:
            raise StopOrder(f"{what}: its file system does not answer", 0)
        if for_s > self.report_s and path not in self._told:
            self._told.add(path)
            self.live.say(f"stalled: {what}")

    def _look_at_hosts(self, now_ns: int) -> None:
        """Tell of a host of which neither watch nor ranks are heard."""
        for node, since_ns in self._silent_hosts.items():
            quiet_s = self._host_quiet_s(node, now_ns)
            told = f"{node} {since_ns}"
            if quiet_s > self.report_s and told not in self._told:
                self._told.add(told)
                host = self.examiner.place.hosts[self._leader(node)]
                self.live.say(f"no word from host {host} for {quiet_s:.0f} s")
            if quiet_s > self.limit_s:
                raise self._vanished(node, now_ns)

    def _vanished(self, node: int, now_ns: int) -> StopOrder:
        leader = self._leader(node)
        return StopOrder(
            f"host {self.examiner.place.hosts[leader]} (rank {leader}) vanished:"
            " neither its watch nor its ranks were heard for"
            f" {self._host_quiet_s(node, now_ns):.0f} s; rank {leader} was last in"
            f" {self.stalls.ranks[leader].position}",
            leader,
        )

    def _leader(self, node: int) -> int:
        return self.examiner.place.nodes.index(node)

    def _host_quiet_s(self, node: int, now_ns: int) -> float:
        heard_ns = self.stalls.ranks[self._leader(node)].heard_ns
        return (now_ns - heard_ns) / NS_PER_S

    def _progress(self, rank: int) -> tuple[bool, int, int]:
        book = self.stalls.ranks[rank]
        at = book.position
        return (at.phase == self._deadline_phase, at.step, book.heard_ns)
