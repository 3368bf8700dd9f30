"""Whether everybody ran the same plan with the same code."""

from collections import Counter
from collections.abc import Sequence

from mlps.errors import NotRecordedError
from mlps.plan import digest_of, render
from rules.finding import Outcome
from rules.record import RunRecord
from rules.rule import Case, Stage, faultless, first_of, rule


@rule("EV-01", "planDigest")
def plan_digest(case: Case) -> Outcome:
    """Check that the plan is the plan, byte for byte, on every rank of every run.

    The digest recomputes from the plan; the file is the one form a plan is written
    in; each evidence file holds the same bytes; each rank computed the same digest.
    """
    doc, faults = case.doc, []
    if case.campaign is not None and case.campaign.plan_fault:
        faults.append(case.campaign.plan_fault)
    if doc.digest != digest_of(doc.plan):
        faults.append(f"digest {doc.digest} is not the plan's own")
    if case.stored_plan is not None and case.stored_plan != render(doc):
        faults.append("plan.yaml is not as a compiler writes it: edited by hand")
    if case.stage is not Stage.PLAN and not faults:
        for run in case.presented():
            faults += [f"{run.where}: {text}" for text in _strange(case, run)]
    return faultless(
        faults,
        expected=f"one plan, {doc.digest[:19]}..., everywhere",
        actual="the same bytes and the same digest",
        where="plan.yaml; evidence: /plan, /run/plan_digest, /ranks/plan_digest",
        fix="put the plan.yaml back that was executed (it is in /plan of each"
        " evidence.h5), or compile and run again",
    )


def _strange(case: Case, run: RunRecord) -> Sequence[str]:
    evidence = run.read()
    if not evidence.plan_bytes or not evidence.ranks:
        raise NotRecordedError(
            f"{run.where}: /plan or /ranks has no rows; record the plan's bytes and"
            " the digest each rank computed"
        )
    texts = []
    if case.stored_plan is not None and evidence.plan_bytes != case.stored_plan:
        texts.append("holds other plan bytes than plan.yaml")
    if evidence.plan_digest != case.doc.digest:
        texts.append(f"ran plan {evidence.plan_digest[:19]}...")
    other = [str(r.rank) for r in evidence.ranks if r.plan_digest != case.doc.digest]
    if other:
        texts.append(f"rank {first_of(other, 8, between=', ')} had another plan")
    return texts


@rule("EV-10", "rankCode", needs=Stage.RUN)
def rank_code(case: Case) -> Outcome:
    """Check that all ranks of all runs imported the same code, on one Python."""
    runs = case.presented()
    digests: Counter[str] = Counter()
    for run in runs:
        evidence = run.read()
        if not evidence.ranks or not evidence.software_digest:
            raise NotRecordedError(
                f"{run.where}: /ranks or /run/software_digest is empty; record the"
                " digest of the code each rank imported"
            )
        digests.update(rank.software_digest for rank in evidence.ranks)
        digests[evidence.software_digest] += 1
    usual = digests.most_common(1)[0][0]
    faults = [text for run in runs for text in _odd_code(run, usual)]
    faults += _versions(runs)
    return faultless(
        faults,
        expected="one digest of the imported code",
        actual=f"{usual[:19]}... on every rank of {len(runs)} runs",
        where="evidence: /run/software_digest, /ranks/software_digest,"
        " /run/mlps_version, /ranks/python",
        fix="install the same version on every host and take the runs anew",
    )


def _odd_code(run: RunRecord, usual: str) -> Sequence[str]:
    evidence = run.read()
    odd = [str(r.rank) for r in evidence.ranks if r.software_digest != usual]
    texts = []
    if odd:
        who = first_of(odd, 8, between=", ")
        texts.append(f"{run.where}: other code on rank {who}")
    elif evidence.software_digest != usual:
        texts.append(f"{run.where}: other code recorded for the run")
    return texts


def _versions(runs: Sequence[RunRecord]) -> Sequence[str]:
    """Say which versions stand beside each other; one code has one version."""
    pythons = sorted({r.python for run in runs for r in run.read().ranks})
    versions = sorted({run.read().mlps_version for run in runs})
    return [
        f"{what} {first_of(found, 4, between=' and ')}"
        for what, found in (("Python", pythons), ("mlps", versions))
        if len(found) > 1
    ]
