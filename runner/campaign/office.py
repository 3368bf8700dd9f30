"""What only rank 0 does: campaign files, ledger, scribe, talk, final table."""

import json
import os
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlps import __version__
from mlps.errors import MlpsError, NotReadyError, RunFailedError
from mlps.plan import PlanDocument, Run, RunKind
from runner.campaign.campaign_directory import CampaignDirectory, new_run_id
from runner.campaign.chief import Chief
from runner.campaign.headline import headline
from runner.campaign.ledger import Ledger
from runner.campaign.live import LiveView
from runner.campaign.terminal import find_launcher
from runner.record.recorder import to_rows
from runner.record.scribe import Scribe
from runner.watch.examiner import Examiner
from runner.watch.hub import Charge
from runner.watch.inspection import Inspection
from runner.watch.interfaces import own_addresses
from runner.watch.stall import Stalls, seen
from runner.watch.watchpost import HubAddress
from runner.world.place import Place
from runner.world.pump import in_thread

_SEAL_WAIT_S = 60.0
_LEDGER_WAIT_S = 10.0
_FRAME_INTERVALS_S = 3.0
"""Silence for less than this is no stall: a heartbeat passes two ranks."""


class Office:
    """Rank 0's desk for one campaign."""

    def __init__(self, results_root: Path, doc: PlanDocument, place: Place) -> None:
        """Nothing is opened before `open_campaign`."""
        self.directory = CampaignDirectory(results_root / doc.campaign_name)
        self.live = LiveView(place.hosts)
        self._doc = doc
        self._place = place
        self._ledger: Ledger | None = None
        self._scribe: Scribe | None = None
        self._run_directory = Path()

    @property
    def ledger(self) -> Ledger:
        """The open ledger."""
        if self._ledger is None:
            raise RunFailedError("the campaign is not open")
        return self._ledger

    @property
    def scribe(self) -> Scribe:
        """The scribe process."""
        if self._scribe is None:
            raise RunFailedError("the scribe was not started")
        return self._scribe

    def start_scribe(self) -> tuple[str, HubAddress]:
        """Start the scribe; tell how ranks of this host and other hosts reach it."""
        self._scribe = Scribe()
        token = secrets.token_hex(16)
        charge = Charge(
            name=secrets.token_hex(8),
            host=self._place.hosts[0],
            token=token,
            launcher_pid=find_launcher(os.getpid()),
            report_s=self._report_s,
            limit_s=self._limit_s,
        )
        port = self._scribe.watch(charge)
        hub = HubAddress(addresses=own_addresses(), port=port, token=token)
        return charge.name, hub

    def open_campaign(
        self, plan_bytes: bytes, *, dataset_is_there: bool
    ) -> tuple[bytes, list[tuple[Run, str]]]:
        """Open or resume; return the plan as stored and the runs still to do."""
        try:
            plan_bytes = self.directory.adopt_plan(plan_bytes, self._doc)
            self._ledger = Ledger(self.directory.ledger)
        except OSError as error:
            raise _not_writable(error, self.directory.path) from error
        for entry in self.ledger.open_runs():
            self.ledger.append(
                "run_aborted", entry.run, entry.run_id, "no closing record: it was cut"
            )
        pending = self._pending(dataset_is_there)
        if pending:
            self.ledger.append("start", detail=f"{len(pending)} runs to do")
        if not dataset_is_there:
            self._withdraw_datagen(pending)
        return plan_bytes, pending

    def begin_run(
        self, run: Run, run_id: str, plan_bytes: bytes, facts: Mapping[str, Any]
    ) -> Chief:
        """Create the run's directory and evidence; its first rows are the facts."""
        plan = self._doc.plan
        self._run_directory = self.directory.run(run, run_id)
        self.ledger.append("run_started", run.number, run_id)
        try:
            self._run_directory.mkdir(parents=True)
            self.live.log_to(self._run_directory / "runner.log")
        except OSError as error:
            raise _not_writable(error, self._run_directory) from error
        if run.number:
            self.live.ceiling_percent = self._ceiling_percent()
        self.scribe.open(self._run_directory / "evidence.h5", plan_bytes)
        row = (
            run_id,
            run.number,
            run.kind.value,
            self._doc.digest,
            __version__,
            facts["ranks"]["software_digest"][0].decode(),
            time.time_ns(),
        )
        self.scribe.append("run", to_rows("run", [row]))
        for table, rows in facts.items():
            self.scribe.append(table, rows)
        observers, sampler = plan.system.observers, plan.submission.sampler
        if observers and sampler.interval_s:
            self.scribe.observe(observers, self._place.node_count, sampler)
        stalls = Stalls(
            self._place.leaders, self._report_s, self._limit_s, time.monotonic_ns()
        )
        pids = facts["ranks"]["pid"].tolist()
        return Chief(
            scribe=self.scribe,
            live=self.live,
            stalls=stalls,
            examiner=Examiner(self._place, pids, stalls, self.scribe, self.live),
            report_s=self._report_s,
            limit_s=self._limit_s,
        )

    def seal(self, run: Run, run_id: str, summary: dict[str, Any]) -> None:
        """Seal a complete run; blocks in I/O. A summary has its name only after."""
        directory = self._run_directory
        try:
            self.directory.prepare_summary(directory, summary)
            self.ledger.append("run_sealed", run.number, run_id, summary["chain_head"])
            self.directory.publish_summary(directory)
        except OSError as error:
            raise RunFailedError(
                f"{error.filename or directory}: cannot be written: {error.strerror}"
                f" (errno {error.errno})"
            ) from error

    def tell_sealed(self, run: Run, summary: dict[str, Any]) -> None:
        """Tell people the numbers of a sealed run."""
        for text in headline(run, summary, self.live.ceiling_percent):
            self.live.say(text)
        self.live.close_log()

    def abort(self, run: Run, run_id: str, reason: str, blamed_rank: int) -> None:
        """Close the evidence as aborted and tell people what happened.

        Nothing here waits for storage for ever: it may be what failed.
        """
        self.scribe.seal("aborted", blamed_rank, reason)
        deadline_s = time.monotonic() + min(_SEAL_WAIT_S, self._limit_s)
        while self.scribe.is_alive and time.monotonic() < deadline_s:
            if any("sealed" in a or "failed" in a for a in self.scribe.answers()):
                break
            self.scribe.beat("closing the evidence")
            time.sleep(0.01)
        if self.scribe.quiet_s > self._report_s:
            self.scribe.kill()
        written = in_thread(lambda: self._write_abort(run, run_id, reason))
        lines = [f"  {self.ledger.path}: its file system does not answer"]
        with suppress(TimeoutError):
            lines = written.result(_LEDGER_WAIT_S)
        self.live.say(f"mlps-runner: {run.label} aborted: {reason}")
        for line in lines:
            self.live.say(line)
        self.live.say("  fix the cause and start the same command again: it resumes")
        self.live.close_log()
        self.scribe.ending()

    def _write_abort(self, run: Run, run_id: str, reason: str) -> list[str]:
        """Withdraw what looks sealed, write the ledger; tell what there is."""
        directory = self._run_directory
        self.directory.withdraw_summary(directory)
        lines = []
        if (directory / "evidence.h5").exists():
            lines.append(f"  evidence is kept in {shown(directory)}")
        try:
            self.ledger.append("run_aborted", run.number, run_id, reason)
        except MlpsError as error:
            lines.append(f"  {error}")
        return lines

    @property
    def _report_s(self) -> float:
        return max(self._doc.plan.submission.stall_report_s, _FRAME_INTERVALS_S)

    @property
    def _limit_s(self) -> float:
        return max(self._doc.plan.submission.stall_limit_s, self._report_s)

    def close(self) -> str:
        """End the campaign; return the table of its runs."""
        if self.ledger.entries[-1].event != "end":
            self.ledger.append("end")
        self.ledger.close()
        return self._table()

    def dismiss_scribe(self) -> None:
        """Let the scribe process end: nothing is open any more."""
        if self._scribe is not None:
            self._scribe.close()
            self._scribe = None

    def listen(self, at: str) -> None:
        """Before and between runs: beat, and hear who died or what was found."""
        self.scribe.beat(at)
        for answer in self.scribe.answers():
            if "failed" in answer:
                raise RunFailedError(f"{self._name(0)}: {answer['failed']}")
            if "died" in answer:
                raise RunFailedError(str(answer["died"]))
            if "inspected" in answer:
                found = Inspection(**answer["inspected"])
                name = self._name(found.rank)
                self.live.say(seen(f"{name}, pid {found.pid}:", found))

    def inspect(self, rank: int) -> None:
        """Have a rank looked at that all others wait for."""
        self.scribe.inspect(rank, self._place.nodes[rank])

    def _name(self, rank: int) -> str:
        return f"rank {rank} (host {self._place.hosts[rank]})"

    def _withdraw_datagen(self, pending: list[tuple[Run, str]]) -> None:
        """Note that a sealed run is done anew: whoever reads on counts one of them."""
        sealed = self.ledger.sealed_runs()
        for run, _ in pending:
            if run.kind is RunKind.DATAGEN and run.number in sealed:
                old = sealed[run.number]
                why = "its dataset is gone and generated anew"
                self.ledger.append("run_withdrawn", run.number, old, why)

    def _pending(self, dataset_is_there: bool) -> list[tuple[Run, str]]:
        sealed = self.ledger.sealed_runs()
        runs = self._doc.plan.campaign.runs
        to_do = [
            run
            for run in runs
            if run.number not in sealed
            or not self.directory.is_sealed(run, sealed[run.number])
        ]
        if to_do and not dataset_is_there:
            # Whoever deleted damaged files was told that they are generated anew.
            to_do = [r for r in runs if r in to_do or r.kind is RunKind.DATAGEN]
        return [(run, new_run_id()) for run in to_do]

    def _ceiling_percent(self) -> float | None:
        """Ceiling by the first run's sealed summary; None without calibration."""
        calibration = self._summary(self._doc.plan.campaign.runs[0])["calibration"]
        return calibration["ceiling_percent"] if calibration else None

    def _summary(self, run: Run) -> dict[str, Any]:
        """Summary of a run that is sealed."""
        run_id = self.ledger.sealed_runs()[run.number]
        path = self.directory.run(run, run_id) / "summary.json"
        summary: dict[str, Any] = json.loads(path.read_bytes())
        return summary

    def _table(self) -> str:
        ceiling_percent = self._ceiling_percent()
        lines = []
        for run in self._doc.plan.campaign.runs:
            lines += headline(run, self._summary(run), ceiling_percent)
        where = shown(self.directory.path)
        lines += [f"results: {where}", f"judge them: mlps verify {where}"]
        return "\n".join(lines)


def shown(path: Path) -> Path:
    """Return the path as people at this directory would type it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _not_writable(error: OSError, path: Path) -> NotReadyError:
    return NotReadyError(
        f"{error.filename or path}: results are not writable: {error.strerror}"
        f" (errno {error.errno});"
        " free space there or choose another --results"
    )
