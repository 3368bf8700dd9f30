"""Links, pipes and absurd numbers of strangers: never followed, never fatal."""

import os
import shutil
from pathlib import Path

import pytest

from mlps.plan import render
from rules.catalogue import CATALOGUE
from rules.sources.campaign import subjects
from rules.subject import Unreadable
from tests.rules import campaigns, plans
from tests.rules.bench import bad, judged, said


def test_links_are_not_followed(bench, tmp_path):
    campaign = bench.demo
    outside = tmp_path / "elsewhere"
    shutil.move(campaign.run(3), outside)
    campaign.run(3).symlink_to(outside)
    judgement = campaign.judged()
    assert {"EV-03", "EV-06", "EV-07"} <= bad(judgement)
    assert "is a link" in said(judgement, "EV-06")[0].actual


@pytest.mark.parametrize("name", ["evidence.h5", "summary.json"])
def test_a_linked_file_is_not_followed(bench, tmp_path, name):
    campaign = bench.demo
    path = campaign.run(2) / name
    shutil.move(path, tmp_path / name)
    path.symlink_to(tmp_path / name)
    assert "is a link" in said(campaign.judged(), "EV-06")[0].actual


def test_a_pipe_does_not_block(bench):
    campaign = bench.demo
    for name in ("evidence.h5", "summary.json"):
        (campaign.run(2) / name).unlink()
        os.mkfifo(campaign.run(2) / name)
    (campaign.path / "campaign.jsonl").unlink()
    os.mkfifo(campaign.path / "campaign.jsonl")
    judgement = campaign.judged()
    assert "no ordinary file" in said(judgement, "EV-06")[0].actual


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/hostname", "runs/../../outside", "nowhere"]
)
def test_checksums_of_other_places_are_refused(bench, name):
    campaign = bench.demo
    (campaign.path.parent / "outside").write_text("secret")
    sums = campaign.path / "SHA256SUMS"
    sums.write_text(sums.read_text() + f"{'0' * 64}  {name}\n")
    (finding,) = said(campaign.judged(), "EV-06")
    assert "outside the folder" in finding.actual or "is missing" in finding.actual


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"a: [", b"x" * 5_000_000])
def test_what_is_no_plan_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "plan.yaml"
    path.write_bytes(content)
    (found,) = subjects(path)
    assert isinstance(found, Unreadable)
    assert "\n" not in found.problem
    assert str(path) in found.problem


def test_a_plan_of_absurd_size_is_judged_at_once(tmp_path: Path):
    """Counts in a plan bound nothing by themselves."""
    plan = plans.official_plan()
    for key in ("submission.measured_runs", "workload.train.epochs", "system.hosts"):
        plan = plans.changed(plan, key, 2**50)
    path = tmp_path / "plan.yaml"
    path.write_bytes(render(plans.frozen(plan)))
    assert "EV-08" in bad(judged(path))


@pytest.mark.parametrize("bucket", [-1, 2**62])
def test_a_bucket_of_no_duration_is_refused_at_once(bench, bucket):
    """Its edges would be integers of 2^33 bits and more."""
    campaign = bench.demo
    run = campaign.run(2)
    (run / "evidence.h5").unlink()
    summary = (run / "summary.json").read_bytes()

    def edit(tables) -> None:
        tables["latency"]["bucket"][0] = bucket

    planned = campaign.doc.plan.campaign.runs[2]
    campaigns.write_run(campaign.path, campaign.doc, planned, edit=edit, sealed=False)
    (run / "summary.json").write_bytes(summary)
    (finding,) = said(campaign.judged(), "EV-05")
    assert finding.verdict == "NO_EVIDENCE"
    assert f"bucket {bucket}" in finding.actual


ODD_ROWS = {
    "no run row": ("run", slice(0, 0)),
    "two run rows": ("run", [0, 0]),
    "no clock": ("clock", slice(0, 0)),
    "every phase twice": ("phases", [0, 0, 1, 1, 2, 2]),
    "no ranks": ("ranks", slice(0, 0)),
}


@pytest.mark.parametrize(("table", "rows"), ODD_ROWS.values(), ids=ODD_ROWS)
def test_rows_that_are_not_as_expected_never_end_the_judge(bench, table, rows):
    campaign = bench.demo
    campaign.edit(2, lambda tables: tables.update({table: tables[table][rows]}))
    judgement = campaign.judged()
    ours = {rule.id for rule in CATALOGUE if rule.judge}
    assert {f.rule_id for f in judgement.findings} == ours
    assert "ERROR" not in {f.verdict for f in judgement.findings}


@pytest.mark.parametrize("column", ["rank", "wait_ns", "epoch"])
@pytest.mark.parametrize("value", [-1, 2**62])
def test_absurd_numbers_never_end_the_judge(bench, column, value):
    campaign = bench.demo

    def edit(tables) -> None:
        tables["steps"][column][0] = value

    campaign.edit(2, edit)
    judgement = campaign.judged()
    assert "EV-03" in bad(judgement)
    assert "ERROR" not in {f.verdict for f in judgement.findings}
