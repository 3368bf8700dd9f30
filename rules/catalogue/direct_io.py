"""Whether files were opened as the plan says."""

from collections.abc import Iterator

from mlps.errors import NotRecordedError
from rules.evidence_record import DirectIo
from rules.finding import Outcome
from rules.record import RunRecord
from rules.rule import TRAINING, Case, Stage, faultless, not_applicable, rule


@rule("EV-17", "directIo", needs=Stage.RUN)
def direct_io(case: Case) -> Outcome:
    """Check that O_DIRECT was on where the plan claims it, and off where it does not.

    The flags are those the kernel shows of open data files, sampled in each epoch
    of each rank: a file system may take the flag in open and ignore it, or a
    library drop it.
    """
    claimed = case.plan.workload.reader.odirect
    runs, faults, opens = case.presented(*TRAINING), [], 0
    for run in runs:
        sampled = _sampled(run, claimed)
        if not sampled:
            return not_applicable("the plan does not claim O_DIRECT, none was sampled")
        names = case.epochs(run.number)
        opens += sum(look.sampled_opens for look in sampled)
        faults += [
            f"{run.label}: rank {look.rank} in {names.get(look.phase, look.phase)}:"
            f" {look.direct_opens} of {look.sampled_opens} files"
            for look in _otherwise(sampled, claimed)
        ]
    return faultless(
        faults,
        expected="every sampled file with O_DIRECT"
        if claimed
        else "no sampled file with O_DIRECT",
        actual=f"so on {opens} files of {len(runs)} runs",
        where="evidence: /direct_io; plan: workload.reader.odirect",
        fix="use a file system that honours O_DIRECT, or compile the plan with"
        f" workload.reader.odirect={str(not claimed).lower()}",
    )


def _sampled(run: RunRecord, claimed: bool) -> list[DirectIo]:
    """Take the looks of a run; where O_DIRECT is claimed each epoch must have one."""
    facts = run.read().host_facts.sound(run.where)
    sampled = [look for look in facts.direct_io if look.sampled_opens > 0]
    seen = {(look.rank, look.phase) for look in sampled}
    unseen = [c for c in facts.clocks if (c.rank, c.phase) not in seen]
    if claimed and (not sampled or unseen):
        who = f" of rank {unseen[0].rank}" if unseen else ""
        raise NotRecordedError(
            f"{run.where}: /direct_io has no sampled file{who}; record the flags of"
            " open data files (/proc/self/fdinfo) in each epoch"
        )
    return sampled


def _otherwise(sampled: list[DirectIo], claimed: bool) -> Iterator[DirectIo]:
    for look in sampled:
        if look.direct_opens != (look.sampled_opens if claimed else 0):
            yield look
