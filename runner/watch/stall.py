"""Who is silent and who does not get on: books over the heartbeats of all ranks.

A rank stalls when nothing is heard of it, or when its heartbeats say that it
waits for storage and nothing gets done. A rank behind a silent leader is not
suspected: its heartbeats go through the leader. A rank that is merely slow is told
of, once in a phase, when others wait in the barrier for it; that ends no run.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mlps.metrics import NS_PER_S
from runner.watch.inspection import Inspection, brief
from runner.world.position import Doing, Position


class Why(StrEnum):
    """Why a rank is reported."""

    SILENT = "no word"
    STUCK = "nothing done"
    AWAITED = "others wait in the barrier"


@dataclass(slots=True)
class RankBook:
    """What a rank last said, when it was heard, since when it does not get on."""

    heard_ns: int
    position: Position
    progressed_ns: int
    barrier_ns: int | None = None
    """Since when it has been in the barrier of its step; None where it is not."""
    reported: bool = False


@dataclass(frozen=True, slots=True)
class Stall:
    """A rank that stalls, and since when."""

    rank: int
    since_ns: int
    why: Why


class Stalls:
    """Books over all ranks; `leaders[r]` is the rank that relays for rank r."""

    def __init__(
        self, leaders: Sequence[int], report_s: float, limit_s: float, now_ns: int
    ) -> None:
        """All ranks were just heard."""
        self._leaders = leaders
        self._report_ns = round(report_s * NS_PER_S)
        self._limit_ns = round(limit_s * NS_PER_S)
        self.ranks = [RankBook(now_ns, Position(), now_ns) for _ in leaders]
        self._awaited: set[tuple[int, str]] = set()

    def hear(self, rank: int, position: Position, heard_ns: int) -> bool:
        """Book a heartbeat; True when a reported rank gets on again."""
        book = self.ranks[rank]
        stuck = position.doing.is_io and position.progress == book.position.progress
        if not stuck:
            book.progressed_ns = heard_ns
        book.barrier_ns = _in_barrier_since(book, position, heard_ns)
        book.position, book.heard_ns = position, heard_ns
        recovered = book.reported and self._stall(rank, heard_ns) is None
        book.reported = book.reported and not recovered
        return recovered

    def due(self, now_ns: int) -> list[Stall]:
        """Return who stalls and was not reported; each is returned once."""
        found = []
        for rank, book in enumerate(self.ranks):
            if book.reported or self._is_well(book, now_ns):
                continue
            stall = self._stall(rank, now_ns)
            if stall is not None:
                book.reported = True
                found.append(stall)
        return [*found, *self._held_up(now_ns)]

    def over(self, now_ns: int) -> Stall | None:
        """Return the rank that has stalled longest, once that is past the limit."""
        found = [
            stall
            for rank, book in enumerate(self.ranks)
            if book.reported and (stall := self._stall(rank, now_ns)) is not None
        ]
        worst = min(found, key=lambda stall: stall.since_ns, default=None)
        if worst is None or now_ns - worst.since_ns <= self._limit_ns:
            return None
        return worst

    def _held_up(self, now_ns: int) -> Iterator[Stall]:
        """Find the ranks that others have waited for too long, if they get on."""
        waits = [b.barrier_ns for b in self.ranks if b.barrier_ns is not None]
        since_ns = min(waits, default=now_ns)
        if now_ns - since_ns <= self._report_ns:
            return
        for rank, book in enumerate(self.ranks):
            key = (rank, book.position.phase)
            is_heard = now_ns - book.heard_ns <= self._report_ns
            is_late = is_heard and book.barrier_ns is None and not book.reported
            if (
                is_late
                and key not in self._awaited
                and self._stall(rank, now_ns) is None
            ):
                self._awaited.add(key)
                yield Stall(rank, since_ns, Why.AWAITED)

    def _is_well(self, book: RankBook, now_ns: int) -> bool:
        return now_ns - min(book.heard_ns, book.progressed_ns) <= self._report_ns

    def _stall(self, rank: int, now_ns: int) -> Stall | None:
        book = self.ranks[rank]
        if now_ns - book.heard_ns > self._report_ns:
            leader = self._leaders[rank]
            quiet_ns = now_ns - self.ranks[leader].heard_ns
            if leader != rank and quiet_ns > self._report_ns // 2:
                return None
            return Stall(rank, book.heard_ns, Why.SILENT)
        if book.position.doing.is_io and now_ns - book.progressed_ns > self._report_ns:
            return Stall(rank, book.progressed_ns, Why.STUCK)
        return None


def _in_barrier_since(book: RankBook, position: Position, heard_ns: int) -> int | None:
    if position.doing is not Doing.IN_BARRIER:
        return None
    before = book.position
    same = (before.phase, before.step) == (position.phase, position.step)
    return heard_ns if book.barrier_ns is None or not same else book.barrier_ns


def told(who: str, quiet_s: float, at: str, found: Inspection, why: str) -> str:
    """Render a stall report for people."""
    head = f"stalled: {who}, pid {found.pid}: {why} for {quiet_s:.0f} s: {at}"
    return seen(head, found)


def seen(head: str, found: Inspection) -> str:
    """Render what was seen of a process below a line."""
    lines = [
        head,
        f"  process {found.state or 'not looked at'}; its threads are in"
        f" {found.wait_channel or 'unknown'}",
        *(f"  {line}" for line in brief(found.stack)),
    ]
    return "\n".join(lines)
