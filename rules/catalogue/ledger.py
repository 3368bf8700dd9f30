"""Whether every start of the campaign is accounted for."""

from collections import Counter
from collections.abc import Sequence

from mlps.errors import NotRecordedError
from rules.finding import Outcome
from rules.record import CampaignRecord, Ledger, RunRecord
from rules.rule import Case, Stage, faultless, rule


@rule("EV-07", "ledgerComplete", needs=Stage.CAMPAIGN)
def ledger_complete(case: Case) -> Outcome:
    """Check that each start in campaign.jsonl is presented or explained.

    Each line is bound to the one before it, so that a removed or edited line shows.
    Every sealed run is there once, with the evidence that was sealed; every run
    directory is known to the ledger; aborted and lost starts are listed. A ledger
    that was written anew as a whole needs a witness outside.
    """
    record, ledger = case.record, case.record.ledger
    if ledger is None:
        raise NotRecordedError(
            f"{record.where}: no campaign.jsonl; the runner writes it at each start"
        )
    faults = [ledger.fault] if ledger.fault else []
    faults += _unaccounted(record, ledger)
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
    sealed = {e.run for e in ledger.events if e.event == "run_sealed"}
    return all(run.number in sealed for run in case.runs)


def _unaccounted(record: CampaignRecord, ledger: Ledger) -> Sequence[str]:
    started = {e.run_id: e.run for e in ledger.events if e.event == "run_started"}
    seals = {e.run_id: e for e in ledger.events if e.event == "run_sealed"}
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
    ended = {
        e.run_id for e in ledger.events if e.event in ("run_sealed", "run_aborted")
    }
    lost = [
        e for e in ledger.events if e.event == "run_started" and e.run_id not in ended
    ]
    aborted = [
        f"run {e.run} ({e.run_id}) aborted: {e.detail or 'no reason'}"
        for e in ledger.events
        if e.event == "run_aborted"
    ]
    aborted += [f"run {e.run} ({e.run_id}) lost in a crash" for e in lost]
    torn = ["its last line is torn"] if ledger.torn else []
    count = f"{events['start']} starts, {events['run_sealed']} runs sealed"
    return "; ".join([count, *aborted, *torn])
