"""Whatever is changed in a package is named, though the checksums are made to fit."""

import json
from pathlib import Path

import pytest

from rules.package.layout import STATEMENT, VERDICT
from tests.package.packages import (
    listed_anew,
    restated,
    told,
    verdicts,
    without_statement,
)
from tests.rules import campaigns
from tests.rules.bench import bad, judged


def flipped(made: Path) -> None:
    path = next(made.glob("runs/*/evidence.h5"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def dropped_log(made: Path) -> None:
    (made / "campaign.jsonl").unlink()


def added(made: Path) -> None:
    (made / "extra.txt").write_text("more")


def added_deep(made: Path) -> None:
    (made / "runs" / "a" / "b").mkdir(parents=True)
    (made / "runs" / "a" / "b" / "c").write_text("more")


def linked(made: Path) -> None:
    (made / "more").symlink_to("plan.yaml")


def reverdicted(made: Path) -> None:
    path = made / VERDICT
    path.write_text(
        path.read_text().replace("reviewer", "x").replace("PASS", "pass", 1)
    )


def renamed_subject(made: Path) -> None:
    path = made / STATEMENT
    path.write_text(path.read_text().replace("plan.yaml", "plan.yml", 1))


def reformatted(made: Path) -> None:
    """The same content for a lenient reader: a key twice, of which the last counts."""
    path = made / STATEMENT
    text = path.read_text().replace(
        '"predicate": {', '"predicate": {"verdict": "x",', 1
    )
    path.write_text(text)


def no_json(made: Path) -> None:
    (made / VERDICT).write_text("[" * 100_000)


TAMPERED = {
    "a flipped bit": (flipped, "evidence.h5 is not the file that statement.json names"),
    "a dropped file": (dropped_log, "campaign.jsonl, which is not there"),
    "an added file": (added, "extra.txt is not in statement.json"),
    "an added file deep down": (added_deep, "runs/a/b/c is not in statement.json"),
    "an added link": (linked, "more is no ordinary file"),
    "a changed verdict": (reverdicted, "verdict.json is not the file"),
    "a renamed subject": (renamed_subject, "plan.yaml is not in statement.json"),
    "a key twice": (reformatted, "statement.json is not written as mlps writes it"),
    "no JSON": (no_json, "verdict.json is no JSON"),
    "a better division": (restated(division="closed"), "division is 'closed'"),
    "a better verdict": (restated(verdict="CLOSED"), "verdict is 'CLOSED'"),
    "another plan": (restated(plan_digest="sha256:0"), "plan_digest is 'sha256:0'"),
    "another edition": (restated(edition="2.0"), "edition is '2.0'"),
    "a better tally": (restated(findings={"PASS": 99}), "findings.PASS is 99"),
    "more than we say": (restated(score=100), "score is 100"),
}


@pytest.mark.parametrize(("spoil", "text"), TAMPERED.values(), ids=TAMPERED)
def test_tampering_is_named_though_the_checksums_were_made_to_fit(made, spoil, text):
    spoil(made)
    listed_anew(made)
    judgement = judged(made)
    assert "EV-30" in bad(judgement)
    assert text in told(judgement, "EV-30")
    assert judgement.division_verdict == "INVALID"


def test_a_file_the_checksums_do_not_name(made):
    (made / "extra.txt").write_text("more")
    assert "extra.txt is not in SHA256SUMS" in told(judged(made), "EV-30")


def test_ev_06_and_ev_30_read_the_same_checksums(made):
    (made / "campaign.jsonl").write_text("")
    judgement = judged(made)
    assert {"EV-06", "EV-30"} <= bad(judgement)
    for rule in ("EV-06", "EV-30"):
        assert "campaign.jsonl changed after it was sealed" in told(judgement, rule)


def test_a_package_without_its_statement_lacks_evidence(made):
    without_statement(made)
    judgement = judged(made)
    assert verdicts(judgement) == ("NO_EVIDENCE", "NOT_APPLICABLE")
    assert "statement.json is missing" in told(judgement, "EV-30")


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '{"subject": 3}', "[" * 9**5])
def test_a_statement_of_any_shape_is_a_finding(made, text):
    (made / STATEMENT).write_text(text)
    judgement = judged(made)
    assert verdicts(judgement)[0] in ("FAIL", "NO_EVIDENCE")
    assert "Error" not in told(judgement, "EV-30")


def test_a_package_of_another_version_may_differ_in_the_tally_alone(made):
    path = made / VERDICT
    other = json.loads(path.read_text())
    other["mlps_version"] = "9.9"
    other["subjects"][0]["findings"].pop()
    path.write_text(json.dumps(other, indent=2) + "\n")
    data = json.loads((made / STATEMENT).read_text())
    for subject in data["subject"]:
        if subject["name"] == VERDICT:
            subject["digest"]["sha256"] = campaigns.sha256(path)
    data["predicate"] |= {"mlps_version": "9.9", "findings": {"PASS": 3}}
    (made / STATEMENT).write_text(json.dumps(data, indent=2) + "\n")
    listed_anew(made)
    judgement = judged(made)
    assert verdicts(judgement)[0] == "PASS"
    assert "sealed by mlps 9.9" in told(judgement, "EV-30")
    restated(verdict="CLOSED")(made)
    assert "verdict is 'CLOSED'" in told(judged(made), "EV-30")
