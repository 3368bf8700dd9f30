"""The main thread's turns: messages, frames, waiting. It never blocks in I/O.

Whatever a rank waits for (a batch, the end of its compute, the other ranks) it
waits here, so it can always be asked what it is doing and told to stop.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from mlps.metrics import NS_PER_S
from runner.chief import Chief, StopOrder
from runner.post import Kind, Post
from runner.recorder import Frame, Recorder
from runner.sampler import Sampler

T = TypeVar("T")

FRAME_INTERVAL_NS = NS_PER_S
_POLL_INTERVAL_NS = 2_000_000
_SLICE_S = 0.005
# A nap in a barrier is a small share of what was waited so far: a long wait costs
# few wake-ups, and the end of a short one is noticed at once.
_NAP_SHARE = 0.02
_NAP_MIN_S = 20e-6
_NAP_MAX_S = 2e-3


class Pump:
    """Periodic duties of one rank; `chief` is there on rank 0 only."""

    def __init__(
        self, post: Post, recorder: Recorder, sampler: Sampler, chief: Chief | None
    ) -> None:
        """Prepare; the first frame is due in one interval."""
        self.post = post
        self.recorder = recorder
        self.chief = chief
        self._sampler = sampler
        self._orders: dict[str, object] = {}
        self._next_frame_ns = time.monotonic_ns() + FRAME_INTERVAL_NS
        self._next_poll_ns = 0
        self.state: tuple[str, int, str] = ("", 0, "")

    def turn(self) -> None:
        """Do what is due; costs a clock reading when nothing is."""
        now_ns = time.monotonic_ns()
        if now_ns < self._next_poll_ns:
            return
        self._next_poll_ns = now_ns + _POLL_INTERVAL_NS
        if now_ns >= self._next_frame_ns:
            self.send_frame()
        for message in self.post.received():
            if message.kind is Kind.STOP:
                raise StopOrder(str(message.payload))
            if message.kind is Kind.GO:
                self._orders[message.about] = message.payload
            elif self.chief is not None:
                self.chief.take(message)
        if self.chief is not None:
            self.chief.look()

    def send_frame(self) -> None:
        """Send what was recorded and sampled since the last frame to rank 0."""
        self._next_frame_ns = time.monotonic_ns() + FRAME_INTERVAL_NS
        frame: Frame = self._sampler.take() | self.recorder.take()
        if self.chief is not None:
            self.chief.take_frame(0, self.state, frame)
        else:
            self.post.send(0, Kind.FRAME, "", (self.state, frame))

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Turn until the condition holds."""
        while not condition():
            self.turn()
            time.sleep(0.0005)

    def offload(self, act: Callable[[], T]) -> T:
        """Have a thread do what blocks in I/O, turning meanwhile."""
        with ThreadPoolExecutor(max_workers=1) as threads:
            future = threads.submit(act)
            self.wait_for(future.done)
            return future.result()

    def wait_until(self, deadline_ns: int) -> None:
        """Turn until an absolute instant of this rank's clock."""
        while (left_ns := deadline_ns - time.monotonic_ns()) > 0:
            if left_ns > _SLICE_S * NS_PER_S:
                self.turn()
                time.sleep(_SLICE_S)
            else:
                time.sleep(left_ns / NS_PER_S)

    def barrier(self) -> None:
        """Wait for all ranks at this point, turning; the emulated all-reduce."""
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
            self.chief.note(kind, about, 0, payload)
        else:
            self.post.send(0, kind, about, payload)

    def order(self, about: str) -> object:
        """Wait for rank 0's GO and return what came with it."""
        self.wait_for(lambda: about in self._orders)
        return self._orders.pop(about)

    def give_order(self, about: str, payloads: list[object]) -> None:
        """From rank 0: GO to every rank, each with its own payload."""
        for rank in range(1, self.post.size):
            self.post.send(rank, Kind.GO, about, payloads[rank])
        self._orders[about] = payloads[0]
