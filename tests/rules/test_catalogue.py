"""Every rule can pass, be tripped, and say that evidence is missing."""

import pytest

from rules.catalogue import CATALOGUE
from rules.edition import editions
from rules.finding import Verdict
from rules.rule import Stage
from tests.package.specimens import PACKAGE_SPECIMENS
from tests.rules.bench import judged, said
from tests.rules.client_specimens import CLIENT_SPECIMENS
from tests.rules.evidence_specimens import EVIDENCE_SPECIMENS
from tests.rules.specimens import JUDGED_ON_THE_PLAN_ALONE, SHOWN_ONLY
from tests.rules.specimens import SPECIMENS as OFFICIAL_SPECIMENS

SPECIMENS = (
    *OFFICIAL_SPECIMENS,
    *EVIDENCE_SPECIMENS,
    *CLIENT_SPECIMENS,
    *PACKAGE_SPECIMENS,
)
NOTHING_TO_FIX = (Verdict.NOT_APPLICABLE, Verdict.WAIVED)
OURS = [rule for rule in CATALOGUE if rule.judge]


@pytest.mark.parametrize(
    "specimen", SPECIMENS, ids=lambda s: f"{s.rule_id}-{s.verdict.value}-{s.about}"
)
def test_the_verdict_is(specimen, bench):
    findings = said(judged(specimen.make(bench)), specimen.rule_id)
    assert specimen.verdict in {f.verdict for f in findings}, findings
    if specimen.verdict is Verdict.PASS:
        assert {f.verdict for f in findings} == {Verdict.PASS}, findings
        return
    told = next(f for f in findings if f.verdict is specimen.verdict)
    assert specimen.says in told.actual + told.expected
    assert told.fix or specimen.verdict in NOTHING_TO_FIX
    assert told.actual


@pytest.mark.parametrize("rule", OURS, ids=lambda r: r.id)
def test_a_rule_without_its_specimens_fails_the_build(rule):
    have = {s.verdict for s in SPECIMENS if s.rule_id == rule.id}
    want = {Verdict.PASS} if rule.id in SHOWN_ONLY else {Verdict.PASS, Verdict.FAIL}
    if rule.id not in JUDGED_ON_THE_PLAN_ALONE:
        want.add(Verdict.NO_EVIDENCE)
    assert have >= want, f"{rule.id}: add specimens for {want - have}"


def test_rules_judged_on_the_plan_alone_need_no_run():
    alone = {r.id for r in CATALOGUE if r.id in JUDGED_ON_THE_PLAN_ALONE}
    assert alone == JUDGED_ON_THE_PLAN_ALONE
    assert all(r.needs is Stage.PLAN for r in CATALOGUE if r.id in alone)


def test_ids_and_names_are_unique():
    assert len({r.id for r in CATALOGUE}) == len(CATALOGUE)
    assert len({r.name for r in CATALOGUE}) == len(CATALOGUE)


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda r: r.id)
def test_every_rule_explains_itself_in_every_edition(rule):
    assert rule.explanation
    for edition in editions():
        assert all(isinstance(text, str) for text in rule.numbers(edition))


def test_an_untouched_closed_campaign_is_closed(bench):
    judgement = bench.closed.judged()
    assert judgement.division_verdict == "CLOSED", judgement.findings
    assert judgement.exit_status == 0


def test_an_untouched_demo_is_whatif_with_waivers(bench):
    judgement = bench.demo.judged()
    assert judgement.division_verdict == "WHATIF"
    waived = [f.rule_id for f in judgement.findings if f.verdict is Verdict.WAIVED]
    assert waived == ["2.1.17", "3.6.2", "EV-09"]
    assert "6 of 500 steps, 0 of 5 x memory" in said(judgement, "3.1.2")[0].actual
