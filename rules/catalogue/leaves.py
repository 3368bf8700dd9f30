"""Asks a question of many leaves of a published tree and keeps the answers apart."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from mlps.errors import NotRecordedError
from rules.finding import Outcome, Verdict
from rules.rule import faultless, first_of
from rules.sources.layout import STAMP
from rules.stored import Leaf

_GAPS = 3
Check = Callable[[Leaf], Sequence[str]]


def over(leaves: Iterable[Leaf], check: Check) -> tuple[list[str], list[str]]:
    """Faults of the leaves, and gaps: what leaves lack for an answer.

    Both begin with the leaf's label. One leaf without evidence hides no other's fault.
    """
    faults: list[str] = []
    gaps: list[str] = []
    for leaf in leaves:
        try:
            faults += [f"{label(leaf)}: {fault}" for fault in check(leaf)]
        except NotRecordedError as gap:
            gaps.append(f"{label(leaf)}: {gap}")
    return faults, gaps


def concluded(  # noqa: PLR0913 - one for each part of an outcome
    answers: tuple[Sequence[str], Sequence[str]],
    leaves: Sequence[Leaf],
    *,
    expected: str,
    actual: str,
    where: str,
    fix: str,
    severity: str = "error",
) -> Outcome:
    """FAIL by any fault (WARN when that is the severity), then NO_EVIDENCE by any gap.

    `answers` are faults and gaps of the leaves; without a leaf there is no evidence.
    """
    faults, gaps = answers
    if faults or (leaves and not gaps):
        outcome = faultless(
            faults, expected=expected, actual=actual, where=where, fix=fix
        )
        warns = severity == "warning" and outcome.verdict is Verdict.FAIL
        return replace(outcome, verdict=Verdict.WARN) if warns else outcome
    missing = f"{len(gaps)} of {len(leaves)}: {first_of(gaps, _GAPS)}"
    return Outcome(
        verdict=Verdict.NO_EVIDENCE,
        expected=expected,
        actual=missing if leaves else "there is no such leaf",
        where=where,
        fix="a rule without evidence never passes: submit the files named here",
    )


def label(leaf: Leaf) -> str:
    """Name for people: the time stamp, else the last two folders of its path.

    Submitters of v1.0 named folders by hand, often all runs by the same host.
    """
    if STAMP.fullmatch(leaf.name):
        return leaf.name
    return "/".join(leaf.where.split("/")[-2:]) or leaf.name
