"""Every rule about published trees passes, trips, and says when evidence is missing."""

from importlib import import_module
from pathlib import Path

import pytest

from rules.catalogue import CATALOGUE
from rules.finding import Verdict
from rules.review import Asked, review
from rules.sources.tree import TreeReader
from tests.stored.specimen import StoredSpecimen
from tests.stored.trees import training_v1, training_v3

_MODULES = sorted(path.stem for path in Path(__file__).parent.glob("specimens_*.py"))
SPECIMENS: tuple[StoredSpecimen, ...] = tuple(
    specimen
    for name in _MODULES
    for specimen in import_module(f"tests.stored.{name}").SPECIMENS
)
# Verdicts that a rule can't give, and why.
EXEMPT: dict[str, tuple[frozenset[Verdict], str]] = {
    rule_id: exemption
    for name in _MODULES
    for rule_id, exemption in getattr(
        import_module(f"tests.stored.{name}"), "EXEMPT", {}
    ).items()
}
STORED = [rule for rule in CATALOGUE if rule.stored]


def _findings(specimen: StoredSpecimen, folder: Path):
    reader = TreeReader(specimen.build(folder))
    asked = Asked(edition=specimen.edition, partial=specimen.partial)
    return [
        finding
        for part in review(reader, asked)
        if part.scope is specimen.scope
        for finding in part.judgement.findings
        if finding.rule_id == specimen.rule_id
    ]


@pytest.mark.parametrize(
    "specimen", SPECIMENS, ids=lambda s: f"{s.rule_id}-{s.verdict.value}-{s.why}"
)
def test_the_verdict_is(specimen, tmp_path):
    found = _findings(specimen, tmp_path)
    verdicts = {finding.verdict for finding in found}
    assert specimen.verdict in verdicts, found
    if specimen.verdict is Verdict.PASS:
        assert verdicts <= {Verdict.PASS, Verdict.NOT_APPLICABLE}, found
        return
    told = [finding for finding in found if finding.verdict is specimen.verdict]
    assert all(finding.actual for finding in told)
    assert any(specimen.says in f"{f.actual} {f.expected}" for f in told), told
    if specimen.verdict is not Verdict.NOT_APPLICABLE:
        assert all(finding.fix for finding in told)


@pytest.mark.parametrize("rule", STORED, ids=lambda rule: rule.id)
def test_a_rule_without_its_specimens_fails_the_build(rule):
    have = {s.verdict for s in SPECIMENS if s.rule_id == rule.id}
    exempt, _ = EXEMPT.get(rule.id, (frozenset(), ""))
    missing = {Verdict.PASS, Verdict.NO_EVIDENCE} - have
    if not have & {Verdict.FAIL, Verdict.WARN}:
        missing.add(Verdict.FAIL)
    assert missing == exempt, f"{rule.id}: no specimen for {missing - exempt}"


def test_exemptions_are_of_known_rules_and_have_a_reason():
    assert set(EXEMPT) <= {rule.id for rule in STORED}
    assert all(reason for _, reason in EXEMPT.values())


@pytest.mark.parametrize(
    ("build", "edition"), [(training_v3, "3.0"), (training_v1, "1.0")]
)
def test_an_untouched_tree_breaks_no_rule(build, edition, tmp_path):
    parts = list(review(TreeReader(build().write(tmp_path)), Asked(edition=edition)))
    bad = [
        (part.where, finding)
        for part in parts
        for finding in part.judgement.findings
        if finding.verdict not in (Verdict.PASS, Verdict.NOT_APPLICABLE)
    ]
    assert parts
    assert not bad, bad


def test_damaged_files_are_told_and_break_no_rule(tmp_path):
    files = training_v3().put("*/run/*.json", "{")
    for part in review(TreeReader(files.write(tmp_path)), Asked()):
        for finding in part.judgement.findings:
            assert finding.verdict is not Verdict.ERROR, finding
