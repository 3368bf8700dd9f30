"""How an attempt ends: sealed on all ranks, or aborted with its evidence closed."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from mlps.errors import MlpsError
from mlps.plan import Run
from runner.campaign.chief import Chief, StopOrder
from runner.campaign.office import Office
from runner.world.abort import abort_world
from runner.world.place import Place
from runner.world.position import Doing
from runner.world.post import UPWARD, Kind
from runner.world.pump import Pump

_LAST_WORDS = "last words"
_LAST_WORDS_S = 2.0
_RANK_0_ENDS_IT_S = 90.0
"""Evidence and ledger are closed meanwhile; then each rank ends the world itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The end of one attempt, on one rank; `office` is there on rank 0 only."""

    comm: Any
    place: Place
    pump: Pump
    run: Run
    run_id: str
    office: Office | None

    def seal(self) -> None:
        """Close the evidence as complete and have rank 0 seal the run. Collective."""
        pump, about = self.pump, f"{self.run.number}/sealed"
        pump.send_frame()
        pump.say(Kind.DONE, about)
        office, chief = self.office, pump.chief
        if chief is not None and office is not None:
            pump.wait_for(lambda: chief.all_said(Kind.DONE, about))
            chief.scribe.seal("complete", -1, "")
            pump.wait_for(lambda: chief.sealed is not None)
            summary = chief.sealed or {}
            pump.position.object = str(office.directory.path)
            pump.offload(lambda: office.seal(self.run, self.run_id, summary))
            office.tell_sealed(self.run, summary)
            pump.give_order(about)
        pump.order(about)

    def abort(self, order: StopOrder, stop_work: Callable[[], None]) -> NoReturn:
        """End this start everywhere; the evidence so far is closed as aborted."""
        pump = self.pump
        if pump.chief is None:
            pump.post.send(0, Kind.FAIL, "", order.reason)
        else:
            pump.relay.order(Kind.STOP, "", order.reason)
            pump.chief.scribe.beat("stopping")
        stop_work()
        self._last_frame()
        if pump.chief is None:
            self._wait_for_the_end()
        else:
            self._hear_last_words(pump.chief)
            if self.office is not None:
                reason, blamed = order.reason, order.blamed_rank
                self.office.abort(self.run, self.run_id, reason, blamed)
        abort_world(self.comm, order.status)

    def _last_frame(self) -> None:
        """Send what there is; a sampler that failed says so once, and then gives."""
        pump = self.pump
        try:
            pump.end_sampling()
            pump.send_frame()
        except MlpsError as error:
            pump.recorder.event("error", "sampler", str(error)[:512])
            pump.send_frame()
        pump.say(Kind.DONE, _LAST_WORDS)

    def _wait_for_the_end(self) -> None:
        """Keep the last words of this node moving until rank 0 has ended the world."""
        pump = self.pump
        pump.at(Doing.WAITING_FOR_RANK_0)
        deadline_s = time.monotonic() + _RANK_0_ENDS_IT_S
        while time.monotonic() < deadline_s:
            for message in pump.post.received():
                if message.kind in UPWARD:
                    pump.relay.up(message)
                elif message.kind is Kind.STOP:
                    pump.relay.down(Kind.STOP, "", message.payload)
            pump.post.push()
            time.sleep(0.01)

    def _hear_last_words(self, chief: Chief) -> None:
        deadline_s = time.monotonic() + _LAST_WORDS_S
        while time.monotonic() < deadline_s:
            for message in self.pump.post.received():
                if message.kind in UPWARD:
                    chief.take(message)
            self.pump.post.push()
            if chief.all_said(Kind.DONE, _LAST_WORDS):
                return
            time.sleep(0.01)
