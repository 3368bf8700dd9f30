"""One judged thing of a report, whatever source it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rules.finding import Finding
from rules.report.view import RunView


class Tone(StrEnum):
    """How a verdict is shown; the word beside it always says the same."""

    GOOD = "good"
    CAUTION = "caution"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of what is known about a subject."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A published number beside the recomputed one; None is not recorded.

    They agree within `tolerance`, in the same unit.
    """

    where: str
    name: str
    unit: str
    official: float | None
    recomputed: float | None
    agrees: bool | None
    tolerance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A judgement ready to be shown: `runs` only where our evidence is there.

    `verdict` is one word, `notes` say what it is worth, `target_percent` is the
    utilization target of `runs`.
    """

    title: str
    where: str
    stage: str
    verdict: str
    tone: Tone
    notes: tuple[str, ...]
    exit_status: int
    findings: tuple[Finding, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    facts: tuple[Fact, ...] = ()
    runs: tuple[RunView, ...] = ()
    target_percent: float | None = None

    @property
    def trained(self) -> list[RunView]:
        """Runs that have epochs."""
        return [run for run in self.runs if run.epochs]

    @property
    def counted(self) -> list[RunView]:
        """Runs that key numbers speak of: sealed measured ones, or all trained."""
        runs = self.trained
        return [r for r in runs if r.kind == "measured" and r.sealed] or runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Findings of one kind, in the order a reader wants them."""

    title: str
    word: str
    tone: str
    findings: tuple[Finding, ...]


# Verdicts by value, so that the order of reading is one table.
_GROUPS = (
    ("Failures", "failed", "bad", ("FAIL", "ERROR")),
    ("No evidence", "without evidence", "bad", ("NO_EVIDENCE",)),
    ("Warnings", "warned", "caution", ("WARN",)),
    ("Waived", "waived", "waived", ("WAIVED",)),
    ("Not applicable", "not applicable", "none", ("NOT_APPLICABLE",)),
    ("Passed", "passed", "good", ("PASS",)),
)
OPEN_GROUPS = ("Failures", "No evidence", "Warnings", "Waived")


def grouped(findings: Sequence[Finding]) -> list[Group]:
    """Sort findings into the groups that have any: what is wrong comes first."""
    groups = [
        Group(
            title=title,
            word=word,
            tone=tone,
            findings=tuple(f for f in findings if f.verdict.value in verdicts),
        )
        for title, word, tone, verdicts in _GROUPS
    ]
    return [group for group in groups if group.findings]
