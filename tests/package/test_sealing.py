"""`mlps package`: what is sealed, what is refused, and what nobody is left with."""

import json
import os
import shutil
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import pytest
from click.testing import CliRunner, Result

from mlps.cli import main
from rules.package.command import package
from rules.package.layout import STATEMENT, SUMS, VERDICT
from tests.package.packages import (
    files,
    key,
    sealed,
    told,
    verdicts,
)
from tests.rules import campaigns
from tests.rules.bench import Campaign, bad, judged

NEW = {"EV-30", "EV-31"}


def packed(*args: object) -> Result:
    return CliRunner().invoke(package, [str(a) for a in args])


def test_a_campaign_is_no_package(bench):
    judgement = bench.demo.judged()
    assert verdicts(judgement) == ("NOT_APPLICABLE", "NOT_APPLICABLE")


@pytest.mark.parametrize("name", ["demo", "closed"])
def test_a_package_is_judged_as_the_campaign_it_was_made_of(bench, name):
    campaign = bench.copy(name)
    before = campaign.judged()
    made = sealed(campaign, campaign.path.parent)
    after = judged(made)
    assert verdicts(after) == ("PASS", "NOT_APPLICABLE")
    assert after.division_verdict == before.division_verdict
    others = [f for f in after.findings if f.rule_id not in NEW]
    assert [f.verdict for f in others] == [
        f.verdict for f in before.findings if f.rule_id not in NEW
    ]
    names = {p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_file()}
    own = {p.relative_to(campaign.path).as_posix() for p in files(campaign.path)}
    assert names == own | {VERDICT, STATEMENT}


def test_what_the_statement_says(bench):
    campaign = bench.closed
    made = sealed(campaign, campaign.path.parent)
    data = json.loads((made / STATEMENT).read_text())
    assert data["_type"] == "https://in-toto.io/Statement/v1"
    assert data["predicateType"] == "urn:mlps:verdict:1"
    named = {s["name"]: s["digest"]["sha256"] for s in data["subject"]}
    assert named == {
        p.relative_to(made).as_posix(): campaigns.sha256(p)
        for p in files(made)
        if p.name not in (STATEMENT, SUMS)
    }
    predicate = data["predicate"]
    assert predicate["plan_digest"] == campaign.doc.digest
    assert (predicate["edition"], predicate["division"]) == ("3.0", "closed")
    assert predicate["verdict"] == "CLOSED"
    tally = json.loads((made / VERDICT).read_text())["subjects"][0]["findings"]
    passed = sum(f["verdict"] == "PASS" for f in tally)
    assert predicate["findings"]["PASS"] == passed > 10


def test_the_same_campaign_gives_the_same_bytes_wherever_it_lies(
    bench, tmp_path, monkeypatch
):
    campaign = bench.demo
    own = key(tmp_path)
    moved = tmp_path / "else" / "where"
    shutil.copytree(campaign.path, moved)
    assert (
        packed(campaign.path, "--output", tmp_path / "a", "--sign", own).exit_code == 0
    )
    monkeypatch.chdir(moved)
    assert packed(".", "--output", "../b", "--sign", own).exit_code == 0
    monkeypatch.chdir(tmp_path)
    one, two = tmp_path / "a", tmp_path / "else" / "b"
    assert len(files(one)) == len(files(two)) > 10
    for path in files(one):
        assert path.read_bytes() == (two / path.relative_to(one)).read_bytes()
    assert str(tmp_path) not in (one / VERDICT).read_text()


def test_the_checksums_are_those_of_sha256sum(signed):
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", SUMS],
        cwd=signed,
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"")
    lines = (signed / SUMS).read_text().splitlines()
    assert {line[66:] for line in lines} == {
        p.relative_to(signed).as_posix() for p in files(signed) if p.name != SUMS
    }


# -- what may be packaged


def test_an_invalid_campaign_is_refused_with_the_rules_that_failed(bench, tmp_path):
    campaign = bench.demo
    shutil.rmtree(campaign.run(3))
    done = command(campaign.path, "--output", str(tmp_path / "out"))
    assert done[0] == 1
    assert "the verdict is INVALID: 2.1.17 runTimestamps FAIL, EV-03 comp" in done[1]
    assert "--allow-invalid" in done[1]
    assert sorted(p.name for p in tmp_path.iterdir()) == [campaign.path.name]


def command(*args: object) -> tuple[int, str]:
    """Exit status and stderr of the whole command, in this process."""
    errors = StringIO()
    with (
        redirect_stderr(errors),
        redirect_stdout(StringIO()),
        pytest.raises(SystemExit) as exited,
    ):
        main(["package", *(str(a) for a in args)])
    return int(exited.value.code or 0), errors.getvalue()


def damaged(campaign: Campaign) -> None:
    """Evidence cut off, so that its fault names the file."""
    path = campaign.run(3) / "evidence.h5"
    path.write_bytes(path.read_bytes()[:600])


def changed(campaign: Campaign) -> None:
    data = json.loads((campaign.run(2) / "summary.json").read_text())
    data["training"]["au_rules_percent"] += 1
    (campaign.run(2) / "summary.json").write_text(json.dumps(data))


def deleted(campaign: Campaign) -> None:
    shutil.rmtree(campaign.run(3))


@pytest.mark.parametrize("spoil", [damaged, changed, deleted])
def test_an_invalid_package_says_so_and_stays_what_it_is(bench, tmp_path, spoil):
    campaign = bench.demo
    spoil(campaign)
    done = packed(campaign.path, "--output", tmp_path / "out", "--allow-invalid")
    assert done.exit_code == 0, done.output
    assert "verdict: INVALID" in done.output
    data = json.loads((tmp_path / "out" / STATEMENT).read_text())
    assert data["predicate"]["verdict"] == "INVALID"
    after = judged(tmp_path / "out")
    assert after.division_verdict == "INVALID"
    assert "EV-06" in bad(after), "sealing must not give a changed file a new checksum"
    # The faults of the campaign are in the checksums, which EV-30 reads as well.
    assert "derived anew" not in told(after, "EV-30")
    text = (tmp_path / "out" / VERDICT).read_text()
    assert str(tmp_path) not in text


def test_a_link_is_refused_by_name(bench, tmp_path):
    campaign = bench.demo
    path = campaign.run(2) / "runner.log"
    path.symlink_to("/etc/passwd")
    status, text = command(campaign.path, "--output", tmp_path / "out")
    assert status == 2
    assert f"{path.relative_to(campaign.path)}: no ordinary file" in text
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["plan.yaml", "campaign.jsonl", "runs"])
def test_a_linked_part_is_refused(bench, tmp_path, name):
    campaign = bench.demo
    path = campaign.path / name
    path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    status, text = command(campaign.path, "--output", tmp_path / "out")
    assert (status, name in text) == (2, True)
    assert "link" in text


def test_a_device_is_refused(bench, tmp_path):
    campaign = bench.demo
    (campaign.run(2) / "summary.json").unlink()
    os.mkfifo(campaign.run(2) / "summary.json")
    status, text = command(campaign.path, "--output", tmp_path / "out")
    assert (status, "summary.json" in text) == (2, True)


def test_what_is_no_part_of_a_campaign_is_told_and_left_out(bench, tmp_path):
    campaign = bench.demo
    (campaign.path / "notes\x1b.txt").write_text("mine")
    (campaign.path / "runs" / "old").mkdir()
    (campaign.path / "runs" / "old" / "evidence.h5").write_text("x")
    (campaign.run(2) / ".evidence.h5.part").write_text("half")
    (campaign.path / "latest").symlink_to("runs")
    done = packed(campaign.path, "--output", tmp_path / "out")
    assert done.exit_code == 0
    left = [x for x in done.stderr.splitlines() if "left out" in x]
    assert [x.rpartition(": ")[2] for x in left] == [
        "latest",
        "notes\\x1b.txt",
        "runs/02-measured-00000002/.evidence.h5.part",
        "runs/old",
    ]
    assert judged(tmp_path / "out").exit_status == 0


ENDED = ("started", "aborted")


def started_before(tables) -> None:
    tables["run"]["run_id"] = b"aaaaaaaa"


def test_an_interrupted_attempt_is_part_of_the_story(bench, tmp_path):
    campaign = bench.demo
    run = campaign.doc.plan.campaign.runs[2]
    attempt = campaign.path / "runs" / f"{run.label}-aaaaaaaa"
    copy = tmp_path / "copy"
    written = campaigns.write_run(
        copy, campaign.doc, run, sealed=False, edit=started_before
    )
    shutil.copytree(written, attempt)
    events = campaigns.ledger_events(campaign.path)
    told = [campaigns.event(f"run_{what}", 2, "aaaaaaaa") for what in ENDED]
    campaigns.write_ledger(campaign.path, [events[0], *told, *events[1:]])
    assert campaign.judged().exit_status == 0
    made = sealed(campaign, campaign.path.parent)
    assert (made / attempt.relative_to(campaign.path) / "evidence.h5").is_file()
    assert verdicts(judged(made)) == ("PASS", "NOT_APPLICABLE")


PLACES = {
    "taken": (lambda c, tmp: tmp / "file", "is there already"),
    "nowhere": (lambda c, tmp: tmp / "no" / "out", "there is no folder"),
    "inside": (lambda c, tmp: c.path / "runs" / "out", "inside the campaign"),
}


@pytest.mark.parametrize(("place", "text"), PLACES.values(), ids=PLACES)
def test_a_place_that_will_not_do(bench, tmp_path, place, text):
    campaign = bench.demo
    (tmp_path / "file").write_text("")
    before = sorted(campaign.path.rglob("*"))
    status, errors = command(campaign.path, "--output", place(campaign, tmp_path))
    assert (status, text in errors) == (2, True), errors
    assert sorted(campaign.path.rglob("*")) == before


@pytest.mark.parametrize("name", ["plan.yaml", "campaign.jsonl", SUMS])
def test_a_folder_that_is_no_campaign(bench, tmp_path, name):
    campaign = bench.demo
    (campaign.path / name).unlink()
    status, errors = command(campaign.path, "--output", tmp_path / "out")
    assert (status, f"no {name}" in errors) == (2, True), errors


def test_a_package_is_not_packaged(made, tmp_path):
    status, errors = command(made, "--output", tmp_path / "out")
    assert (status, "is a package already" in errors) == (2, True)


def test_nothing_is_left_of_a_package_that_can_not_be_finished(bench, tmp_path):
    (tmp_path / "no-key").write_text("no key\n")
    campaign = bench.demo
    status, errors = command(
        campaign.path, "--output", tmp_path / "out", "--sign", tmp_path / "no-key"
    )
    assert (status, "not signed" in errors) == (2, True), errors
    assert {p.name for p in tmp_path.iterdir()} == {campaign.path.name, "no-key"}
