"""Whatever is changed in a sealed campaign is named by some rule."""

import json
import os
import shutil
from dataclasses import replace

import pytest

from mlps.plan import leaves, render
from rules.catalogue.integrity import summary_recomputes
from rules.edition import editions
from rules.engine import findings, judge
from rules.rule import Case, Stage
from rules.sources.campaign import subjects
from rules.subject import Subject
from tests.rules import campaigns, plans
from tests.rules.bench import bad, judged, said

FLIPS = 48


def positions(size: int, count: int) -> list[int]:
    """Bytes spread over a file, first and last among them."""
    return [n * (size - 1) // (count - 1) for n in range(count)]


@pytest.mark.parametrize("part", [0, 0.3, 0.7, 1])
def test_a_flipped_bit_of_the_evidence_is_reported(bench, part):
    campaign = bench.demo
    path = campaign.run(2) / "evidence.h5"
    data = bytearray(path.read_bytes())
    data[int(part * (len(data) - 1))] ^= 1
    path.write_bytes(data)
    judgement = campaign.judged()
    assert {"EV-06"} <= bad(judgement)
    assert "02-measured" in said(judgement, "EV-06")[0].actual


def test_a_flipped_bit_anywhere_in_a_lone_run_is_reported(bench):
    campaign = bench.demo
    path = campaign.run(2) / "evidence.h5"
    whole = path.read_bytes()
    for number, position in enumerate(positions(len(whole), FLIPS // 2)):
        data = bytearray(whole)
        data[position] ^= 1 << number % 8
        path.write_bytes(data)
        (found,) = subjects(campaign.run(2))
        if isinstance(found, Subject):  # else it can't be opened at all
            judgement = judge(found.doc, Stage.RUN, found.stored, found.record)
            assert bad(judgement) & {"EV-04", "EV-05"}, position


@pytest.mark.parametrize("part", [0, 0.01, 0.1, 0.5, 0.9, 1])
def test_a_changed_byte_of_the_plan_is_reported(bench, part):
    campaign = bench.demo
    path = campaign.path / "plan.yaml"
    data = bytearray(path.read_bytes())
    data[int(part * (len(data) - 1))] ^= 1
    path.write_bytes(data)
    judgement = campaign.judged()
    assert judgement.exit_status == 1
    assert {"EV-01", "EV-06"} <= bad(judgement)
    assert said(judgement, "EV-01")[0].fix


@pytest.mark.parametrize("part", range(FLIPS))
def test_a_changed_byte_of_a_lone_plan_is_refused(tmp_path, part):
    data = bytearray(render(plans.frozen(plans.official_plan())))
    data[positions(len(data), FLIPS)[part]] ^= 1
    path = tmp_path / "plan.yaml"
    path.write_bytes(data)
    (found,) = subjects(path)
    if isinstance(found, Subject):  # outside the hashed part: comments, provenance
        assert "EV-01" in bad(judged(path))
    else:
        assert str(path) in found.problem


def test_a_lost_plan_is_taken_from_the_evidence_and_reported(bench):
    campaign = bench.demo
    (campaign.path / "plan.yaml").unlink()
    judgement = campaign.judged()
    assert bad(judgement) == {"EV-01", "EV-06"}
    assert "is missing" in said(judgement, "EV-01")[0].actual


@pytest.mark.parametrize("number", [0, 2, 3])
def test_a_deleted_run_directory_is_named(bench, number):
    campaign = bench.demo
    directory = campaign.run(number)
    shutil.rmtree(directory)
    judgement = campaign.judged()
    assert {"EV-03", "EV-06", "EV-07"} <= bad(judgement)
    assert directory.name in said(judgement, "EV-03")[0].actual
    assert "put the missing files back" in said(judgement, "EV-03")[0].fix


@pytest.mark.parametrize("kept", [0, 600, 300_000])
def test_a_truncated_evidence_file_is_named_and_the_rest_judged(bench, kept):
    campaign = bench.demo
    path = campaign.run(3) / "evidence.h5"
    path.write_bytes(path.read_bytes()[:kept])
    judgement = campaign.judged()
    assert {"EV-03", "EV-04", "EV-06"} <= bad(judgement)
    assert "03-measured" in said(judgement, "EV-04")[0].actual
    assert said(judgement, "2.1.11")[0].verdict == "PASS"


@pytest.mark.parametrize("name", ["evidence.h5", "summary.json"])
def test_a_deleted_file_is_named(bench, name):
    campaign = bench.demo
    (campaign.run(2) / name).unlink()
    judgement = campaign.judged()
    assert judgement.exit_status == 1
    assert f"{name} is missing" in said(judgement, "EV-06")[0].actual


SUMMARY_DAMAGE = {
    "no json": "{",
    "a list": "[]",
    "empty": "",
    "deep": "[" * 100_000,
    "a huge number": "1" * 10_000,
    "null": "null",
}


@pytest.mark.parametrize("text", SUMMARY_DAMAGE.values(), ids=SUMMARY_DAMAGE)
def test_a_damaged_summary_is_a_finding(bench, text):
    campaign = bench.demo
    (campaign.run(2) / "summary.json").write_text(text)
    campaigns.write_sums(campaign.path)
    assert bad(campaign.judged()) == {"EV-05"}


def test_every_number_of_the_summary_is_recomputed(bench):
    """Change each leaf in turn, with checksums made right: EV-05 names each."""
    campaign = bench.demo
    path = campaign.run(2) / "summary.json"
    whole = json.loads(path.read_text())
    (found,) = subjects(campaign.path)
    run = found.record.sealed[2]
    keys = [k for k, _ in leaves(whole)]
    assert len(keys) > 40
    for key in keys:
        spoilt = json.loads(json.dumps(whole))
        _spoil(spoilt, key)
        outcome = _summary_outcome(found, run, spoilt)
        assert outcome.verdict == "FAIL", key
        assert key in outcome.actual


def _spoil(data: object, key: str) -> None:
    *steps, last = key.replace("[", ".[").split(".")
    for step in steps:
        data = data[int(step[1:-1])] if step[0] == "[" else data[step]
    value = data[last]
    data[last] = value + 1 if isinstance(value, int | float) else f"{value}x"


def _summary_outcome(found: Subject, run, summary):
    runs = tuple(
        replace(r, summary=summary) if r is run else r for r in found.record.runs
    )
    case = Case(
        doc=found.doc,
        edition=editions()[-1],
        editions=editions(),
        figures=(),
        stage=found.stage,
        campaign=replace(found.record, runs=runs),
    )
    (outcome,) = findings(summary_recomputes, case)
    return outcome


def test_a_swapped_run_is_noticed(bench):
    """The evidence of one run presented as another one."""
    campaign = bench.demo
    for name in ("evidence.h5", "summary.json"):
        shutil.copy(campaign.run(2) / name, campaign.run(3) / name)
    campaigns.write_sums(campaign.path)
    judgement = campaign.judged()
    assert {"EV-03", "EV-07"} <= bad(judgement)
    assert "evidence of run 2" in said(judgement, "EV-03")[0].actual


def test_a_run_the_ledger_never_started_is_noticed(bench):
    campaign = bench.demo
    shutil.copytree(campaign.run(3), campaign.path / "runs" / "03-measured-ffffffff")
    judgement = campaign.judged()
    assert bad(judgement) == {"EV-07"}
    assert "is unknown to the ledger" in said(judgement, "EV-07")[0].actual


def test_a_run_sealed_twice_is_noticed(bench):
    """The better of two attempts can't be picked by hand."""
    campaign = bench.demo
    events = campaigns.ledger_events(campaign.path)
    again = [{**e, "run_id": "ffffffff"} for e in events if e["run"] == 3]
    campaigns.write_ledger(campaign.path, [*events[:-1], *again, events[-1]])
    judgement = campaign.judged()
    assert "run 3 was sealed 2 times" in said(judgement, "EV-07")[0].actual


def test_a_sealed_file_that_no_checksum_covers_is_named(bench):
    campaign = bench.demo
    sums = campaign.path / "SHA256SUMS"
    lines = sums.read_text().splitlines(keepends=True)
    sums.write_text("".join(line for line in lines if "02-measured" not in line))
    (finding,) = said(campaign.judged(), "EV-06")
    assert "summary.json is not covered" in finding.actual


def test_time_that_no_step_accounts_for_is_noticed(bench):
    campaign = bench.demo

    def edit(tables) -> None:
        tables["phases"]["end_ns"][-1] += 10**9

    campaign.edit(2, edit)
    (finding,) = said(campaign.judged(), "EV-03")
    assert "rank 1 closed epoch-2 after 1.0" in finding.actual


def test_what_belongs_to_nobody_trips_nothing(bench):
    """Logs, junk of file managers and of a killed writer: no rule speaks of them."""
    campaign = bench.demo
    (campaign.run(2) / "runner.log").write_text("talk\n")
    (campaign.run(2) / ".evidence.h5.part").write_bytes(b"half")
    (campaign.path / ".DS_Store").write_bytes(b"\0")
    (campaign.path / "notes.txt").write_text("mine\n")
    (campaign.path / "runs" / "old").mkdir()
    os.utime(campaign.run(2) / "evidence.h5", (0, 0))
    assert campaign.judged().exit_status == 0
