"""What is seen of a campaign from outside: files, ledger, evidence, the judge."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlps.errors import EvidenceError
from mlps.evidence.reader import Evidence, read
from tests.conftest import BIN
from tests.faults.fault import Kept
from tests.faults.ground import Ground

_VERIFY_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSeen:
    """The last attempt at the run that was hit."""

    kept: Kept
    blamed: int = -1
    reason: str = ""
    fault: str = ""
    events: str = ""
    kept_bytes: int = 0
    has_summary: bool = False
    log: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What `mlps verify` makes of the campaign."""

    presented: frozenset[int] = frozenset()
    failed: frozenset[str] = frozenset()
    unsound: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the campaign looks like from outside."""

    run: RunSeen
    events: tuple[tuple[str, int | None], ...]
    judged: Judged


def look(ground: Ground, number: int) -> Seen:
    """Look at the last attempt at a run, the ledger, and what the judge says."""
    runs = ground.runs(number)
    is_there = bool(runs) and (runs[-1] / "evidence.h5").exists()
    return Seen(
        run=_run(runs[-1]) if is_there else RunSeen(kept=Kept.NONE),
        events=tuple((event["event"], event["run"]) for event in ground.events()),
        judged=_judge(ground),
    )


def _run(path: Path) -> RunSeen:
    file = path / "evidence.h5"
    log = path / "runner.log"
    seen: dict[str, Any] = {
        "kept_bytes": sum(part.stat().st_size for part in path.iterdir()),
        "has_summary": (path / "summary.json").exists(),
        "log": log.read_text() if log.exists() else "",
    }
    try:
        evidence = read(file)
    except EvidenceError as error:
        return RunSeen(kept=Kept.NONE, fault=str(error), **seen)
    rows = evidence.tables["outcome"]
    return RunSeen(
        kept=Kept(evidence.outcome),
        blamed=int(rows["blamed_rank"][0]) if len(rows) else -1,
        reason=rows["reason"][0].decode() if len(rows) else "",
        fault=evidence.chain_fault or "",
        events=_events(evidence),
        **seen,
    )


def _events(evidence: Evidence) -> str:
    rows = evidence.tables["events"]
    said = rows[["severity", "subject", "message"]].tolist()
    return "\n".join(" ".join(text.decode() for text in row) for row in said)


def _judge(ground: Ground) -> Judged:
    """Have `mlps verify` judge the campaign."""
    if not list(ground.results.glob("*/plan.yaml")):
        return Judged()
    done = subprocess.run(
        [BIN / "mlps", "verify", "--json", ground.campaign()],
        env=ground.environment(),
        capture_output=True,
        text=True,
        timeout=_VERIFY_S,
        check=False,
    )
    try:
        (subject,) = json.loads(done.stdout)["subjects"]
    except ValueError:
        return Judged(unsound=f"exit {done.returncode}: {done.stderr[-300:]}")
    presented = {
        run["run"]
        for run in subject["runs"]
        if run["sealed"] or run["au_rules_percent"] is not None
    }
    failed = {f["rule"] for f in subject["findings"] if f["verdict"] == "FAIL"}
    return Judged(presented=frozenset(presented), failed=frozenset(failed))
