"""Reads our own results: a plan, a run directory, a campaign, a folder of campaigns."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mlps.errors import PlanError
from mlps.evidence.reader import BUDGET_BYTES, Evidence
from mlps.plan import PlanDocument, parse
from mlps.plan.document import MAX_PLAN_BYTES
from rules.package.signature import Signers
from rules.record import CampaignRecord, Ledger, RunRecord
from rules.rule import Stage
from rules.sources import checksums, ledger, package, run
from rules.sources.folder import Folder, UnreadableError
from rules.sources.loading import Loaded, load, load_all
from rules.sources.places import (
    EVIDENCE,
    PLAN,
    RUN_NAME,
    RUNS,
    is_campaign,
    is_run,
    places,
)
from rules.subject import Subject, Unreadable


def subjects(
    path: Path, signers: Signers | None = None, budget_bytes: int = BUDGET_BYTES
) -> Iterator[Subject | Unreadable]:
    """Everything to judge at `path`, found by its layout, one after the other.

    With `signers` each has to be a package with their signature. `budget_bytes` is
    what the rows of one evidence file may take.
    """
    found = False
    for place in places(path):
        found = True
        try:
            yield _subject(place, signers, budget_bytes)
        except PlanError as error:
            yield Unreadable(where=str(place), problem=str(error))
    if not found:
        yield Unreadable(
            where=str(path),
            problem=f"{path}: nothing to judge here: no plan, no run and no campaign"
            " (compile a plan with `mlps +workload=... +system=...`)",
        )


def _subject(path: Path, signers: Signers | None, budget_bytes: int) -> Subject:
    folder = Folder(path)
    if is_campaign(folder):
        return _campaign(folder, signers, budget_bytes)
    if signers is not None:
        raise PlanError(f"{path}: no package, and only a package can be signed")
    if not path.is_dir():
        return _plan(path.parent, path.name)
    if is_run(folder):
        return _run(folder, budget_bytes)
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


def _run(folder: Folder, budget_bytes: int) -> Subject:
    where = str(folder.root)
    loaded = load(folder, "", budget_bytes)
    evidence, fault = loaded
    if evidence is None:
        raise PlanError(f"{where}: the run can't be judged, {EVIDENCE} {fault}")
    doc = parse(evidence.plan_bytes, f"{where}/{EVIDENCE}:/plan")
    here = folder.root.resolve()
    sealed = _sealed_ids(_ledger_around(here))
    is_sealed = None if sealed is None else here.name.rsplit("-", 1)[-1] in sealed
    record = CampaignRecord(
        where=where,
        plan_fault="",
        runs=(run.record(folder, "", loaded, doc.plan, is_sealed),),
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


def _campaign(folder: Folder, signers: Signers | None, budget_bytes: int) -> Subject:
    said, names = ledger.read(folder), folder.names(RUNS)
    directories = [name for name in names if RUN_NAME.fullmatch(name)]
    doc, stored, fault = _campaign_plan(folder, directories)
    sealed = _sealed_ids(said)
    places = [f"{RUNS}/{name}" for name in directories]
    loaded = zip(places, load_all(folder, places, budget_bytes), strict=True)
    runs = [_attempt(folder, at, found, doc, sealed) for at, found in loaded]
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
    seal = package.read(folder, doc, stored, record, signers)
    record = replace(record, package=seal)
    return Subject(
        where=str(folder.root),
        stage=Stage.CAMPAIGN,
        doc=doc,
        stored=stored,
        record=record,
    )


def _ledger_around(directory: Path) -> Ledger | None:
    """Ledger of the campaign that a run directory lies in, None when it lies alone."""
    around = directory.parent
    return ledger.read(Folder(around.parent)) if around.name == RUNS else None


def _sealed_ids(said: Ledger | None) -> set[str] | None:
    """Run ids the ledger calls sealed; None when there is no ledger to ask."""
    if said is None or not said.events:
        return None
    return set(said.seals)


def _attempt(
    folder: Folder,
    where: str,
    loaded: Loaded,
    doc: PlanDocument,
    sealed: set[str] | None,
) -> RunRecord:
    run_id = where.rsplit("-", 1)[-1]
    is_sealed = None if sealed is None else run_id in sealed
    return run.record(folder, where, loaded, doc.plan, is_sealed)


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
            evidence, _ = load(folder, f"{RUNS}/{name}")
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
