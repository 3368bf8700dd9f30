"""Writing and reading: how they were started, how long apart, how long in all."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from mlps.errors import NotRecordedError
from rules.catalogue.checkpointing.recorded import invocations, table, with_phase
from rules.catalogue.checkpointing.stamps import (
    between_summaries,
    duration,
    pause,
)
from rules.catalogue.checkpointing.structure import structure
from rules.edition import Edition
from rules.finding import Outcome, Verdict
from rules.rule import (
    NotApplicableError,
    Scope,
    StoredCase,
    judged,
    not_applicable,
    stored_rule,
)
from rules.tables.checkpointing import Checkpointing

_STAMPS = (
    "metadata: invocation_start_time, invocation_end_time; summary.json: start, end"
)


@stored_rule(
    "2.1.24",
    "checkpointingTimestampGap",
    Scope.CHECKPOINTING,
    numbers=lambda _: ["less than the slower of two consecutive invocations takes"],
)
def timestamp_gap(case: StoredCase) -> Outcome:
    """Check that invocations follow each other without a long pause.

    From the end of one to the start of the next must take less time than the slower
    of the two. Reads the times of the invocations, else those of DLIO's summaries.
    """
    leaves = invocations(case)
    if len(leaves) < 2:
        raise NotApplicableError("one invocation has no gap")
    faults, facts = [], []
    for first, second in pairwise(leaves):
        gap, slower_s = pause(first, second), max(duration(first), duration(second))
        fact = f"{gap}; the slower of the two took {slower_s:.1f} s"
        facts.append(fact)
        if gap.seconds >= slower_s:
            faults.append(fact)
    return judged(
        not faults,
        expected="a gap shorter than the slower invocation",
        actual="; ".join(faults or facts),
        where=_STAMPS,
        fix="run the two invocations again, one after the other",
    )


def _flush_numbers(edition: Edition) -> Sequence[str]:
    found = edition.checkpointing
    if found is None:
        return []
    most = found.most_invocations
    lines = [f"{found.writes} writes, then {found.reads} reads"]
    lines.append(f"in at most {most} invocations" if most else "in any invocations")
    if found.max_gap_s is not None:
        lines.append(f"a pause of at most {found.max_gap_s:g} s: {found.gap_severity}")
    return lines


@stored_rule(
    "4.7.1",
    "checkpointCacheFlushValidation",
    Scope.CHECKPOINTING,
    numbers=_flush_numbers,
)
def cache_flush(case: StoredCase) -> Sequence[Outcome]:
    """Check that reading followed writing at once, in one invocation or in two.

    A CLOSED result is one invocation that writes and reads, or one that writes and
    then one that reads. Between two, only a short pause is allowed, for clearing caches
    or handing over to other clients. Reads the counts in the parameters, the times of
    the invocations and, where these can't be compared, those of DLIO's summaries.
    """
    found = table(case)
    return [_told(structure, case, found), _told(_gap, case, found)]


def _told(
    ask: Callable[[StoredCase, Checkpointing], Outcome],
    case: StoredCase,
    found: Checkpointing,
) -> Outcome:
    """Ask one half of the rule; what it lacks takes nothing from the other."""
    try:
        return ask(case, found)
    except NotRecordedError as error:
        return Outcome(
            verdict=Verdict.NO_EVIDENCE,
            actual=str(error),
            fix="keep summary.json, metadata and dlio_config of every invocation",
        )


def _gap(case: StoredCase, found: Checkpointing) -> Outcome:
    most = found.max_gap_s
    if most is None:
        return not_applicable(f"edition {case.edition.edition} limits no pause")
    writing, reading = with_phase(case, "write"), with_phase(case, "read")
    if {leaf.name for leaf in writing} & {leaf.name for leaf in reading}:
        return not_applicable("written and read in one invocation, without a pause")
    if not writing or not reading:
        return not_applicable("only one of the two phases is here")
    gap = pause(writing[-1], reading[0])
    if gap.seconds < 0:
        return Outcome(
            verdict=Verdict.WARN,
            expected=f"from writing to reading at most {most:g} s",
            actual=f"{gap}: negative, the clocks of the two phases disagree",
            where=_STAMPS,
            fix="keep the clocks and time zones of all clients equal",
        )
    outcome = judged(
        gap.seconds <= most,
        expected=f"from writing to reading at most {most:g} s",
        actual=str(gap),
        where=_STAMPS,
        fix="start reading within the limit: script what happens between the phases",
    )
    if outcome.verdict is Verdict.FAIL and found.gap_severity == "warning":
        return _as_warning(outcome)
    return outcome


def _as_warning(outcome: Outcome) -> Outcome:
    return Outcome(
        verdict=Verdict.WARN,
        expected=outcome.expected,
        actual=outcome.actual,
        where=outcome.where,
        fix=outcome.fix,
    )


@stored_rule("4.7.2", "checkpointTotalTestDuration", Scope.CHECKPOINTING)
def total_duration(case: StoredCase) -> Outcome:
    """Tell how long the test took, from the first write to the last read.

    The pause between the phases, and with it any remapping, is included. Reads start
    and end of DLIO's summaries. Only an end before the start is a fault.
    """
    writing, reading = with_phase(case, "write"), with_phase(case, "read")
    if not writing or not reading:
        missing = "wrote" if not writing else "read"
        raise NotRecordedError(f"{case.workload.where}: no invocation that {missing}")
    total = between_summaries(writing[0], reading[-1], first="start", last="end")
    return judged(
        total.seconds > 0,
        expected="the last read ends after the first write starts",
        actual=str(total),
        where="summary.json: start, end",
        fix="keep the clocks of all clients equal",
    )
