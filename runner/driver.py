"""The campaign on every rank: get ready, then one attempt per run still to do.

All ranks walk through this together. What only rank 0 does is in `Office`.
"""

import time
from pathlib import Path
from typing import Any, TypeVar

from mlps.errors import MlpsError, RunFailedError
from mlps.plan import PlanDocument, Run, parse
from mlps.software import Lock
from runner.ask import Ask, check_world, read_ask
from runner.campaign.attempt import Attempt
from runner.campaign.chief import Chief, StopOrder
from runner.campaign.ending import Ending
from runner.campaign.office import Office
from runner.dataset.adoption import Verification, combine
from runner.dataset.crew import Progress
from runner.dataset.datagen import State
from runner.record import facts, software
from runner.record.facts import Facts
from runner.record.recorder import Recorder
from runner.record.sampler import Sampler
from runner.rehearsal import ground
from runner.rehearsal.ground import Ground
from runner.rehearsal.rehearsal import rehearse
from runner.rehearsal.row import Row
from runner.rehearsal.shared_path import check_shared_path
from runner.watch.lifeline import Lifeline
from runner.watch.watchpost import HubAddress, start_watch
from runner.workload.training import Training
from runner.world import handshake, place
from runner.world.abort import abort_world
from runner.world.assembly import Assembly, InterruptedStartError
from runner.world.handshake import Answer, own_answer
from runner.world.place import Place
from runner.world.post import Post
from runner.world.pump import Pump
from runner.world.relay import Relay
from runner.world.signals import Signals
from runner.world.talk import give, tell

_TOGETHER_S = 5.0
_READING = "reading the plan"
_CHECKING = "checking the dataset"

T = TypeVar("T")


def drive(  # noqa: PLR0913 - the edge: all that a start depends on
    comm: Any,  # noqa: ANN401 - mpi4py communicators
    shared: Any,  # noqa: ANN401
    plan_path: Path,
    results: Path | None,
    signals: Signals,
    *,
    rehearsing: bool = False,
) -> int:
    """Execute the campaign, or only rehearse it; returns the exit status.

    Collective over `comm`.
    """
    start: Start | None = None
    ranks: Assembly | None = None
    try:
        ranks = Assembly(comm, signals)
        ask = ranks.on_rank_0(_READING, lambda: read_ask(plan_path, results))
        doc = parse(ask.plan_bytes, ask.where)
        check_world(comm.Get_size(), doc.plan, ask.where)
        here = place.find_place(ranks, shared)
        lock = software.own_lock(shared)
        if rehearsing:
            status = rehearse(comm, ranks, here, doc, ask, lock)
            ranks.close()
            return status
        start = Start(comm, ranks, doc, here, ask, lock, signals)
        start.watch()
        start.get_ready()
        start.run()
    except MlpsError as error:
        if comm.Get_rank() == 0:
            tell(str(error))
        if start is not None:
            start.dismiss()
        _end_together(comm, error)
        if ranks is not None:
            ranks.close()
        return error.exit_status
    return 0


def _end_together(comm: Any, error: MlpsError) -> None:  # noqa: ANN401
    """Make sure that all ranks saw an error; a rank that is alone with it aborts."""
    deadline_s = time.monotonic() + _TOGETHER_S
    if isinstance(error, InterruptedStartError):
        abort_world(comm, error.exit_status)
    request = comm.Ibarrier()
    while not request.Test():
        if time.monotonic() > deadline_s:
            tell(f"rank {comm.Get_rank()}: {error}")
            abort_world(comm, error.exit_status)
        time.sleep(0.01)


class Start:
    """One start of a campaign, on one rank."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a start is made of
        self,
        comm: Any,  # noqa: ANN401
        ranks: Assembly,
        doc: PlanDocument,
        here: Place,
        ask: Ask,
        lock: Lock,
        signals: Signals,
    ) -> None:
        """Nothing is touched before `watch`."""
        self._comm = comm
        self._ranks = ranks
        self._doc = doc
        self._here = here
        self._ask = ask
        self._lock = lock
        self._signals = signals
        self._data_root = ask.base / doc.plan.system.data_path
        self._training = Training(doc.plan, here, self._data_root)
        self._office: Office | None = None
        if here.rank == 0:
            self._office = Office(ask.results_root, doc, here)
        self._chief: Chief | None = None
        self._lifeline: Lifeline | None = None
        self._watchless = ""
        self._facts: Facts = {}
        self._pending: list[tuple[Run, str]] = []

    def watch(self) -> None:
        """Start the watches of all hosts, and have every rank hold on to its own.

        Collective. From here on a rank that dies or hangs is seen.
        """
        office, here = self._office, self._here
        name, hub = self._ranks.on_rank_0("starting the scribe", self._start_scribe)
        if office is not None:
            self._ranks.listen = office.listen
            self._ranks.inspect = office.inspect
        if here.leads_node and here.rank:
            host = here.hosts[here.rank]
            name, self._watchless = self._ranks.offload(
                "starting the watch",
                lambda: start_watch(hub, here.node, here.rank, host),
            )
        names = self._ranks.allgather(name if here.leads_node else None)
        self._lifeline = Lifeline(names[here.leaders[here.rank]], here.rank)
        submission = self._doc.plan.submission
        self._ranks.guarded = True
        self._ranks.report_s = min(self._ranks.report_s, submission.stall_report_s * 3)
        self._ranks.limit_s = submission.stall_limit_s

    def get_ready(self) -> None:
        """Shake hands, open the campaign, adopt the dataset. Collective."""
        ranks = self._ranks
        state = ranks.on_rank_0("looking at the dataset", self._training.inspect)
        spot = Ground(
            data_root=self._data_root,
            results_root=self._ask.results_root,
            data_bytes_to_write=self._doc.plan.derived.dataset_bytes
            if state is State.ABSENT
            else 0,
        )
        shared = self._doc.plan.system.data_shared
        problems = [
            *ranks.offload(
                "checking its ground",
                lambda: ground.check(self._doc.plan, self._here, spot),
            ),
            *check_shared_path(ranks, self._here, self._data_root, shared=shared),
        ]
        answers = handshake.shake(ranks, self._here, self._answer(problems))
        there = state is State.COMPLETE
        # The stored plan has the same digest: only its bytes may differ from ours.
        self._plan_bytes, self._pending = ranks.on_rank_0(
            "opening the campaign", lambda: self._open(there=there)
        )
        if self._pending and there:
            self._adopt()
        paths = [("data", self._data_root), ("results", self._ask.results_root)]
        self._facts = facts.gather(ranks, self._here, answers, paths)

    def run(self) -> None:
        """Attempt every run that is still to do, then print the table."""
        office = self._office
        if office is not None and not self._pending:
            total = len(self._doc.plan.campaign.runs)
            office.live.say(f"nothing left to do: {total} of {total} runs are sealed")
        for run, run_id in self._pending:
            self._attempt(run, run_id)
        table = "" if office is None else office.close()
        self._ranks.close()
        self.dismiss()
        if office is not None:
            give(table)

    def dismiss(self) -> None:
        """End the watches: this rank ends because it is done, or was refused."""
        if self._lifeline is not None:
            self._lifeline.close()
            self._lifeline = None
        if self._office is not None:
            self._office.dismiss_scribe()

    def _adopt(self) -> None:
        """Check the existing dataset; NotReadyError names what is damaged."""
        if self._office is not None:
            files = self._doc.plan.workload.dataset.files
            self._office.live.say(f"checking the dataset that is there: {files} files")
        found: Verification | MlpsError
        try:
            found = self._ranks.offload(
                _CHECKING, lambda: self._training.adopt(self._tell_progress)
            )
        except MlpsError as error:
            found = error
        said = self._ranks.allgather(found)
        for rank, one in enumerate(said):
            if isinstance(one, MlpsError):
                where = f"rank {rank} (host {self._here.hosts[rank]})"
                raise type(one)(f"{where}: {one}")
        self._training.adopted(combine(said))

    def _tell_progress(self, progress: Progress) -> None:
        self._ranks.at(_CHECKING, progress.bytes_done + progress.files_done)
        if self._office is not None:
            done, files = progress.files_done, progress.files
            self._office.live.say(f"  {done} of the {files} files of rank 0 checked")

    def _open(self, *, there: bool) -> tuple[bytes, list[tuple[Run, str]]]:
        return self._desk.open_campaign(self._ask.plan_bytes, dataset_is_there=there)

    def _answer(self, problems: list[Row]) -> Answer:
        where = self._ask.where
        return own_answer(self._doc, self._here, where, self._lock, problems)

    def _attempt(self, run: Run, run_id: str) -> None:
        self._ranks.on_rank_0("opening the run", lambda: self._begin(run, run_id))
        sampler = self._sampler()
        recorder = Recorder(self._here.rank)
        if self._watchless:
            recorder.event("warning", "watch", f"no hub: {self._watchless}"[:512])
        post = Post(self._comm)
        relay = Relay(post, self._here, time.monotonic_ns)
        pump = Pump(post, relay, recorder, sampler, self._signals, self._chief)
        ending = Ending(
            comm=self._comm,
            place=self._here,
            pump=pump,
            run=run,
            run_id=run_id,
            office=self._office,
        )
        self._training.record(recorder)
        try:
            sampler.start()
            Attempt(run, self._here, self._training, pump).go()
            pump.end_sampling()
            ending.seal()
        except StopOrder as order:
            ending.abort(order, self._training.stop)
        except (MlpsError, OSError, MemoryError, RuntimeError) as error:
            me = f"rank {self._here.rank} (host {self._here.hosts[self._here.rank]})"
            what = str(error) if isinstance(error, MlpsError | OSError) else repr(error)
            failed = StopOrder(f"{me}: {what}", self._here.rank)
            ending.abort(failed, self._training.stop)

    def _start_scribe(self) -> tuple[str, HubAddress]:
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
