"""What the source makes of runs, campaigns and folders, whole or interrupted."""

import shutil

from mlps.plan import PlanDocument
from rules.rule import Stage
from rules.sources.campaign import subjects
from rules.subject import Subject, Unreadable
from tests.rules import campaigns
from tests.rules.bench import bad, judged, said


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


def test_a_run_that_its_ledger_does_not_call_sealed_is_none_when_named_alone(bench):
    """Its files are whole, but sealing failed: nothing of it may be presented."""
    campaign = bench.demo
    events = campaigns.ledger_events(campaign.path)
    for data in events:
        if data["run_id"] == "00000002" and data["event"] == "run_sealed":
            data["event"] = "run_aborted"
    campaigns.write_ledger(campaign.path, events)
    judgement = judged(campaign.run(2))
    assert judgement.exit_status == 1
    assert said(judgement, "3.3.2")[0].verdict != "PASS"


def test_a_measured_run_cannot_be_withdrawn(bench):
    campaign = bench.demo
    events = campaigns.ledger_events(campaign.path)
    taken = campaigns.event("run_withdrawn", 2, "00000002", "not the best")
    campaigns.write_ledger(campaign.path, [*events[:-1], taken, events[-1]])
    judgement = campaign.judged()
    (finding,) = said(judgement, "EV-07")
    assert finding.verdict == "FAIL"
    assert "withdraws run 2, which was measured" in finding.actual


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


def test_an_empty_folder_has_nothing_to_judge(tmp_path):
    (found,) = subjects(tmp_path)
    assert "nothing to judge here" in found.problem
