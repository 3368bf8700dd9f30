"""Damaged, tampered, interrupted and hostile campaigns: each is named, none passes."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mlps.plan import PlanDocument, leaves, render
from rules.engine import judge_campaign, judge_run
from rules.rule import Stage
from rules.sources.campaign import Subject, Unreadable, subjects
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
    for number, position in enumerate(positions(len(whole), FLIPS)):
        data = bytearray(whole)
        data[position] ^= 1 << number % 8
        path.write_bytes(data)
        (found,) = subjects(campaign.run(2))
        if isinstance(found, Subject):  # else it can't be opened at all
            judgement = judge_run(found.doc, found.stored, found.record)
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
    record = replace(found.record, runs=runs)
    return said(judge_campaign(found.doc, found.stored, record), "EV-05")[0]


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


def interrupted(campaign, doc: PlanDocument, *, closed_phases: int) -> None:
    """Leave run 2 as kill -9 does: started, partly recorded, never ended."""
    run = doc.plan.campaign.runs[2]
    for number in (2, 3):
        shutil.rmtree(campaign.run(number))

    def cut(tables) -> None:
        for name in ("phases", "steps"):
            rows = tables[name]
            keep = (rows["phase"] < closed_phases) | (rows["rank"] == 0)
            tables[name] = rows[keep & (rows["phase"] <= closed_phases)]

    campaigns.write_run(campaign.path, doc, run, edit=cut, sealed=False)
    events = campaigns.ledger_events(campaign.path)
    last = next(n for n, e in enumerate(events) if e["run"] == 2)
    campaigns.write_ledger(campaign.path, events[: last + 1])
    campaigns.write_sums(campaign.path)


def test_an_interrupted_campaign_names_run_rank_and_phase(bench):
    campaign = bench.demo
    interrupted(campaign, campaign.doc, closed_phases=1)
    judgement = campaign.judged()
    assert judgement.division_verdict == "INVALID"
    (finding,) = said(judgement, "EV-03")
    assert "02-measured: interrupted" in finding.actual
    assert "rank 1 has no closing record of epoch-1, flush-2, epoch-2" in finding.actual
    assert "03-measured: not done" in finding.actual
    assert finding.fix == "start the same mpirun command again: it resumes"
    assert "run 2 (00000002) lost in a crash" in said(judgement, "EV-07")[0].actual


def test_an_aborted_run_names_the_blamed_rank_and_why(bench):
    campaign = bench.demo
    campaign.edit(
        3,
        lambda tables: tables.update(
            outcome=campaigns.rows(
                "outcome",
                ("aborted", 1, "rank 1 (host b): disk gone", campaigns.WALL_NS),
            )
        ),
    )
    (campaign.run(3) / "summary.json").unlink()
    events = campaigns.ledger_events(campaign.path)[:-2]
    ended = campaigns.event("run_aborted", 3, "00000003", "disk gone")
    campaigns.write_ledger(campaign.path, [*events, ended, campaigns.event("end")])
    campaigns.write_sums(campaign.path)
    judgement = campaign.judged()
    (finding,) = said(judgement, "EV-03")
    assert "03-measured: aborted, blamed: rank 1: rank 1 (host b): disk gone" in (
        finding.actual
    )
    assert "rank 0" not in finding.actual
    (ledger,) = said(judgement, "EV-07")
    assert ledger.actual.startswith("not at its end")
    assert "run 3 (00000003) aborted: disk gone" in ledger.actual


def test_a_resumed_campaign_passes_and_lists_the_lost_start(bench):
    campaign = bench.demo
    doc = campaign.doc
    kept, aside = campaign.run(2), campaign.path / "runs" / "02-measured-0000dead"
    shutil.move(kept, aside.with_name("kept"))
    campaigns.write_run(
        campaign.path,
        doc,
        doc.plan.campaign.runs[2],
        edit=lambda tables: tables["run"].__setitem__("run_id", b"0000dead"),
        sealed=False,
    )
    shutil.move(kept, aside)
    shutil.move(aside.with_name("kept"), kept)
    events = campaigns.ledger_events(campaign.path)
    first = next(n for n, e in enumerate(events) if e["run"] == 2)
    dead = campaigns.event("run_started", 2, "0000dead")
    campaigns.write_ledger(
        campaign.path,
        [*events[:first], dead, campaigns.event("start"), *events[first:]],
    )
    judgement = campaign.judged()
    assert judgement.exit_status == 0, bad(judgement)
    assert "run 2 (0000dead) lost in a crash" in said(judgement, "EV-07")[0].actual
    assert "02-measured-0000dead" in said(judgement, "EV-03")[0].actual


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


def test_a_sealed_file_that_no_checksum_covers_is_named(bench):
    campaign = bench.demo
    sums = campaign.path / "SHA256SUMS"
    lines = sums.read_text().splitlines(keepends=True)
    sums.write_text("".join(line for line in lines if "02-measured" not in line))
    (finding,) = said(campaign.judged(), "EV-06")
    assert "summary.json is not covered" in finding.actual


def test_a_single_run_is_judged_alone(bench):
    campaign = bench.demo
    for number, kind in ((0, "datagen"), (1, "warmup"), (2, "measured")):
        (found,) = subjects(campaign.run(number))
        assert found.stage is Stage.RUN
        judgement = judged(campaign.run(number))
        assert judgement.exit_status == 0, (kind, bad(judgement))
        (au,) = said(judgement, "3.3.2")
        assert au.verdict == ("PASS" if kind == "measured" else "NOT_APPLICABLE")
        assert said(judgement, "EV-07")[0].verdict == "NOT_APPLICABLE"


def test_an_evidence_file_means_its_run(bench):
    (found,) = subjects(bench.demo.run(2) / "evidence.h5")
    assert found.stage is Stage.RUN


def test_a_folder_of_campaigns_is_judged_one_by_one(bench):
    bench.copy("demo")
    bench.copy("closed")
    (bench.folder / "notes.txt").write_text("mine")
    found = list(subjects(bench.folder))
    assert [f.stage for f in found] == [Stage.CAMPAIGN, Stage.CAMPAIGN]
    assert len({f.doc.digest for f in found}) == 2


def test_damage_of_one_campaign_leaves_the_others(bench):
    spoilt = bench.copy("closed")
    bench.copy("demo")
    shutil.rmtree(spoilt.path / "runs")
    (spoilt.path / "plan.yaml").write_text("no: plan\n")
    found = list(subjects(bench.folder))
    assert {type(f) for f in found} == {Subject, Unreadable}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"a: [", b"x" * 5_000_000])
def test_what_is_no_plan_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "plan.yaml"
    path.write_bytes(content)
    (found,) = subjects(path)
    assert isinstance(found, Unreadable)
    assert "\n" not in found.problem
    assert str(path) in found.problem


def test_an_empty_folder_has_nothing_to_judge(tmp_path):
    (found,) = subjects(tmp_path)
    assert "nothing to judge here" in found.problem


def test_a_plan_of_absurd_size_is_judged_at_once(tmp_path: Path):
    """Counts in a plan bound nothing by themselves."""
    plan = plans.official_plan()
    for key in ("submission.measured_runs", "workload.train.epochs", "system.hosts"):
        plan = plans.changed(plan, key, 2**50)
    path = tmp_path / "plan.yaml"
    path.write_bytes(render(plans.frozen(plan)))
    assert "EV-08" in bad(judged(path))
