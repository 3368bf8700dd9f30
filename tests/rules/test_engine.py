"""What the engine makes of rules that pass, fail, miss something or break."""

import subprocess
import sys

import pytest

from mlps.errors import NotRecordedError, PlanError
from mlps.plan import Division
from rules.edition import editions
from rules.engine import findings, judge_plan
from rules.figures import figures
from rules.finding import DivisionVerdict, Finding, Judgement, Outcome, Verdict
from rules.rule import Case, NotApplicableError, Stage, faultless, first_of, rule
from tests.rules import plans


def case() -> Case:
    return Case(
        doc=plans.frozen(plans.official_plan()),
        edition=editions()[-1],
        editions=editions(),
        figures=figures(),
        stage=Stage.PLAN,
    )


def asked(judge, needs=Stage.PLAN) -> Finding:
    (finding,) = findings(rule("X-1", "example", needs=needs)(judge), case())
    assert (finding.rule_id, finding.name) == ("X-1", "example")
    return finding


def test_a_missing_input_is_no_evidence():
    def judge(_):
        raise NotRecordedError("/hosts has no rows; record them")

    finding = asked(judge)
    assert finding.verdict is Verdict.NO_EVIDENCE
    assert finding.actual == "/hosts has no rows; record them"


def test_nothing_to_judge_is_not_applicable():
    def judge(_):
        raise NotApplicableError("judged on measured runs")

    assert asked(judge).verdict is Verdict.NOT_APPLICABLE


def test_a_rule_that_needs_a_run_waits_for_it():
    finding = asked(lambda _: pytest.fail("asked too early"), needs=Stage.RUN)
    assert finding.verdict is Verdict.NOT_APPLICABLE
    assert finding.actual == "judged after the run"


def test_a_broken_rule_is_an_error_with_its_place():
    def judge(_):
        return 1 / 0

    finding = asked(judge)
    assert finding.verdict is Verdict.ERROR
    assert "ZeroDivisionError" in finding.actual
    assert "judge, line" in finding.actual


def test_a_rule_that_says_nothing_is_an_error():
    assert asked(lambda _: []).verdict is Verdict.ERROR


def judgement(claim: Division, *verdicts: str) -> Judgement:
    return Judgement(
        claim=claim,
        findings=tuple(
            Finding(rule_id="X", name="x", verdict=Verdict(v)) for v in verdicts
        ),
    )


@pytest.mark.parametrize(
    ("claim", "verdicts", "worth", "status"),
    [
        ("closed", ["PASS", "NOT_APPLICABLE"], "CLOSED", 0),
        ("open", ["PASS"], "OPEN", 0),
        ("closed", ["PASS", "WAIVED"], "INVALID", 1),
        ("open", ["WAIVED"], "INVALID", 1),
        ("closed", ["PASS", "FAIL"], "INVALID", 1),
        ("closed", ["NO_EVIDENCE"], "INVALID", 1),
        ("closed", ["ERROR"], "INVALID", 1),
        ("closed", [], "INVALID", 1),
        ("whatif", ["PASS", "WAIVED"], "WHATIF", 0),
        ("demo", ["PASS", "WAIVED"], "WHATIF", 0),
        ("demo", ["PASS", "FAIL"], "INVALID", 1),
        ("whatif", ["NO_EVIDENCE"], "INVALID", 1),
    ],
)
def test_the_division_verdict_follows_from_findings(claim, verdicts, worth, status):
    judged = judgement(Division(claim), *verdicts)
    assert judged.division_verdict is DivisionVerdict(worth)
    assert judged.exit_status == status


def test_an_unknown_edition_is_no_plan_to_judge_by():
    doc = plans.frozen(plans.official_plan(edition="4.0"))
    with pytest.raises(PlanError, match=r"known: 1\.0, 2\.0, 3\.0"):
        judge_plan(doc)


def test_faults_are_named_and_counted():
    outcome = faultless(
        [f"fault {n}" for n in range(9)], expected="", actual="", where="", fix="repair"
    )
    assert outcome.verdict is Verdict.FAIL
    assert outcome.actual.endswith("fault 5; and 3 more")
    assert first_of(["a", "b"], 2, between=", ") == "a, b"


def test_a_waiver_is_named_in_the_finding():
    outcome = faultless(
        ["short"], expected="", actual="", where="", fix="", waiver="submission demo"
    )
    assert outcome == Outcome(
        verdict=Verdict.WAIVED, actual="short (waived by submission demo)"
    )


def test_judging_a_plan_needs_no_numbers_library():
    code = (
        "import sys; from rules.engine import judge_plan;"
        "from tests.rules import plans;"
        "assert judge_plan(plans.frozen(plans.official_plan())).exit_status == 0;"
        "heavy = {'numpy', 'h5py', 'rich', 'hydra', 'omegaconf', 'mpi4py', 'click'};"
        "print(*sorted(heavy & set(sys.modules)), end='')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize(
    ("advisory", "partial", "worth"),
    [
        (False, False, DivisionVerdict.INVALID),
        (True, False, DivisionVerdict.CLOSED),
        (False, True, DivisionVerdict.CLOSED),
    ],
)
def test_missing_evidence_weighs_no_more_than_the_rule(advisory, partial, worth):
    found = Finding(
        rule_id="X-1", name="x", verdict=Verdict.NO_EVIDENCE, advisory=advisory
    )
    judgement = Judgement(claim=Division.CLOSED, findings=(found,), partial=partial)
    assert judgement.division_verdict is worth
