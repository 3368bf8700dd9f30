"""Reads our own results: a plan, a run directory, a campaign, a folder of campaigns."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlps.errors import PlanError
from mlps.evidence.reader import Evidence
from mlps.plan import PlanDocument, parse
from mlps.plan.document import MAX_PLAN_BYTES
from rules.record import CampaignRecord, Ledger, RunRecord
from rules.rule import Stage
from rules.sources import checksums, ledger, run
from rules.sources.folder import Folder, UnreadableError

PLAN = "plan.yaml"
RUNS = "runs"
_MAX_DEPTH = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing to judge: its plan, the plan's bytes, and what was recorded."""

    where: str
    stage: Stage
    doc: PlanDocument
    stored: bytes
    record: CampaignRecord | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Something that holds no plan to judge by."""

    where: str
    problem: str


def subjects(path: Path) -> Iterator[Subject | Unreadable]:
    """Everything to judge at `path`, found by its layout, one after the other."""
    found = False
    for place in _places(path, 0):
        found = True
        try:
            yield _subject(place)
        except PlanError as error:
            yield Unreadable(where=str(place), problem=str(error))
    if not found:
        yield Unreadable(
            where=str(path),
            problem=f"{path}: nothing to judge here: no plan, no run and no campaign"
            " (compile a plan with `mlps +workload=... +system=...`)",
        )


def _places(path: Path, depth: int) -> Iterator[Path]:
    if not path.is_dir():
        yield path.parent if path.name == run.EVIDENCE else path
        return
    folder = Folder(path)
    if any(folder.has(name) for name in (*_CAMPAIGN, PLAN, *_RUN)):
        yield path
        return
    if depth < _MAX_DEPTH:
        for name in folder.names():
            if not name.startswith("."):
                yield from _inside(path / name, depth + 1)


def _inside(path: Path, depth: int) -> Iterator[Path]:
    return (place for place in _places(path, depth))


_CAMPAIGN = (RUNS, ledger.NAME, checksums.NAME)
_RUN = (run.EVIDENCE, run.SUMMARY)


def _subject(path: Path) -> Subject:
    if not path.is_dir():
        return _plan(path.parent, path.name)
    folder = Folder(path)
    if any(folder.has(name) for name in _CAMPAIGN):
        return _campaign(folder)
    if any(folder.has(name) for name in _RUN):
        return _run(folder)
    return _plan(path, PLAN)


def _plan(path: Path, name: str) -> Subject:
    where = str(path / name)
    stored = _plan_bytes(Folder(path), name)
    doc = parse(stored, where)
    return Subject(where=where, stage=Stage.PLAN, doc=doc, stored=stored, record=None)


def _plan_bytes(folder: Folder, name: str) -> bytes:
    try:
        return folder.read(name, MAX_PLAN_BYTES)
    except UnreadableError as error:
        raise PlanError(f"{folder.root / name}: {error}") from error


def _run(folder: Folder) -> Subject:
    where = str(folder.root)
    loaded = run.load(folder, "")
    evidence, fault = loaded
    if evidence is None:
        raise PlanError(f"{where}: the run can't be judged, {run.EVIDENCE} {fault}")
    doc = parse(evidence.plan_bytes, f"{where}/{run.EVIDENCE}:/plan")
    record = CampaignRecord(
        where=where,
        plan_fault="",
        runs=(run.record(folder, "", loaded, doc.plan, None),),
        ledger=None,
        checksums=None,
        oddities=(),
    )
    return Subject(
        where=where,
        stage=Stage.RUN,
        doc=doc,
        stored=evidence.plan_bytes,
        record=record,
    )


def _campaign(folder: Folder) -> Subject:
    said, names = ledger.read(folder), folder.names(RUNS)
    directories = [name for name in names if run.NAME.fullmatch(name)]
    doc, stored, fault = _campaign_plan(folder, directories)
    sealed = _sealed_ids(said)
    runs = [_attempt(folder, name, doc, sealed) for name in directories]
    record = CampaignRecord(
        where=str(folder.root),
        plan_fault=fault,
        runs=tuple(sorted(runs, key=lambda r: (r.number, r.where))),
        ledger=said,
        checksums=checksums.read(folder),
        oddities=tuple(
            f"{RUNS}/{name} is no run directory"
            for name in names
            if name not in directories
        ),
    )
    return Subject(
        where=str(folder.root),
        stage=Stage.CAMPAIGN,
        doc=doc,
        stored=stored,
        record=record,
    )


def _sealed_ids(said: Ledger | None) -> set[str] | None:
    """Run ids the ledger calls sealed; None when there is no ledger to ask."""
    if said is None or not said.events:
        return None
    return {e.run_id for e in said.events if e.event == "run_sealed"}


def _attempt(
    folder: Folder, name: str, doc: PlanDocument, sealed: set[str] | None
) -> RunRecord:
    where = f"{RUNS}/{name}"
    run_id = name.rsplit("-", 1)[-1]
    is_sealed = None if sealed is None else run_id in sealed
    return run.record(folder, where, run.load(folder, where), doc.plan, is_sealed)


def _campaign_plan(
    folder: Folder, directories: list[str]
) -> tuple[PlanDocument, bytes, str]:
    """Plan of a campaign; when the file is damaged, the one in its evidence."""
    where = str(folder.root / PLAN)
    try:
        stored = _plan_bytes(folder, PLAN)
        return parse(stored, where), stored, ""
    except PlanError as error:
        for name in directories:
            evidence, _ = run.load(folder, f"{RUNS}/{name}")
            doc = _parsed(evidence, where)
            if doc is not None and evidence is not None:
                return doc, evidence.plan_bytes, str(error)
        raise


def _parsed(evidence: Evidence | None, where: str) -> PlanDocument | None:
    if evidence is None:
        return None
    try:
        return parse(evidence.plan_bytes, where)
    except PlanError:
        return None
