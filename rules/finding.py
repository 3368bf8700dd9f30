"""What a rule says, and what all rules together say about a claim.

A rule states facts (`Outcome`); the engine adds which rule it was (`Finding`);
the division verdict and the exit status follow from the findings alone.
"""

from dataclasses import dataclass
from enum import StrEnum

from mlps.plan.setting import Division


class Verdict(StrEnum):
    """Verdict of one rule; NO_EVIDENCE and ERROR are never a pass."""

    PASS = "PASS"
    FAIL = "FAIL"
    WAIVED = "WAIVED"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    NO_EVIDENCE = "NO_EVIDENCE"
    ERROR = "ERROR"


class DivisionVerdict(StrEnum):
    """What a claim is worth: WHATIF is the best a claim that can't count gets."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    WHATIF = "WHATIF"
    INVALID = "INVALID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One fact with its verdict: what was wanted, what is, where, what to do."""

    verdict: Verdict
    expected: str = ""
    actual: str = ""
    where: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Outcome):
    """An outcome and the rule it comes from."""

    rule_id: str
    name: str


BAD = frozenset({Verdict.FAIL, Verdict.NO_EVIDENCE, Verdict.ERROR})
_CLAIMS = {
    Division.CLOSED: DivisionVerdict.CLOSED,
    Division.OPEN: DivisionVerdict.OPEN,
    Division.WHATIF: DivisionVerdict.WHATIF,
    Division.DEMO: DivisionVerdict.WHATIF,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All findings about one claim."""

    claim: Division
    findings: tuple[Finding, ...]

    @property
    def division_verdict(self) -> DivisionVerdict:
        """Derive what the claim is worth; a waiver never counts as CLOSED or OPEN."""
        verdicts = {finding.verdict for finding in self.findings}
        if not verdicts or verdicts & BAD:
            return DivisionVerdict.INVALID
        worth = _CLAIMS[self.claim]
        if worth is not DivisionVerdict.WHATIF and Verdict.WAIVED in verdicts:
            return DivisionVerdict.INVALID
        return worth

    @property
    def exit_status(self) -> int:
        """0 when every rule passes for the division claimed, else 1."""
        return int(self.division_verdict is DivisionVerdict.INVALID)
