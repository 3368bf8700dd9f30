"""Whether what was recorded is what was written, and whether its numbers recompute."""

from collections.abc import Mapping, Sequence

from mlps.errors import NotRecordedError
from mlps.plan import leaves
from rules.finding import Outcome
from rules.record import RunRecord
from rules.rule import Case, Stage, faultless, first_of, rule

_SEALED = ("evidence.h5", "summary.json")


@rule("EV-04", "hashChain", needs=Stage.RUN)
def hash_chain(case: Case) -> Outcome:
    """Check that no row changed since it was written: the hash chain is whole.

    It can't show that what was written was measured honestly.
    """
    runs, faults = case.presented(), []
    for run in runs:
        if run.evidence is None:
            faults.append(f"{run.where}/evidence.h5: {run.evidence_fault}")
        elif not run.evidence.chain_head:
            raise NotRecordedError(
                f"{run.where}: /chain has no rows; record a digest of each block"
            )
        elif run.evidence.chain_fault:
            faults.append(f"{run.where}: {run.evidence.chain_fault}")
    return faultless(
        faults,
        expected="a whole chain in every sealed evidence file",
        actual=f"whole in {len(runs)} files",
        where="evidence: /chain",
        fix="put the file back as the runner wrote it; a run without it must be redone",
    )


@rule("EV-05", "summaryRecomputes", needs=Stage.RUN)
def summary_recomputes(case: Case) -> Outcome:
    """Check that every number of summary.json recomputes from the evidence file."""
    runs, faults, numbers = case.presented(), [], 0
    for run in runs:
        stored = run.summary
        if stored is None:
            raise NotRecordedError(f"{run.where}/summary.json: {run.summary_fault}")
        expected = _expected(run)
        texts = _differences(dict(leaves(stored)), dict(leaves(expected)))
        numbers += len(texts) or len(dict(leaves(expected)))
        if texts:
            faults.append(f"{run.where}/summary.json: {first_of(texts, 3)}")
    return faultless(
        faults,
        expected="every value as recomputed from evidence.h5",
        actual=f"{numbers} values in {len(runs)} files recompute",
        where="summary.json; evidence: all tables",
        fix="put the file back as the runner wrote it",
    )


def _expected(run: RunRecord) -> Mapping[str, object]:
    evidence = run.read()
    if evidence.recomputed is None:
        raise NotRecordedError(
            f"{run.where}: its numbers can't be recomputed: {evidence.recompute_fault}"
        )
    return {
        **evidence.recomputed,
        "evidence_sha256": run.evidence_sha256,
        "chain_head": evidence.chain_head,
    }


def _differences(
    stored: Mapping[str, object], expected: Mapping[str, object]
) -> Sequence[str]:
    texts = [
        f"{key} is {stored[key]!r}, recomputed {expected[key]!r}"
        for key in expected
        if key in stored and not _same(stored[key], expected[key])
    ]
    texts += [f"{key} is missing" for key in expected if key not in stored]
    return texts + [f"{key} is unknown" for key in stored if key not in expected]


def _same(stored: object, expected: object) -> bool:
    return type(stored) is type(expected) and stored == expected


@rule("EV-06", "sha256sums", needs=Stage.CAMPAIGN)
def sha256sums(case: Case) -> Outcome:
    """Check that SHA256SUMS covers the plan and every sealed file, and matches."""
    sums = case.record.checksums
    if sums is None:
        raise NotRecordedError(
            f"{case.record.where}: no SHA256SUMS; the runner writes it after each run"
        )
    sealed = [f"{run.where}/{name}" for run in case.record.sealed for name in _SEALED]
    faults = [*sums.faults]
    faults += [
        f"{name} is not covered"
        for name in ("plan.yaml", *sealed)
        if name not in sums.covered
    ]
    return faultless(
        faults,
        expected="the recorded SHA-256 of every sealed file",
        actual=f"{len(sums.covered)} files match",
        where=f"{case.record.where}/SHA256SUMS",
        fix="put the named file back as the runner wrote it",
    )
