"""Whether everything that was planned has an end in the evidence."""

from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from itertools import islice

from mlps import sizing
from mlps.errors import NotRecordedError
from mlps.plan import Run
from rules.catalogue.accounts import unaccounted
from rules.finding import Outcome
from rules.record import Closing, RunEvidence, RunRecord
from rules.rule import Case, Stage, faultless, first_of, rule

_NAMED_RANKS = 64
_RESUME = "start the same mpirun command again: it resumes"
_RESTORE = "put the missing files back; what can't be put back must be run anew"


@rule("EV-03", "completeness", needs=Stage.RUN)
def completeness(case: Case) -> Outcome:
    """Check that each planned run is sealed and each rank closed each phase in it.

    A missing rank is missing, never zero. What has no end is named: the run, the
    rank and the phase, and of an aborted run who is to blame and why. Phases follow
    each other as planned and begin when agreed. The step rows of an epoch follow each
    other, add up to its closing record, and account for its time but for 2 % or half
    a second; its histograms hold each file that was opened and read.
    """
    record = case.record
    if not record.runs and not (record.ledger and record.ledger.events):
        raise NotRecordedError(
            f"{record.where}: neither a run directory nor a ledger; run the plan"
        )
    faults, lost = [], False
    for run in _planned(case):
        found = [r for r in record.runs if r.number == run.number]
        sealed = [r for r in found if r.sealed]
        if sealed:
            texts = [t for r in sealed for t in _unclosed(case, run, r)]
            lost |= bool(texts)
        else:
            texts = [_why_not_sealed(case, run, found)]
            lost |= bool(_was_sealed(case, run))
        faults += [f"{run.label}: {text}" for text in texts]
    numbers = {run.number for run in case.runs}
    faults += [
        f"{r.where} is not in the plan" for r in record.runs if r.number not in numbers
    ]
    return faultless(
        faults,
        expected=f"{len(_planned(case))} sealed runs,"
        f" {sizing.ranks(case.plan.system)} ranks, every phase closed",
        actual="all there" + _aside(record.runs),
        where=f"{record.where}: campaign.jsonl, runs; evidence: /phases, /outcome",
        fix=_RESTORE if lost else _RESUME,
    )


def _planned(case: Case) -> Sequence[Run]:
    runs = case.runs
    if case.stage is Stage.CAMPAIGN:
        return runs
    number = case.record.runs[0].number
    return [run for run in runs if run.number == number] or runs


def _was_sealed(case: Case, run: Run) -> Sequence[str]:
    ledger = case.record.ledger
    if ledger is None:
        return []
    return [id_ for id_, event in ledger.seals.items() if event.run == run.number]


def _why_not_sealed(case: Case, run: Run, found: Sequence[RunRecord]) -> str:
    gone = _was_sealed(case, run)
    if gone:
        return f"was sealed, but its directory runs/{run.label}-{gone[-1]} is missing"
    if not found:
        return "not done: it has no run directory"
    last = found[-1]
    if last.evidence is None:
        return f"not sealed, and its evidence can't be read: {last.evidence_fault}"
    missing = first_of(_missing(case, run, last.evidence.closings), 4)
    if last.evidence.outcome == "aborted":
        return f"{_aborted(last.evidence)}; {missing}"
    return f"interrupted ({last.where} has no end): {missing}"


def _aborted(evidence: RunEvidence) -> str:
    blamed = evidence.blamed_rank
    whom = f"rank {blamed}" if blamed >= 0 else "no rank"
    return f"aborted, blamed: {whom}: {evidence.reason or 'no reason was recorded'}"


def _unclosed(case: Case, run: Run, record: RunRecord) -> Sequence[str]:
    evidence = record.evidence
    if evidence is None:
        return ["sealed, but its evidence can't be read (see EV-04)"]
    texts = []
    if (evidence.number, evidence.kind) != (run.number, run.kind.value):
        texts.append(f"holds evidence of run {evidence.number} ({evidence.kind})")
    if evidence.outcome != "complete":
        texts.append(f"sealed, but its outcome is {evidence.outcome}")
    elif evidence.blamed_rank != -1 or evidence.reason:
        texts.append(f"complete, and yet {_aborted(evidence)}")
    texts += _missing(case, run, evidence.closings)
    phases = dict(enumerate(run.phases))
    for closing in evidence.closings:
        phase = phases.get(closing.phase)
        name = phase.name if phase else f"phase {closing.phase}"
        faults = unaccounted(case.plan, phase, closing)
        texts += [f"rank {closing.rank} closed {name} {fault}" for fault in faults]
    if evidence.stray_steps:
        texts.append(f"{evidence.stray_steps} step rows belong to no closed phase")
    return texts


def _missing(case: Case, run: Run, closings: Sequence[Closing]) -> list[str]:
    world = sizing.ranks(case.plan.system)
    closed = {(c.rank, c.phase) for c in closings if c.outcome == "complete"}
    absent: dict[str, list[str]] = defaultdict(list)
    for rank, phases in islice(_open_phases(run, world, closed), _NAMED_RANKS):
        absent[first_of(phases, 3, between=", ")].append(str(rank))
    texts = [
        f"rank {first_of(who, 8, between=', ')} has no closing record of {phases}"
        for phases, who in absent.items()
    ]
    extra = sorted({c.rank for c in closings if not 0 <= c.rank < world})
    twice = len(closings) - len({(c.rank, c.phase) for c in closings})
    if extra:
        texts.append(f"rank {extra[0]} is not in the plan")
    if twice:
        texts.append(f"{twice} phases are closed twice")
    return texts


def _open_phases(
    run: Run, world: int, closed: Set[tuple[int, int]]
) -> Iterator[tuple[int, list[str]]]:
    """Go through the ranks with a phase they did not close, and its name."""
    for rank in range(world):
        phases = [
            phase.name
            for number, phase in enumerate(run.phases)
            if (rank, number) not in closed
        ]
        if phases:
            yield rank, phases


def _aside(runs: Sequence[RunRecord]) -> str:
    aside = [run.where for run in runs if not run.sealed]
    if not aside:
        return ""
    return f" (not counted: {first_of(aside, 4, between=', ')})"
