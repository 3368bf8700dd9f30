"""Whether every start of the campaign is accounted for."""

from collections import Counter
from collections.abc import Iterator, Sequence

from mlps.errors import NotRecordedError
from mlps.plan import RunKind
from rules.finding import Outcome
from rules.record import CampaignRecord, Ledger, RunRecord
from rules.rule import Case, Stage, faultless, rule

_ENDS = ("run_sealed", "run_aborted")
_MARKS = ("torn", "end")
_WITHDRAWN = "run_withdrawn"
_NOTHING: tuple[str, int | None] = ("", None)
"""Run id and number, between runs."""


@rule("EV-07", "ledgerComplete", needs=Stage.CAMPAIGN)
def ledger_complete(case: Case) -> Outcome:
    """Check that each start in campaign.jsonl is presented or explained.

    Each line is bound to the one before it, so that a removed or edited line shows.
    Every sealed run is there once, with the evidence that was sealed; every run
    directory is known to the ledger; aborted and lost starts are listed; only data that
    was made anew is withdrawn; lines are of a runner that takes one run at a time. A
    ledger that was written anew as a whole needs a witness outside.
    """
    record, ledger = case.record, case.record.ledger
    if ledger is None:
        raise NotRecordedError(
            f"{record.where}: no campaign.jsonl; the runner writes it at each start"
        )
    faults = [ledger.fault] if ledger.fault else []
    faults += [*_unaccounted(record, ledger), *_disorder(ledger)]
    faults += _withdrawn(case, ledger)
    if not faults and not _is_over(case, ledger):
        faults.append(f"not at its end, or its tail is cut: {_told(ledger)}")
    return faultless(
        faults,
        expected="an unbroken ledger; each start sealed and presented, or explained",
        actual=_told(ledger),
        where=f"{record.where}/campaign.jsonl",
        fix="put ledger and run directories back as the runner wrote them; an"
        " interrupted campaign resumes when the same mpirun command is started again",
    )


def _is_over(case: Case, ledger: Ledger) -> bool:
    """Whether all planned runs are sealed; an `end` may be lost to a crash."""
    sealed = {event.run for event in ledger.seals.values()}
    return all(run.number in sealed for run in case.runs)


def _disorder(ledger: Ledger) -> Iterator[str]:
    """Say which lines no runner writes where they are: it takes one run at a time."""
    is_begun, running = False, _NOTHING
    for event in ledger.events:
        place, run = f"line {event.line}", (event.run_id, event.run)
        if event.event == "start":
            is_begun, running = True, _NOTHING
        elif event.event == "run_started":
            if not is_begun or running != _NOTHING:
                yield f"{place} starts run {event.run} out of its turn"
            running = run
        elif event.event in _ENDS:
            if running != run and event.event == "run_sealed":
                yield f"{place} seals run {event.run} out of its turn"
            running = _NOTHING
        elif event.event == "end" and running != _NOTHING:
            yield f"{place} ends the campaign while run {running[1]} goes on"
        elif event.event not in (*_MARKS, _WITHDRAWN):
            yield f"{place} tells of {event.event!r:.40}, which no runner writes"


def _withdrawn(case: Case, ledger: Ledger) -> Iterator[str]:
    """Say which sealed runs were withdrawn though they are no data generation."""
    kinds = {run.number: run.kind for run in case.runs}
    for event in ledger.events:
        is_made_anew = kinds.get(event.run or 0) is RunKind.DATAGEN
        if event.event == _WITHDRAWN and not is_made_anew:
            yield f"line {event.line} withdraws run {event.run}, which was measured"


def _unaccounted(record: CampaignRecord, ledger: Ledger) -> Sequence[str]:
    started = {e.run_id: e.run for e in ledger.events if e.event == "run_started"}
    seals = ledger.seals
    sealed = {run_id: event.run for run_id, event in seals.items()}
    there = Counter(run.run_id for run in record.runs)
    faults = [
        f"sealed run {run_id} (run {number}) has no directory"
        for run_id, number in sealed.items()
        if run_id not in there
    ]
    faults += [
        f"run {number} was sealed {times} times"
        for number, times in Counter(sealed.values()).items()
        if times > 1
    ]
    faults += [
        f"sealed run {run_id} was never started"
        for run_id in sealed
        if run_id not in started
    ]
    for run in record.runs:
        if run.run_id not in started:
            faults.append(f"{run.where} is unknown to the ledger")
        elif started[run.run_id] != run.number:
            faults.append(f"{run.where} was started as run {started[run.run_id]}")
        elif run.evidence is not None and run.evidence.run_id != run.run_id:
            faults.append(f"{run.where} holds evidence of run {run.evidence.run_id}")
        elif run.run_id in seals and _is_other(run, seals[run.run_id].detail):
            faults.append(f"{run.where} holds other evidence than was sealed")
    return faults


def _is_other(run: RunRecord, chain_head: str) -> bool:
    """Whether the last digest of the chain is not the one in the ledger."""
    return run.evidence is not None and run.evidence.chain_head != chain_head


def _told(ledger: Ledger) -> str:
    events = Counter(event.event for event in ledger.events)
    ended = {e.run_id for e in ledger.events if e.event in _ENDS}
    lost = [
        e for e in ledger.events if e.event == "run_started" and e.run_id not in ended
    ]
    aborted = [
        f"run {e.run} ({e.run_id}) aborted: {e.detail or 'no reason'}"
        for e in ledger.events
        if e.event == "run_aborted"
    ]
    aborted += [f"run {e.run} ({e.run_id}) lost in a crash" for e in lost]
    aborted += [
        f"run {e.run} ({e.run_id}) withdrawn: {e.detail or 'no reason'}"
        for e in ledger.events
        if e.event == _WITHDRAWN
    ]
    torn = ["its last line is torn"] if ledger.torn else []
    count = f"{events['start']} starts, {events['run_sealed']} runs sealed"
    return "; ".join([count, *aborted, *torn])
