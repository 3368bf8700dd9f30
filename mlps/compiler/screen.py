"""One screen about a plan: what it will do, what it needs, whether it counts.

A pure renderer: plan and judgement in, text of at most 100 columns out.
"""

import shlex
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlps.plan import FileFormat, Plan, PlanDocument
from mlps.sizing import PROCESS_OVERHEAD_BYTES
from mlps.units import format_bytes, format_duration

if TYPE_CHECKING:
    from rules.finding import Finding, Judgement

WIDTH = 100
LABEL = 11
READABLE = (FileFormat.NPZ, FileFormat.JPEG)
ADVISED_FOLDER_FILES = 10_000
FAILING = ("FAIL", "NO_EVIDENCE", "ERROR")


def render_screen(doc: PlanDocument, judgement: "Judgement", file: str) -> str:
    """Render the screen; `file` is the plan file as it was written."""
    plan = doc.plan
    blocks = [
        [plan.name],
        list(_work(plan)),
        list(_dataset(plan)),
        list(_needs(plan)),
        list(_notes(plan)),
        list(_verdict(plan, judgement)),
        list(_run(doc, file)),
    ]
    return "\n".join(line for block in blocks for line in block) + "\n"


def _row(label: str, text: str) -> str:
    return textwrap.fill(
        text,
        width=WIDTH,
        initial_indent=f"  {label:<{LABEL}}",
        subsequent_indent=" " * (LABEL + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _work(plan: Plan) -> Iterator[str]:
    system, submission, train = plan.system, plan.submission, plan.workload.train
    yield _row(
        "claim",
        f"{submission.division.value}, edition {submission.edition} of the rules",
    )
    yield _row(
        "ranks",
        f"{_count(plan.derived.ranks, 'rank')}, each one {system.accelerator}:"
        f" {_count(system.hosts, 'host')} x {system.accelerators_per_host}",
    )
    yield _row(
        "runs",
        f"datagen, {submission.warmup_runs} warm-up, {submission.measured_runs}"
        f" measured, each {_count(train.epochs, 'epoch')} of"
        f" {_count(plan.derived.steps_per_epoch, 'step')};"
        f" {'cold' if submission.cold_reads else 'cache-warm'} reads",
    )
    yield _row(
        "step",
        f"batch {plan.workload.reader.batch_size:,} and {train.computation_time_s:g} s"
        f" of compute on each rank; all steps take"
        f" {format_duration(plan.derived.estimated_s)} at the target",
    )
    figures = plan.workload.figures
    word = "official" if figures.official else "not official"
    yield _row("figures", f"{word}: {figures.source}")


def _dataset(plan: Plan) -> Iterator[str]:
    dataset, scale, derived = plan.workload.dataset, plan.submission.scale, plan.derived
    memory = format_bytes(plan.system.host_memory_bytes)
    per_file = (
        ""
        if dataset.samples_per_file == 1
        else f" / {dataset.samples_per_file:,} a file"
    )
    by_steps = (
        f"{scale.min_steps:,} steps x batch {plan.workload.reader.batch_size:,} x"
        f" {_count(derived.ranks, 'rank')}{per_file}"
    )
    by_memory = (
        f"{scale.memory_multiple} x {_count(plan.system.hosts, 'host')} x {memory} /"
        f" {dataset.record_length_bytes:,.12g} B{per_file}"
    )
    yield "  dataset    rule 3.1.2 asks for the larger of"
    wide = max(len(by_steps), len(by_memory))
    for label, text, files in (
        ("by steps", by_steps, derived.required_files_by_steps),
        ("by memory", by_memory, derived.required_files_by_memory),
    ):
        yield f"    {label:<{LABEL}}{text:<{wide}} = {files:>12,} files"
    more = dataset.files - derived.required_files
    word = (
        f", {abs(more):,} {'more' if more > 0 else 'fewer'} than asked" if more else ""
    )
    yield _row(
        "files",
        f"{dataset.files:,} {dataset.format.value} files{word};"
        f" {format_bytes(derived.dataset_bytes)} under {plan.system.data_path}",
    )


def _needs(plan: Plan) -> Iterator[str]:
    system, derived = plan.system, plan.derived
    yield _row(
        "memory",
        f"per host {format_bytes(derived.host_memory_budget_bytes)} of"
        f" {format_bytes(system.host_memory_bytes)} declared:"
        f" {_count(system.accelerators_per_host, 'rank')} x"
        f" ({format_bytes(derived.rank_memory_bytes)} of samples and buffers +"
        f" {format_bytes(PROCESS_OVERHEAD_BYTES)})",
    )
    total = derived.required_bandwidth_bytes_per_s
    yield _row(
        "BANDWIDTH",
        f"{format_bytes(total)}/s from storage keeps every {system.accelerator} at"
        f" {plan.workload.metric.au * 100:g} %;"
        f" {format_bytes(total / derived.ranks)}/s per rank",
    )


def _notes(plan: Plan) -> Iterator[str]:
    dataset = plan.workload.dataset
    if dataset.format not in READABLE:
        yield _row(
            "note",
            f"this version has no {dataset.format.value} reader: the plan compiles and"
            " is judged, but can't be run yet",
        )
    if plan.workload.checkpoint:
        yield _row("note", "this version writes no checkpoint during training")
    folders = max(dataset.subfolders, 1)
    if dataset.files > ADVISED_FOLDER_FILES * folders:
        advised = -(-dataset.files // ADVISED_FOLDER_FILES)
        yield _row(
            "note",
            f"{dataset.files // folders:,} files a folder; the official tool advises"
            f" workload.dataset.subfolders={advised}",
        )
    if plan.derived.host_memory_budget_bytes > plan.system.host_memory_bytes:
        yield _row("note", "the budget is more than the memory declared")


def _verdict(plan: Plan, judgement: "Judgement") -> Iterator[str]:
    failing = failing_of(judgement)
    verdicts = [finding.verdict.value for finding in judgement.findings]
    counts = [
        f"{verdicts.count(verdict)} {word}"
        for verdict, word in (("PASS", "pass"), ("WAIVED", "waived"))
        if verdict in verdicts
    ]
    counts += [f"{len(failing)} fail"] if failing else []
    later = verdicts.count("NOT_APPLICABLE")
    counts += [f"{later} judged later or not at all"] if later else []
    yield _row(
        "verdict",
        f"{judgement.division_verdict} so far, claimed {plan.submission.division.value}"
        f" in edition {plan.submission.edition}; rules: {', '.join(counts)}",
    )
    for finding in failing:
        yield from _finding(finding)


def failing_of(judgement: "Judgement") -> "list[Finding]":
    """Pick the findings that keep the plan from counting."""
    return [f for f in judgement.findings if f.verdict.value in FAILING]


def _finding(finding: "Finding") -> Iterator[str]:
    yield _row(
        "",
        f"{finding.rule_id} {finding.name} {finding.verdict.value}: {finding.actual};"
        f" expected {finding.expected}",
    )
    if finding.fix:
        yield _row("", f"fix: {finding.fix}")


def _run(doc: PlanDocument, file: str) -> Iterator[str]:
    ranks, hosts = doc.plan.derived.ranks, doc.plan.system.hosts
    yield _row("digest", doc.digest)
    yield _row("written", file)
    if hosts > 1:
        yield _row(
            "hosts",
            f"name {hosts} hosts to mpirun, with"
            f" {doc.plan.system.accelerators_per_host} ranks on each"
            " (MPICH: -hosts, -ppn; Open MPI: --host)",
        )
    yield f"  {'run':<{LABEL}}mpirun -n {ranks} mlps-runner {shlex.quote(file)}"
