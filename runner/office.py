"""What only rank 0 does: campaign files, ledger, scribe, talk, final table."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlps import __version__
from mlps.errors import MlpsError, NotReadyError, RunFailedError
from mlps.plan import PlanDocument, Run
from runner.campaign_directory import CampaignDirectory, new_run_id
from runner.chief import Chief
from runner.headline import headline
from runner.ledger import Ledger
from runner.live import LiveView
from runner.place import Place
from runner.recorder import to_rows
from runner.scribe import Scribe

_SEAL_WAIT_S = 60.0


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

    def start_scribe(self) -> str:
        """Start the scribe; return the name by which ranks of this host reach it."""
        self._scribe = Scribe()
        return self._scribe.watch(self._place.hosts[0])

    def open_campaign(self, plan_bytes: bytes) -> tuple[bytes, list[tuple[Run, str]]]:
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
        pending = self._pending()
        if pending:
            self.ledger.append("start", detail=f"{len(pending)} runs to do")
        return plan_bytes, pending

    def begin_run(
        self, run: Run, run_id: str, plan_bytes: bytes, facts: Mapping[str, Any]
    ) -> Chief:
        """Create the run's directory and evidence; its first rows are the facts."""
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
        return Chief(
            hosts=self._place.hosts,
            scribe=self.scribe,
            live=self.live,
            silent_s=self._doc.plan.submission.stall_report_s,
        )

    def seal(self, run: Run, run_id: str, summary: dict[str, Any]) -> None:
        """Store the summary of a complete run."""
        self.directory.store_summary(self._run_directory, summary)
        self.ledger.append("run_sealed", run.number, run_id, summary["chain_head"])
        for text in headline(run, summary, self.live.ceiling_percent):
            self.live.say(text)
        self.live.close_log()

    def abort(self, run: Run, run_id: str, reason: str, blamed_rank: int) -> None:
        """Close the evidence as aborted and tell people what happened."""
        self.scribe.seal("aborted", blamed_rank, reason)
        deadline_s = time.monotonic() + _SEAL_WAIT_S
        while self.scribe.is_alive and time.monotonic() < deadline_s:
            if any("sealed" in a or "failed" in a for a in self.scribe.answers()):
                break
            time.sleep(0.01)
        try:
            self.ledger.append("run_aborted", run.number, run_id, reason)
        except MlpsError as error:
            self.live.say(f"mlps-runner: {error}")
        self.live.say(
            f"mlps-runner: {run.label} aborted: {reason}\n"
            f"  evidence is kept in {shown(self._run_directory)}\n"
            "  fix the cause and start the same command again: it resumes"
        )
        self.live.close_log()

    def close(self) -> str:
        """End the campaign; return the table of its runs."""
        if self.ledger.entries[-1].event != "end":
            self.ledger.append("end")
        self.ledger.close()
        if self._scribe is not None:
            self._scribe.close()
        return self._table()

    def _pending(self) -> list[tuple[Run, str]]:
        sealed = self.ledger.sealed_runs()
        return [
            (run, new_run_id())
            for run in self._doc.plan.campaign.runs
            if run.number not in sealed
            or not self.directory.is_sealed(run, sealed[run.number])
        ]

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
        f"{error.filename or path}: results are not writable: {error.strerror};"
        " free space there or choose another --results"
    )
