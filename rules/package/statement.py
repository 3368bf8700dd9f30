"""The seal in plain data: verdict.json and an in-toto Statement about the files.

Both are functions of the package's own files, without a clock or a path in them:
sealing the same campaign again gives the same bytes, and a reader derives them anew.
In-toto Statement v1: https://in-toto.io/Statement/v1.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlps import __version__
from mlps.plan import PlanDocument
from rules import render
from rules.engine import judge
from rules.finding import Judgement, Verdict
from rules.record import CampaignRecord, RunRecord
from rules.rule import Stage

TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:mlps:verdict:1"
_SEALED_BY_RUNNER = ("evidence.h5", "summary.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealed:
    """A campaign as it is without its seal; `stored` are the bytes of its plan."""

    doc: PlanDocument
    stored: bytes
    record: CampaignRecord


def unsealed(doc: PlanDocument, stored: bytes, record: CampaignRecord) -> Unsealed:
    """Take the seal off a record, and the path it was read from.

    Its checksums shrink to what the runner sealed: a package's cover more.
    """
    plan, sums = str(Path(record.where) / "plan.yaml"), record.checksums
    if sums is not None:
        sums = replace(sums, covered=sums.covered & _sealed_files(record))
    bare = replace(
        record,
        where=doc.campaign_name,
        plan_fault=record.plan_fault.replace(plan, "plan.yaml"),
        runs=tuple(_without_path(record.where, run) for run in record.runs),
        checksums=sums,
        package=None,
    )
    return Unsealed(doc=doc, stored=stored, record=bare)


def judged(campaign: Unsealed) -> Judgement:
    """Judge a campaign by every rule but those about its seal."""
    return judge(campaign.doc, Stage.CAMPAIGN, campaign.stored, campaign.record)


def verdict(campaign: Unsealed, judgement: Judgement) -> dict[str, Any]:
    """Content of verdict.json: as `mlps verify --json` says it, without a path."""
    doc, record = campaign.doc, campaign.record
    item = render.data(record.where, Stage.CAMPAIGN, doc, record, judgement)
    return {
        "schema": render.SCHEMA,
        "mlps_version": __version__,
        "exit_status": judgement.exit_status,
        "subjects": [item],
    }


def statement(
    doc: PlanDocument, judgement: Judgement, digests: Mapping[str, str]
) -> dict[str, Any]:
    """Content of statement.json; `digests` has the SHA-256 of each subject in hex."""
    tally = Counter(finding.verdict for finding in judgement.findings)
    return {
        "_type": TYPE,
        "subject": [
            {"name": name, "digest": {"sha256": digests[name]}}
            for name in sorted(digests)
        ],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "plan": doc.plan.name,
            "plan_digest": doc.digest,
            "edition": doc.plan.submission.edition,
            "division": judgement.claim.value,
            "verdict": judgement.division_verdict.value,
            "findings": {v.value: tally[v] for v in Verdict if tally[v]},
            "mlps_version": __version__,
        },
    }


def file_form(data: Mapping[str, Any]) -> bytes:
    """Render a file of the seal in the one form it is written in."""
    return (json.dumps(data, indent=2) + "\n").encode()


def _sealed_files(record: CampaignRecord) -> frozenset[str]:
    names = [f"{r.where}/{n}" for r in record.sealed for n in _SEALED_BY_RUNNER]
    return frozenset({"plan.yaml", *names})


def _without_path(where: str, run: RunRecord) -> RunRecord:
    name = f"{run.where}/evidence.h5"
    fault = run.evidence_fault.replace(str(Path(where) / name), name)
    return replace(run, evidence_fault=fault)
