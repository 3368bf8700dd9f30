"""Judgements as text for people and as plain data for programs; nothing is printed."""

import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import Any

from mlps.plan import Division, PlanDocument
from mlps.units import format_bytes
from rules.columns import aligned
from rules.finding import Finding, Judgement, Verdict
from rules.record import CampaignRecord, Ceiling, RunRecord
from rules.rule import Stage

SCHEMA = "verdict/1"
_WIDTH = 100
_BODY = 12
_COLOURS = {
    Verdict.PASS: "32",
    Verdict.FAIL: "31",
    Verdict.ERROR: "31",
    Verdict.NO_EVIDENCE: "33",
    Verdict.WARN: "33",
    Verdict.WAIVED: "36",
    Verdict.NOT_APPLICABLE: "2",
}


def table(findings: Sequence[Finding], *, colour: bool = False) -> str:
    """One line for each finding, and the rest of it where it is no pass."""
    wide = max((len(f.name) for f in findings), default=0)
    ids = max(6, *(len(f.rule_id) for f in findings), 0) + 2
    lines = []
    for finding in findings:
        verdict = finding.verdict.value
        if colour:
            verdict = f"\x1b[{_COLOURS[finding.verdict]}m{verdict}\x1b[0m"
        line = f"{finding.rule_id:<{ids}}{finding.name:<{wide}}  {verdict}"
        if finding.verdict is Verdict.NOT_APPLICABLE:
            line += f": {clean(finding.actual)}"
        lines.append(line)
        if finding.verdict not in (Verdict.PASS, Verdict.NOT_APPLICABLE):
            lines += _details(finding)
    return "\n".join(lines)


def _details(finding: Finding) -> list[str]:
    parts = ("expected", "actual", "reading", "where", "fix")
    lines: list[str] = []
    for part in parts:
        text = clean(getattr(finding, part))
        if text:
            lines += textwrap.wrap(
                f"{part:<10}{text}",
                width=_WIDTH,
                initial_indent=" " * _BODY,
                subsequent_indent=" " * (_BODY + 10),
                break_on_hyphens=False,
            )
    return lines


def clean(text: str) -> str:
    """Make text of strangers safe to show: control characters are escaped."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def header(
    where: str, stage: Stage, doc: PlanDocument, record: CampaignRecord | None
) -> str:
    """Head a judgement: name, digest, edition, claim, and the numbers of its runs."""
    submission = doc.plan.submission
    lines = [
        f"{stage.name.lower()} {clean(where)}",
        f"  plan     {clean(doc.plan.name)}  {doc.digest}",
        f"  claim    {submission.division.value}, edition {clean(submission.edition)}",
    ]
    if record is not None:
        lines += _runs(record)
    return "\n".join(lines)


def _runs(record: CampaignRecord) -> list[str]:
    sealed = Counter(run.kind for run in record.sealed)
    count = ", ".join(f"{number} {clean(kind)}" for kind, number in sealed.items())
    unsealed = len(record.runs) - len(record.sealed)
    tail = f"; {unsealed} not sealed" if unsealed else ""
    lines = [f"  sealed   {count or 'nothing'}{tail}"]
    lines += [f"  ignored  {clean(text)}" for text in record.oddities]
    rows = [row for run in record.sealed if (row := _numbers(run, record.ceiling))]
    if record.ceiling is not None:
        found = record.ceiling
        lines.append(
            f"  ceiling  {found.percent:.2f} % without storage, limited by"
            f" {clean(found.limited_by)}"
        )
    if rows:
        head = ("run", "AU rules", "DLIO", "slowest rank", "read", "samples")
        lines += [f"  {line}" for line in aligned([head, *rows], {0})]
    return lines


def _numbers(run: RunRecord, ceiling: Ceiling | None) -> tuple[str, ...] | None:
    use = run.evidence.utilization if run.evidence else None
    if use is None:
        return None
    return (
        run.label,
        f"{use.rules_percent:.2f} %{of_possible(ceiling)}",
        f"{use.dlio_percent:.2f} %",
        f"{use.slowest_percent:.2f} % (rank {use.slowest_rank})",
        f"{format_bytes(use.bytes_per_s)}/s",
        f"{use.samples_per_s:.1f}/s",
    )


def of_possible(ceiling: Ceiling | None) -> str:
    """Name what the clients could reach, to stand after a utilization."""
    return f" of a possible {ceiling.percent:.2f} %" if ceiling else ""


def verdict_line(judgement: Judgement, stage: Stage) -> str:
    """Say the last word: what the claim is worth, and the tally."""
    tally = Counter(finding.verdict for finding in judgement.findings)
    counts = ", ".join(f"{tally[v]} {v.value}" for v in Verdict if tally[v])
    notes = [f"claimed {judgement.claim.value}"]
    if judgement.claim in (Division.DEMO, Division.WHATIF):
        notes.append("can never count")
    if stage is Stage.PLAN:
        notes.append("plan only, nothing was run")
    if stage is Stage.RUN:
        notes.append("one run only, not the campaign")
    word = judgement.division_verdict.value
    return f"verdict: {word} ({'; '.join(notes)}): {counts}"


def data(
    where: str,
    stage: Stage,
    doc: PlanDocument,
    record: CampaignRecord | None,
    judgement: Judgement,
) -> dict[str, Any]:
    """Plain data of one judgement."""
    return {
        "where": where,
        "stage": stage.name.lower(),
        "plan": doc.plan.name,
        "digest": doc.digest,
        "edition": doc.plan.submission.edition,
        "claim": judgement.claim.value,
        "verdict": judgement.division_verdict.value,
        "exit_status": judgement.exit_status,
        "ceiling_percent": record.ceiling.percent
        if record and record.ceiling
        else None,
        "runs": [_run_data(run) for run in record.runs] if record else [],
        "findings": [finding_data(f) for f in judgement.findings],
    }


def finding_data(finding: Finding) -> dict[str, str]:
    """Plain data of one finding."""
    return {
        "rule": finding.rule_id,
        "name": finding.name,
        "verdict": finding.verdict.value,
        "expected": finding.expected,
        "actual": finding.actual,
        "reading": finding.reading,
        "where": finding.where,
        "fix": finding.fix,
    }


def _run_data(run: RunRecord) -> dict[str, Any]:
    evidence = run.evidence
    use = evidence.utilization if evidence and run.sealed else None
    return {
        "where": run.where,
        "run": run.number,
        "kind": run.kind,
        "run_id": run.run_id,
        "sealed": run.sealed,
        "outcome": evidence.outcome if evidence else "unreadable",
        "au_rules_percent": use.rules_percent if use else None,
        "au_dlio_percent": use.dlio_percent if use else None,
        "au_slowest_rank_percent": use.slowest_percent if use else None,
        "slowest_rank": use.slowest_rank if use else None,
        "bytes_per_s": use.bytes_per_s if use else None,
        "samples_per_s": use.samples_per_s if use else None,
    }
