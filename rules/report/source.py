"""Makes chapters of our own results: reads them, judges them, reduces the evidence."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from mlps.errors import PlanError
from mlps.plan import Division, PlanDocument
from mlps.units import format_bytes
from rules.engine import judge
from rules.finding import DivisionVerdict, Judgement
from rules.report.chapter import Chapter, Fact, Tone
from rules.report.hosts import HOSTS_DRAWN, OBSERVERS_DRAWN
from rules.report.run import run_view
from rules.report.view import RunView
from rules.rule import Stage
from rules.sources.folder import Folder
from rules.sources.loading import load
from rules.subject import Subject, Unreadable

MOST_POINTS = 600
_LEAST_POINTS = 60
_ALL_POINTS = 110_000
_SERIES_PER_HOST = 14
_SERIES_PER_RUN = 16

_TONES = {
    DivisionVerdict.CLOSED: Tone.GOOD,
    DivisionVerdict.OPEN: Tone.GOOD,
    DivisionVerdict.WHATIF: Tone.CAUTION,
    DivisionVerdict.INVALID: Tone.BAD,
}


def chapter(found: Subject | Unreadable) -> Chapter:
    """Judge one subject; what holds no plan is a chapter that says so."""
    if isinstance(found, Unreadable):
        return unreadable(found.where, found.problem)
    try:
        judgement = judge(found.doc, found.stage, found.stored, found.record)
    except PlanError as error:
        return unreadable(found.where, str(error))
    return Chapter(
        title=found.doc.plan.name,
        where=found.where,
        stage=found.stage.name.lower(),
        verdict=judgement.division_verdict.value,
        tone=_TONES[judgement.division_verdict],
        notes=_notes(found, judgement),
        exit_status=judgement.exit_status,
        findings=judgement.findings,
        facts=_facts(found.doc),
        runs=_runs(found),
        target_percent=100 * found.doc.plan.workload.metric.au,
    )


def unreadable(where: str, problem: str) -> Chapter:
    """Chapter of a place without a plan to judge by."""
    return Chapter(
        title=Path(where).name or where,
        where=where,
        stage="unreadable",
        verdict="UNREADABLE",
        tone=Tone.BAD,
        notes=("no plan to judge by", problem),
        exit_status=PlanError.exit_status,
    )


def _notes(found: Subject, judgement: Judgement) -> tuple[str, ...]:
    submission = found.doc.plan.submission
    notes = [f"claimed {judgement.claim.value} in edition {submission.edition}"]
    if judgement.claim in (Division.DEMO, Division.WHATIF):
        notes.append("can never count")
    if found.stage is Stage.PLAN:
        notes.append("plan only, nothing was run")
    if found.stage is Stage.RUN:
        notes.append("one run only, not the campaign")
    if found.record is not None and found.stage is Stage.CAMPAIGN:
        sealed = Counter(run.kind for run in found.record.sealed)
        count = ", ".join(f"{number} {kind}" for kind, number in sealed.items())
        notes.append(f"sealed: {count or 'nothing'}")
        notes += [f"ignored: {text}" for text in found.record.oddities]
    return tuple(notes)


def _runs(found: Subject) -> tuple[RunView, ...]:
    if found.record is None:
        return ()
    folder = Folder(Path(found.record.where))
    system, ceiling = found.doc.plan.system, found.record.ceiling
    limit = points(system.hosts, len(found.record.runs), len(system.observers))
    percent = ceiling.percent if ceiling else None
    views = []
    for record in found.record.runs:
        inside = record.where if found.stage is Stage.CAMPAIGN else ""
        evidence, fault = load(folder, inside)
        view = run_view(record, evidence, fault, found.doc.plan, limit)
        views.append(replace(view, ceiling_percent=percent))
    return tuple(views)


def points(hosts: int, runs: int, observers: int = 0) -> int:
    """Points a series of a chapter may have, so that a page stays small."""
    drawn = min(hosts, HOSTS_DRAWN) + min(observers, OBSERVERS_DRAWN)
    lines = runs * (_SERIES_PER_RUN + drawn * _SERIES_PER_HOST)
    return max(_LEAST_POINTS, min(MOST_POINTS, _ALL_POINTS // max(lines, 1)))


def _facts(doc: PlanDocument) -> tuple[Fact, ...]:
    plan = doc.plan
    system, workload, derived = plan.system, plan.workload, plan.derived
    data = workload.dataset
    reader, metric = workload.reader, workload.metric
    official = "official" if workload.figures.official else "not official"
    pairs = (
        ("Plan", f"{plan.name}, {doc.digest}"),
        (
            "Claim",
            f"{plan.submission.division.value}, edition {plan.submission.edition}",
        ),
        ("Workload", f"{workload.name}, {workload.framework}; figures {official}"),
        (
            "Ranks",
            f"{derived.ranks}, each one {system.accelerator}:"
            f" {system.hosts} {'host' if system.hosts == 1 else 'hosts'}"
            f" x {system.accelerators_per_host}",
        ),
        (
            "Step",
            f"batch {reader.batch_size} and"
            f" {workload.train.computation_time_s:g} s of compute on each rank",
        ),
        (
            "Epochs",
            f"{workload.train.epochs} in each run,"
            f" {derived.steps_per_epoch} steps each",
        ),
        (
            "Dataset",
            f"{data.files} {data.format.value} files,"
            f" {format_bytes(derived.dataset_bytes)}",
        ),
        (
            "Reading",
            f"{reader.read_threads} threads, {reader.prefetch_batches} batches ahead,"
            f" {'O_DIRECT' if reader.odirect else 'buffered'},"
            f" {'cold' if plan.submission.cold_reads else 'page cache left warm'}",
        ),
        ("Memory", f"{format_bytes(system.host_memory_bytes)} declared for each host"),
        (
            "Target",
            f"utilization of at least {100 * metric.au:g} %;"
            f" {format_bytes(derived.required_bandwidth_bytes_per_s)}/s just reach it",
        ),
        (
            "Window",
            f"without the first {metric.exclude_start_steps} and the last"
            f" {metric.exclude_end_steps} steps of each epoch",
        ),
    )
    return tuple(Fact(name=name, value=value) for name, value in pairs)
