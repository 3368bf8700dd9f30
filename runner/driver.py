"""The campaign on every rank: get ready, then one attempt per run still to do.

All ranks walk through this together. What only rank 0 does is in `Office`.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from mlps.errors import MlpsError, RunFailedError
from mlps.plan import PlanDocument, Run, parse
from mlps.software import Lock
from runner import facts, ground, handshake, place, software
from runner.abort import abort_world
from runner.adoption import Verification, combine
from runner.ask import Ask, check_world, read_ask
from runner.attempt import Attempt
from runner.chief import Chief, StopOrder
from runner.crew import Progress
from runner.datagen import State
from runner.deathwatch import Lifeline
from runner.facts import Facts
from runner.ground import Ground
from runner.handshake import Answer, own_answer
from runner.office import Office
from runner.place import Place
from runner.post import Kind, Post
from runner.pump import Pump
from runner.recorder import Recorder
from runner.rehearsal.rehearsal import rehearse
from runner.rehearsal.row import Row
from runner.sampler import Sampler
from runner.training import Training

_LAST_WORDS_S = 2.0
_TOGETHER_S = 5.0
_INTERRUPTED = 130

T = TypeVar("T")


def drive(
    comm: Any,  # noqa: ANN401
    shared: Any,  # noqa: ANN401
    plan_path: Path,
    results: Path | None,
    *,
    rehearsing: bool = False,
) -> int:
    """Execute the campaign, or only rehearse it; returns the exit status.

    Collective over `comm`.
    """
    try:
        ask = _on_rank_0(comm, lambda: read_ask(plan_path, results))
        doc = parse(ask.plan_bytes, ask.where)
        check_world(comm.Get_size(), doc.plan, ask.where)
        here = place.find_place(comm, shared)
        lock = software.own_lock(shared)
        if rehearsing:
            return rehearse(comm, here, doc, ask, lock)
        start = Start(comm, doc, here, ask, lock)
        start.get_ready()
        start.run()
    except MlpsError as error:
        if comm.Get_rank() == 0:
            sys.stderr.write(f"mlps-runner: {error}\n")
        _end_together(comm, error)
        return error.exit_status
    return 0


def _end_together(comm: Any, error: MlpsError) -> None:  # noqa: ANN401
    """Make sure that all ranks saw an error; a rank that is alone with it aborts."""
    deadline_s = time.monotonic() + _TOGETHER_S
    request = comm.Ibarrier()
    while not request.Test():
        if time.monotonic() > deadline_s:
            sys.stderr.write(f"mlps-runner: rank {comm.Get_rank()}: {error}\n")
            abort_world(comm, error.exit_status)
        time.sleep(0.01)


class Start:
    """One start of a campaign, on one rank."""

    def __init__(
        self,
        comm: Any,  # noqa: ANN401
        doc: PlanDocument,
        here: Place,
        ask: Ask,
        lock: Lock,
    ) -> None:
        """Nothing is touched before `get_ready`."""
        self._comm = comm
        self._doc = doc
        self._here = here
        self._ask = ask
        self._lock = lock
        self._data_root = ask.base / doc.plan.system.data_path
        self._training = Training(doc.plan, here, self._data_root)
        self._office: Office | None = None
        self._chief: Chief | None = None
        self._lifeline: Lifeline | None = None
        self._facts: Facts = {}
        self._pending: list[tuple[Run, str]] = []

    def get_ready(self) -> None:
        """Shake hands, open the campaign, adopt the dataset. Collective."""
        state = _on_rank_0(self._comm, self._training.inspect)
        spot = Ground(
            data_root=self._data_root,
            results_root=self._ask.results_root,
            data_bytes_to_write=self._doc.plan.derived.dataset_bytes
            if state is State.ABSENT
            else 0,
        )
        problems = ground.check(self._doc.plan, self._here, spot)
        answers = handshake.shake(self._comm, self._here, self._answer(problems))
        if self._here.rank == 0:
            self._office = Office(self._ask.results_root, self._doc, self._here)
        # The stored plan has the same digest: only its bytes may differ from ours.
        self._plan_bytes, self._pending = _on_rank_0(self._comm, self._open)
        if self._pending and state is State.COMPLETE:
            self._adopt()
        paths = [("data", self._data_root), ("results", self._ask.results_root)]
        self._facts = facts.gather(self._comm, self._here, answers, paths)

    def run(self) -> None:
        """Attempt every run that is still to do, then print the table."""
        office = self._office
        if office is not None and not self._pending:
            total = len(self._doc.plan.campaign.runs)
            office.live.say(f"nothing left to do: {total} of {total} runs are sealed")
        if self._pending:
            self._start_scribe()
        for run, run_id in self._pending:
            self._attempt(run, run_id)
        if self._lifeline is not None:
            self._lifeline.close()
        if office is not None:
            sys.stdout.write(office.close() + "\n")

    def _adopt(self) -> None:
        """Check the existing dataset; NotReadyError names what is damaged."""
        if self._office is not None:
            files = self._doc.plan.workload.dataset.files
            self._office.live.say(f"checking the dataset that is there: {files} files")
        found: Verification | MlpsError
        try:
            found = self._training.adopt(self._tell_progress)
        except MlpsError as error:
            found = error
        said = self._comm.allgather(found)
        for one in said:
            if isinstance(one, MlpsError):
                raise one
        self._training.adopted(combine(said))

    def _tell_progress(self, progress: Progress) -> None:
        if self._office is not None:
            done, files = progress.files_done, progress.files
            self._office.live.say(f"  {done} of the {files} files of rank 0 checked")

    def _open(self) -> tuple[bytes, list[tuple[Run, str]]]:
        return self._desk.open_campaign(self._ask.plan_bytes)

    def _answer(self, problems: list[Row]) -> Answer:
        where = self._ask.where
        return own_answer(self._doc, self._here, where, self._lock, problems)

    def _attempt(self, run: Run, run_id: str) -> None:
        _on_rank_0(self._comm, lambda: self._begin(run, run_id))
        sampler = self._sampler()
        recorder = Recorder(self._here.rank)
        pump = Pump(Post(self._comm), recorder, sampler, self._chief)
        self._training.record(recorder)
        try:
            sampler.start()
            Attempt(run, self._here, self._training, pump).go()
            pump.end_sampling()
            self._seal(pump, run, run_id)
        except StopOrder as order:
            self._abort(pump, run, run_id, order, status=order.status)
        except (MlpsError, OSError) as error:
            me = f"rank {self._here.rank} (host {self._here.hosts[self._here.rank]})"
            failed = StopOrder(f"{me}: {error}", self._here.rank)
            self._abort(pump, run, run_id, failed)
        except KeyboardInterrupt:
            interrupted = StopOrder("interrupted")
            self._abort(pump, run, run_id, interrupted, status=_INTERRUPTED)

    def _start_scribe(self) -> None:
        """Start the scribe, and let the ranks of its host hold on to it."""
        name = _on_rank_0(self._comm, self._start_watch)
        if self._here.node == self._here.nodes[0]:
            self._lifeline = Lifeline(name, self._here.rank, os.getpid())

    def _start_watch(self) -> str:
        return self._desk.start_scribe()

    def _begin(self, run: Run, run_id: str) -> None:
        self._chief = self._desk.begin_run(run, run_id, self._plan_bytes, self._facts)

    @property
    def _desk(self) -> Office:
        if self._office is None:
            raise RunFailedError("only rank 0 has an office")
        return self._office

    def _sampler(self) -> Sampler:
        settings = self._doc.plan.submission.sampler
        return Sampler(
            rank=self._here.rank,
            node=self._here.node,
            host_files=self._here.leads_node,
            interval_s=settings.interval_s,
            max_samples=settings.max_samples,
        )

    def _seal(self, pump: Pump, run: Run, run_id: str) -> None:
        about = f"{run.number}/sealed"
        pump.send_frame()
        pump.say(Kind.DONE, about)
        if pump.chief is not None and self._office is not None:
            chief = pump.chief
            pump.wait_for(lambda: chief.all_said(Kind.DONE, about))
            chief.scribe.seal("complete", -1, "")
            pump.wait_for(lambda: chief.sealed is not None)
            self._office.seal(run, run_id, chief.sealed or {})
            pump.give_order(about, [None] * self._here.world)
        pump.order(about)

    def _abort(
        self,
        pump: Pump,
        run: Run,
        run_id: str,
        order: StopOrder,
        status: int = RunFailedError.exit_status,
    ) -> NoReturn:
        """End this start everywhere; the evidence so far is closed as aborted."""
        self._training.stop()
        if pump.chief is None:
            pump.post.send(0, Kind.FAIL, "", order.reason)
            self._last_frame(pump)
            self._wait_for_the_end(pump)
        else:
            pump.post.broadcast(Kind.STOP, "", order.reason)
            self._last_frame(pump)
            self._hear_last_words(pump, pump.chief)
            if self._office is not None:
                self._office.abort(run, run_id, order.reason, order.blamed_rank)
        abort_world(self._comm, status)

    def _last_frame(self, pump: Pump) -> None:
        """Send what there is; a sampler that failed says so once, and then gives."""
        try:
            pump.end_sampling()
            pump.send_frame()
        except MlpsError as error:
            pump.recorder.event("error", "sampler", str(error)[:512])
            pump.send_frame()

    def _wait_for_the_end(self, pump: Pump) -> None:
        """Keep the last words moving until rank 0 has ended the world."""
        deadline_s = time.monotonic() + 10 * _LAST_WORDS_S
        while time.monotonic() < deadline_s:
            pump.post.push()
            time.sleep(0.01)

    def _hear_last_words(self, pump: Pump, chief: Chief) -> None:
        deadline_s = time.monotonic() + _LAST_WORDS_S
        while time.monotonic() < deadline_s:
            for message in pump.post.received():
                if message.kind is Kind.FRAME:
                    chief.take(message)
            time.sleep(0.01)


def _on_rank_0(comm: Any, act: Callable[[], T]) -> T:  # noqa: ANN401
    """Do it on rank 0 and give every rank the result, or the same error."""
    answer: tuple[Any, MlpsError | None] = (None, None)
    if comm.Get_rank() == 0:
        try:
            answer = (act(), None)
        except MlpsError as error:
            answer = (None, error)
    result, failure = comm.bcast(answer, root=0)
    if failure is not None:
        raise failure
    return result  # type: ignore[no-any-return]
