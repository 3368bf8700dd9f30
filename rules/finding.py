"""What a rule says, and what all rules together say about a claim.

A rule states facts (`Outcome`); the engine adds which rule it was (`Finding`);
the division verdict and the exit status follow from the findings alone.
"""

from dataclasses import dataclass
from enum import StrEnum

from mlps.plan.setting import Division


class Verdict(StrEnum):
    """Verdict of one rule; NO_EVIDENCE and ERROR are never a pass.

    WARN is a broken rule that the edition only warns of.
    """

    PASS = "PASS"
    FAIL = "FAIL"
    WARN = "WARN"
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
    """An outcome, the rule it comes from, and how the edition reads that rule.

    A rule is `advisory` where breaking it only earns a warning: then missing evidence
    can't weigh more.
    """

    rule_id: str
    name: str
    reading: str = ""
    advisory: bool = False


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
    partial: bool = False

    @property
    def division_verdict(self) -> DivisionVerdict:
        """Derive what the claim is worth; a waiver never counts as CLOSED or OPEN.

        In an excerpt (`partial`) what is not included is no fault.
        """
        verdicts = {finding.verdict for finding in self.findings}
        if not verdicts or any(self._counts(finding) for finding in self.findings):
            return DivisionVerdict.INVALID
        worth = _CLAIMS[self.claim]
        if worth is not DivisionVerdict.WHATIF and Verdict.WAIVED in verdicts:
            return DivisionVerdict.INVALID
        return worth

    def _counts(self, finding: Finding) -> bool:
        """Whether a finding alone makes the claim invalid."""
        if finding.verdict is Verdict.NO_EVIDENCE:
            return not self.partial and not finding.advisory
        return finding.verdict in BAD

    @property
    def exit_status(self) -> int:
        """0 when no rule is broken for the division claimed, else 1."""
        return int(self.division_verdict is DivisionVerdict.INVALID)
