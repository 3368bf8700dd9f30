"""The main thread's turns: messages, frames, waiting. It never blocks in I/O.

Whatever a rank waits for (a batch, the end of its compute, the other ranks) it
waits here, so it can always be asked what it is doing and told to stop.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar

from mlps.metrics import NS_PER_S
from runner.campaign.chief import Chief, StopOrder
from runner.record.recorder import Frame, Recorder
from runner.record.sampler import Sampler
from runner.world.position import Doing, Position
from runner.world.post import UPWARD, Kind, Post
from runner.world.relay import Relay
from runner.world.signals import Signals
from runner.world.wallclock import WallClock

T = TypeVar("T")

FRAME_INTERVAL_NS = NS_PER_S
INTERRUPTED = 130
_POLL_INTERVAL_NS = 2_000_000
_SLICE_S = 0.005
# A nap in a barrier is a small share of what was waited so far: a long wait costs
# few wake-ups, and the end of a short one is noticed at once.
_NAP_SHARE = 0.02
_NAP_MIN_S = 20e-6
_NAP_MAX_S = 2e-3


class Pump:
    """Periodic duties of one rank; `chief` is there on rank 0 only."""

    def __init__(  # noqa: PLR0913, PLR0917 - a rank's parts, each known by one name
        self,
        post: Post,
        relay: Relay,
        recorder: Recorder,
        sampler: Sampler,
        signals: Signals,
        chief: Chief | None,
    ) -> None:
        """Prepare; the first frame is due in one interval."""
        self.post = post
        self.relay = relay
        self.recorder = recorder
        self.chief = chief
        self.position = Position()
        self.deadline_ns = 0
        """When a rank that rank 0 has forgotten, as on a host cut off, ends itself."""
        self.arrived_ns = 0
        """When the last order came, on this rank's clock."""
        self._sampler = sampler
        self._signals = signals
        self._signal_told = False
        self._wall = WallClock()
        self._orders: dict[str, tuple[object, int]] = {}
        self._next_frame_ns = time.monotonic_ns() + FRAME_INTERVAL_NS
        self._next_poll_ns = 0

    def turn(self) -> None:
        """Do what is due; costs a clock reading when nothing is."""
        now_ns = time.monotonic_ns()
        if now_ns < self._next_poll_ns:
            return
        self._next_poll_ns = now_ns + _POLL_INTERVAL_NS
        if now_ns >= self._next_frame_ns:
            self.send_frame()
        self._hear()
        if self._signals.received:
            self._tell_signal()
        if self.chief is not None:
            self.chief.look()
        elif self.deadline_ns and now_ns > self.deadline_ns:
            raise StopOrder("rank 0 did not end a phase that is past its deadline", 0)

    def at(
        self,
        doing: Doing,
        step: int | None = None,
        name: str | None = None,
        progress: int | None = None,
    ) -> None:
        """Note where this rank is; what is not given stays."""
        position = self.position
        position.doing = doing
        if step is not None:
            position.step = step
        if name is not None:
            position.object = name
        if progress is not None:
            position.progress = progress

    def send_frame(self) -> None:
        """Send what was recorded and sampled since the last frame to rank 0."""
        self._next_frame_ns = time.monotonic_ns() + FRAME_INTERVAL_NS
        if self.relay.place.leads_node:
            self._look_at_wall_clock()
        frame: Frame = self._sampler.take() | self.recorder.take()
        position = replace(self.position)
        if self.chief is not None:
            self.chief.take_frame(0, position, frame)
        else:
            self.relay.send_frame(position, frame)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Turn until the condition holds."""
        while not condition():
            self.turn()
            time.sleep(0.0005)

    def offload(self, act: Callable[[], T], doing: Doing = Doing.WRITING) -> T:
        """Have a thread do what blocks in I/O, turning meanwhile."""
        self.at(doing)
        future = in_thread(act)
        self.wait_for(future.done)
        self.at(Doing.PREPARING)
        return future.result()

    def wait_until(self, deadline_ns: int, doing: Doing = Doing.COMPUTING) -> None:
        """Turn until an absolute instant of this rank's clock."""
        self.position.doing = doing
        while (left_ns := deadline_ns - time.monotonic_ns()) > 0:
            if left_ns > _SLICE_S * NS_PER_S:
                self.turn()
                time.sleep(_SLICE_S)
            else:
                time.sleep(left_ns / NS_PER_S)

    def barrier(self) -> None:
        """Wait for all ranks at this point, turning; the emulated all-reduce."""
        self.position.doing = Doing.IN_BARRIER
        request = self.post.comm.Ibarrier()
        began_ns = time.monotonic_ns()
        while not request.Test():
            self.turn()
            waited_s = (time.monotonic_ns() - began_ns) / NS_PER_S
            nap_s = max(_NAP_MIN_S, waited_s * _NAP_SHARE)
            time.sleep(min(nap_s, _NAP_MAX_S))

    def mark(self) -> None:
        """Have the counters sampled now: the edge of a phase."""
        self._sampler.mark()

    def end_sampling(self) -> None:
        """Take the last sample, and tell what the sampler missed."""
        self._sampler.stop()
        tally = self._sampler.tally
        for subject, count in (("missed", tally.missed), ("dropped", tally.dropped)):
            if count:
                self.recorder.event("warning", "sampler", f"{count} samples {subject}")
        if tally.absent_files:
            self.recorder.event(
                "info",
                "sampler",
                f"not on this kernel: {', '.join(tally.absent_files)}",
            )

    def say(self, kind: Kind, about: str, payload: object = None) -> None:
        """Tell rank 0 (also from rank 0 to itself) READY or DONE."""
        if self.chief is not None:
            self.chief.note(kind, about, {0: payload})
        else:
            self.relay.say(kind, about, payload)

    def order(self, about: str) -> object:
        """Wait for rank 0's order and return what came with it."""
        self.at(Doing.WAITING_FOR_RANK_0)
        self.wait_for(lambda: about in self._orders)
        self.at(Doing.PREPARING)
        payload, self.arrived_ns = self._orders.pop(about)
        return payload

    def give_order(self, about: str) -> None:
        """From rank 0: GO to every rank."""
        self.relay.order(Kind.GO, about)
        self._obey(about, None)

    def give_start(self, about: str, start_ns: dict[int, int]) -> None:
        """From rank 0: START to every rank, at an instant of each leader's clock."""
        self.relay.start(about, start_ns)
        self._obey(about, start_ns[0])

    def _look_at_wall_clock(self) -> None:
        step_ns = self._wall.step_ns(time.time_ns() - time.monotonic_ns())
        if step_ns:
            step = f"the wall clock was set by {step_ns / NS_PER_S:+.3f} s"
            self.recorder.event("warning", "clock", step)

    def _obey(self, about: str, payload: object) -> None:
        self._orders[about] = (payload, time.monotonic_ns())

    def _hear(self) -> None:
        for message in self.post.received():
            if message.kind in UPWARD and self.chief is None:
                self.relay.up(message)
            elif message.kind in (Kind.GO, Kind.START):
                self.relay.down(message.kind, message.about, message.payload)
                self._obey(message.about, message.payload)
            elif message.kind is Kind.STOP:
                self.relay.down(Kind.STOP, "", message.payload)
                raise StopOrder(str(message.payload))
            elif self.chief is not None:
                self.chief.take(message)

    def _tell_signal(self) -> None:
        """Rank 0 decides; it is told at once, and once."""
        if self.chief is not None:
            raise StopOrder(
                f"interrupted by {self._signals.received}", status=INTERRUPTED
            )
        if not self._signal_told:
            self._signal_told = True
            self.post.send(0, Kind.SIGNAL, "", self._signals.received)


def in_thread(act: Callable[[], T]) -> Future[T]:
    """Start it in a thread that nobody has to wait for: it may hang in I/O."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(act())
        except BaseException as error:  # noqa: BLE001 - raised again by result()
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
