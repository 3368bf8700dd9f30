"""What the system's description says of reading on another client."""

from collections.abc import Sequence

from rules.catalogue.checkpointing.recorded import table, with_phase
from rules.catalogue.checkpointing.stamps import Interval, between_summaries
from rules.edition import Edition
from rules.finding import Outcome, Verdict
from rules.rule import Scope, StoredCase, faultless, stored_rule
from rules.stored import Document, as_number

_AT = ("system_under_test", "solution", "capabilities")
_REMAP = "remap_time_in_seconds"
_SIMULTANEOUS = ("simultaneous_write", "simultaneous_read")
_FLAGS = ("multi_host", *_SIMULTANEOUS)


def _remap_numbers(edition: Edition) -> Sequence[str]:
    found = edition.checkpointing
    if found is None:
        return []
    return [
        "0 exactly when writes and reads may be simultaneous",
        f"at least {found.remap_share:g} x of it seen between the phases",
    ]


@stored_rule(
    "4.7.3",
    "checkpointRemappingTimeReporting",
    Scope.CHECKPOINTING,
    numbers=_remap_numbers,
)
def remapping(case: StoredCase) -> Outcome:
    """Check the declared time until another client can read a checkpoint.

    The system's description must declare it, and 0 exactly when clients can write and
    read simultaneously. A declared time must be seen between the end of writing and
    the start of reading, by DLIO's summaries.
    """
    share = table(case).remap_share
    description = case.workload.description
    declared = _declared(description, _REMAP)
    seconds = as_number(declared)
    if seconds is None or seconds < 0:
        faults = [f"{_REMAP} is {_say(declared)}"]
        facts = ""
    else:
        gap = _observed(case) if seconds > 0 else None
        faults = _disagreements(description, seconds)
        facts = f"{seconds:g} s declared, {gap.seconds if gap else 0:.1f} s observed"
        if gap is not None and gap.seconds < share * seconds:
            faults.append(f"{facts} ({gap.origins})")
        facts = facts if gap else f"{seconds:g} s declared"
    return faultless(
        faults,
        expected=f"a declared time, at least {share:g} x of it observed",
        actual=facts,
        where=f"{description.where}: capabilities.{_REMAP}; summary.json: end, start",
        fix="declare how long a checkpoint can't be read by another client, 0 only when"
        " writes and reads may be simultaneous",
    )


def _observed(case: StoredCase) -> Interval | None:
    """From the last write to the first read; None within one invocation."""
    writing, reading = with_phase(case, "write"), with_phase(case, "read")
    if not writing or not reading or writing[-1].name == reading[0].name:
        return None
    return between_summaries(writing[-1], reading[0], first="end", last="start")


def _disagreements(description: Document, seconds: float) -> list[str]:
    flags = [_declared(description, key) for key in _SIMULTANEOUS]
    if not all(isinstance(flag, bool) for flag in flags):
        return []
    said = ", ".join(
        f"{key} {_say(flag)}" for key, flag in zip(_SIMULTANEOUS, flags, strict=True)
    )
    agree = all(flags) == (seconds == 0)
    return [] if agree else [f"{seconds:g} s declared with {said}"]


@stored_rule("4.7.4", "checkpointSimultaneousRwSupport", Scope.CHECKPOINTING)
def simultaneous(case: StoredCase) -> Outcome:
    """Check that the description declares who may write and read at the same time.

    Recovery reads on other clients than wrote. multi_host, simultaneous_write and
    simultaneous_read must be declared, true or false; a system that declares either of
    the last two false contradicts the run it comes with, which is a warning.
    """
    description = case.workload.description
    flags = {key: _declared(description, key) for key in _FLAGS}
    where = f"{description.where}: system_under_test.solution.capabilities"
    faults = [
        f"{key} is {_say(flag)}"
        for key, flag in flags.items()
        if not isinstance(flag, bool)
    ]
    said = ", ".join(f"{key} {_say(flag)}" for key, flag in flags.items())
    denied = [key for key in _SIMULTANEOUS if flags[key] is False]
    if denied and not faults:
        return Outcome(
            verdict=Verdict.WARN,
            expected=f"{' and '.join(_SIMULTANEOUS)} true, as recovery needs",
            actual=said,
            where=where,
            fix="correct the description, or tell readers that another client must wait"
            f" for the declared {_REMAP}",
        )
    return faultless(
        faults,
        expected=f"{', '.join(_FLAGS)} declared true or false",
        actual=said,
        where=where,
        fix="declare the capabilities of the system in its description",
    )


def _declared(description: Document, key: str) -> object:
    """Value of a capability, None when the description has none."""
    description.mapping()
    return description.value(*_AT, key) if description.has(*_AT, key) else None


def _say(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "not declared" if value is None else repr(value)[:40]
