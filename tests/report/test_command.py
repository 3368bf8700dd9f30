"""`mlps report` as people call it: files, streams, exit status."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from rules.command import verify
from rules.report.command import report
from tests.rules import campaigns


def call(*arguments: object) -> Result:
    return CliRunner().invoke(report, [str(a) for a in arguments])


def verified(path: Path) -> tuple[int, str]:
    """Exit status and verdict of `mlps verify`."""
    result = CliRunner().invoke(verify, [str(path), "--json"])
    (subject,) = json.loads(result.stdout)["subjects"]
    return result.exit_code, subject["verdict"]


def test_the_terminal_summary_is_the_default_and_says_what_verify_says(campaign):
    result = call(campaign)
    status, verdict = verified(campaign)
    assert result.exit_code == status, result.output
    assert f"verdict: {verdict} (" in result.stdout
    assert "02-measured" in result.stdout


def test_every_product_is_written(campaign, tmp_path):
    result = call(
        campaign,
        *("--html", tmp_path / "r.html", "--json", tmp_path / "r.json"),
        *("--junit", tmp_path / "r.xml", "--markdown", tmp_path / "r.md"),
        *("--csv", tmp_path / "csv"),
    )
    status, verdict = verified(campaign)
    assert result.exit_code == status, result.output
    assert (tmp_path / "r.html").read_text().startswith("<!DOCTYPE html>")
    assert json.loads((tmp_path / "r.json").read_text())["exit_status"] == status
    ElementTree.fromstring((tmp_path / "r.xml").read_bytes())
    assert verdict in (tmp_path / "r.md").read_text()
    names = {path.name for path in (tmp_path / "csv").iterdir()}
    assert {"epochs.csv", "ranks.csv", "hosts.csv", "throughput.csv"} <= names
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("flag", ["--json", "--junit", "--markdown"])
def test_a_dash_is_standard_output_and_nothing_else_is_on_it(campaign, flag):
    result = call(campaign, flag, "-")
    assert "verdict: " not in result.stdout
    if flag == "--json":
        json.loads(result.stdout)
    elif flag == "--junit":
        ElementTree.fromstring(result.stdout.encode())


def test_two_products_cannot_share_standard_output(campaign):
    result = call(campaign, "--json", "-", "--junit", "-")
    assert result.exit_code == 2
    assert "--json and --junit" in result.output


def test_a_failed_rule_is_status_1(campaign, doc):
    def damaged(rows: campaigns.Tables) -> None:
        rows["steps"]["wait_ns"] *= 100

    campaigns.rewrite(campaign, doc, 2, damaged)
    result = call(campaign)
    assert result.exit_code == 1
    assert "verdict: INVALID" in result.stdout


def test_nothing_to_judge_is_status_2(tmp_path):
    result = call(tmp_path)
    assert result.exit_code == 2
    assert "UNREADABLE" in result.stdout


def test_a_single_run_is_reported_alone(campaign):
    directory = next(campaign.glob("runs/02-*"))
    result = call(directory, "--json", "-")
    (subject,) = json.loads(result.stdout)["subjects"]
    assert subject["stage"] == "run"
    assert [run["label"] for run in subject["runs"]] == ["02-measured"]


def test_a_run_without_evidence_is_shown_as_such(campaign):
    next(campaign.glob("runs/02-*")).joinpath("evidence.h5").unlink()
    result = call(campaign, "--json", "-")
    assert result.exit_code == 1
    runs = json.loads(result.stdout)["subjects"][0]["runs"]
    assert [bool(run["fault"]) for run in runs] == [False, False, True, False]


def test_rows_that_make_no_sense_are_told_and_the_rest_is_shown(campaign, doc):
    def damaged(rows: campaigns.Tables) -> None:
        rows["steps"]["rank"] = 2**62
        rows["ranks"] = rows["ranks"][:0]
        rows["hosts"] = rows["hosts"][:0]

    campaigns.rewrite(campaign, doc, 2, damaged)
    result = call(campaign)
    assert result.exit_code == 1
    assert "03-measured" in result.stdout
    assert "Traceback" not in result.output


def test_a_file_that_cannot_be_written_is_one_line(campaign, tmp_path):
    result = call(campaign, "--html", tmp_path / "none" / "r.html")
    assert result.exit_code == 2
    assert "can't be written" in result.output
