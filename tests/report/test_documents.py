"""Terminal, Markdown, JUnit, JSON and CSV: the same chapter in five forms."""

import csv
import io
import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.finding import Finding, Verdict
from rules.report import data, junit, markdown, table, text
from rules.report.chapter import Chapter
from tests.report import crowd, hostile

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u202e]")


def cases(xml: bytes) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(xml).iter("testcase"))


def test_each_finding_is_a_test_case_and_bad_ones_fail(demo):
    verdicts = dict.fromkeys(Verdict)
    findings = tuple(
        Finding(rule_id="1", name=f"rule{v}", verdict=v, actual="so") for v in verdicts
    )
    found = cases(junit.document([replace(demo, findings=findings)]))
    children = {c.get("name"): [e.tag for e in c] for c in found}
    assert children == {
        "1 rulePASS": [],
        "1 ruleFAIL": ["failure"],
        "1 ruleERROR": ["failure"],
        "1 ruleNO_EVIDENCE": ["failure"],
        "1 ruleWAIVED": ["skipped"],
        "1 ruleNOT_APPLICABLE": ["skipped"],
        "1 ruleWARN": ["system-out"],
    }


def test_counts_of_a_suite_are_those_of_its_cases(demo):
    (suite,) = ElementTree.fromstring(junit.document([demo]))
    assert int(suite.get("tests")) == len(suite) == len(demo.findings)
    assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
    assert int(suite.get("skipped")) == len(suite.findall("testcase/skipped"))


def test_findings_of_one_rule_keep_names_of_their_own(demo):
    twice = replace(demo, findings=demo.findings[:1] * 2)
    names = [c.get("name") for c in cases(junit.document([twice]))]
    assert len(set(names)) == 2


def test_a_chapter_without_a_plan_is_a_failure():
    chapter = replace(hostile.chapter("plain"), findings=(), exit_status=2)
    (case,) = cases(junit.document([chapter]))
    assert case.find("failure") is not None


@given(said=st.text())
def test_any_text_makes_valid_documents(said):
    chapters = [hostile.chapter(said)]
    assert len(cases(junit.document(chapters))) == len(Verdict)
    assert json.loads(data.document(chapters, 1))["subjects"][0]["title"] == said
    for shown in (text.summary(chapters[0]), markdown.document(chapters)):
        assert not CONTROL.search(shown)
        shown.encode()
    compared = table.tables(chapters)["comparisons.csv"].decode()
    rows = list(csv.reader(io.StringIO(compared)))
    assert len(rows) == 2
    assert not rows[1][0].startswith(("=", "+", "-", "@"))


def test_markdown_obeys_nothing_a_stranger_wrote():
    shown = markdown.document([hostile.chapter("[x](http://a) <b> | **y** `z`\n# h")])
    assert "<b>" not in shown
    assert "[x]" not in shown
    assert "\n# h" not in shown
    row = next(line for line in shown.splitlines() if line.startswith("| 9.9"))
    assert len(re.findall(r"(?<!\\)\|", row)) == 7


def test_the_summary_begins_with_verdict_and_what_is_wrong(demo):
    wrong = Finding(rule_id="0", name="isWrong", verdict=Verdict.FAIL, actual="so")
    shown = text.summary(replace(demo, findings=(*demo.findings, wrong)))
    order = [shown.index(t) for t in ("verdict:", "isWrong", "WAIVED", "\nRuns\n")]
    assert "planDigest" not in shown
    assert order[0] < order[1] < order[3]


def test_worst_host_and_waiting_are_in_the_summary(demo):
    shown = text.summary(replace(demo, runs=(crowd.run(),)))
    assert "node003.example" in shown
    assert "(rank 24)" in shown


def test_json_has_every_number_of_the_view(demo):
    run = crowd.run()
    whole = json.loads(data.document([replace(demo, runs=(run,))], 0))
    stored = whole["subjects"][0]["runs"][0]
    assert whole["schema"] == "report/2"
    assert stored["epochs"][1]["rules_percent"] == run.epochs[1].rules_percent
    assert stored["throughput"]["series"][0]["values"].count(None) == 2
    assert stored["hosts"][3]["worst_rank"] == 24


@pytest.mark.parametrize("said", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_no_cell_is_a_formula(said):
    compared = table.tables([hostile.chapter(said)])["comparisons.csv"].decode()
    _, row = csv.reader(io.StringIO(compared))
    assert row[:3] == [f"'{said}"] * 3


@pytest.fixture(scope="module")
def tables(demo: Chapter) -> dict[str, list[dict[str, str]]]:
    made = table.tables([replace(demo, runs=(crowd.run(),))])
    return {
        name: list(csv.DictReader(io.StringIO(content.decode())))
        for name, content in made.items()
    }


def test_csv_has_a_row_for_each_epoch_rank_and_host(tables):
    assert [len(tables[f"{n}.csv"]) for n in ("epochs", "ranks", "hosts")] == [2, 32, 4]
    assert {r["run"] for r in tables["ranks.csv"]} == {"02-measured"}


def test_csv_series_leave_gaps_empty(tables):
    values = [row["value"] for row in tables["throughput.csv"]]
    assert values.count("") == 2
    assert "0" not in values
    percentiles = {row["series"] for row in tables["latency.csv"]}
    assert percentiles == {"p50", "p95", "p99", "max"}
    panels = {row["panel"] for row in tables["host_series.csv"]}
    assert panels == {"cpu", "memory", "disk", "network"}
