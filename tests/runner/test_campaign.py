"""Whole campaigns under mpirun on real files, and what they leave behind."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from mlps import sizing, summary
from mlps.evidence.reader import Evidence, read
from mlps.plan import FileFormat, parse
from tests.runner.plans import small_plan, store

pytestmark = pytest.mark.mpi


def campaign_of(folder: Path) -> Path:
    (campaign,) = (folder / "results").iterdir()
    return campaign


def evidence_of(campaign: Path, kind: str) -> Evidence:
    (path,) = campaign.glob(f"runs/*-{kind}-*/evidence.h5")
    return read(path)


@pytest.mark.parametrize(
    ("ranks", "file_format", "odirect"),
    [
        (2, FileFormat.NPZ, False),
        (3, FileFormat.JPEG, False),
        (1, FileFormat.NPZ, True),
    ],
)
def test_a_campaign_leaves_whole_evidence(
    tmp_path, mlps_runner, ranks, file_format, odirect
):
    doc = small_plan(
        ranks=ranks,
        file_format=file_format,
        odirect=odirect,
        calibration_s=0.2,
        au=0.01,
    )
    plan = store(doc, tmp_path / "plan.yaml")
    done = mlps_runner(ranks, str(plan))
    assert done.returncode == 0, done.stderr
    campaign = campaign_of(tmp_path)
    assert campaign.name == doc.campaign_name
    assert f"mlps verify results/{campaign.name}" in done.stdout
    checked = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=campaign, check=False
    )
    assert checked.returncode == 0
    evidence = evidence_of(campaign, "measured")
    assert (
        evidence.plan_bytes
        == plan.read_bytes()
        == (campaign / "plan.yaml").read_bytes()
    )
    assert evidence.outcome == "complete"
    assert evidence.chain_fault is None
    check_phases(doc, evidence, ranks)
    check_bytes(evidence, tmp_path, ranks)
    check_summary(campaign, evidence)
    if odirect:
        looked_at = evidence.rows("direct_io")
        assert looked_at["sampled_opens"].sum() > 0
        assert (looked_at["sampled_opens"] == looked_at["direct_opens"]).all()


def check_phases(doc, evidence, ranks):
    phases = evidence.rows("phases")
    run = doc.plan.campaign.runs[1]
    assert len(phases) == ranks * len(run.phases)
    offsets = dict.fromkeys(range(ranks), 0)
    for row in evidence.rows("clock"):
        # Ranks of one host share one clock, so the true offset is 0.
        assert abs(int(row["offset_ns"])) <= int(row["error_ns"])
        offsets[int(row["rank"])] = int(row["offset_ns"])
    assert offsets[0] == 0
    epochs = phases[phases["epoch"] > 0]
    assert (epochs["start_ns"] >= epochs["agreed_start_ns"]).all()
    assert (epochs["end_ns"] > epochs["start_ns"]).all()
    flushes = evidence.rows("flushes")
    assert set(flushes["outcome"]) == {b"flushed"}
    assert len(flushes) == doc.plan.workload.train.epochs


def check_bytes(evidence, folder, ranks):
    steps = evidence.rows("steps")
    per_rank = 12 // ranks
    sizes = sorted(p.stat().st_size for p in folder.glob("data/*/train/*"))
    assert len(sizes) == 12
    for epoch in (1, 2):
        rows = steps[steps["epoch"] == epoch]
        assert len(rows) == ranks * per_rank
        assert rows["delivered_bytes"].sum() == sum(sizes)
    latency = evidence.rows("latency")
    samples = latency[latency["operation"] == b"sample"]
    assert samples["count"].sum() == steps["samples"].sum() == 2 * ranks * per_rank
    process = evidence.rows("process")
    read_chars = [
        int(np.ptp(process[process["rank"] == rank]["io_rchar"]))
        for rank in range(ranks)
    ]
    assert sum(read_chars) >= steps["delivered_bytes"].sum() * 0.5
    assert len(evidence.rows("memory")) >= 2


def check_summary(campaign, evidence):
    (path,) = campaign.glob("runs/*-measured-*/summary.json")
    stored = json.loads(path.read_bytes())
    plan = parse(evidence.plan_bytes).plan
    recomputed = json.loads(json.dumps(summary.summarize(plan, evidence.tables)))
    assert {k: stored[k] for k in recomputed} == recomputed
    assert stored["chain_head"] == evidence.chain_head
    assert 0 < stored["training"]["au_rules_percent"] <= 100


def test_ranks_are_never_more_than_one_step_apart(tmp_path, mlps_runner):
    plan = store(small_plan(epochs=1, files=24), tmp_path / "plan.yaml")
    assert mlps_runner(2, str(plan)).returncode == 0
    evidence = evidence_of(campaign_of(tmp_path), "measured")
    offset = {int(r["rank"]): int(r["offset_ns"]) for r in evidence.rows("clock")}
    error = int(evidence.rows("clock")["error_ns"].max())
    steps = evidence.rows("steps")
    ends = {
        (int(s["rank"]), int(s["step"])): int(
            s["start_ns"] + s["wait_ns"] + s["compute_ns"] + s["barrier_ns"]
        )
        + offset[int(s["rank"])]
        for s in steps
    }
    for s in steps:
        arrived = int(s["start_ns"] + s["wait_ns"] + s["compute_ns"])
        arrived += offset[int(s["rank"])]
        other = ends[1 - int(s["rank"]), int(s["step"])]
        assert other >= arrived - 2 * error, "a rank left the barrier too early"


def test_a_second_start_has_nothing_to_do_and_a_lost_run_is_redone(
    tmp_path, mlps_runner
):
    plan = store(small_plan(measured_runs=2, epochs=1), tmp_path / "plan.yaml")
    first = mlps_runner(2, str(plan))
    again = mlps_runner(2, str(plan), cwd=Path("/usr"))
    assert again.returncode == 0
    assert "nothing left to do: 3 of 3 runs are sealed" in again.stderr
    assert again.stdout.splitlines()[:-2] == first.stdout.splitlines()[:-2]
    assert f"mlps verify {tmp_path}/results/" in again.stdout
    campaign = campaign_of(tmp_path)
    (lost,) = campaign.glob("runs/01-*")
    for file in lost.iterdir():
        file.unlink()
    lost.rmdir()
    redone = mlps_runner(2, str(plan))
    assert redone.returncode == 0, redone.stderr
    assert "checking the dataset that is there" in redone.stderr
    assert len(list(campaign.glob("runs/01-*"))) == 1


def test_prefetch_off_still_delivers_everything(tmp_path, mlps_runner):
    doc = small_plan(prefetch_batches=0, batch_size=2, epochs=1)
    plan = store(doc, tmp_path / "plan.yaml")
    assert mlps_runner(2, str(plan)).returncode == 0
    steps = evidence_of(campaign_of(tmp_path), "measured").rows("steps")
    assert len(steps) == 2 * 3
    assert set(steps["samples"].tolist()) == {2}


def test_the_sampler_can_be_off(tmp_path, mlps_runner):
    plan = store(small_plan(interval_s=0.0, epochs=1), tmp_path / "plan.yaml")
    assert mlps_runner(2, str(plan)).returncode == 0
    evidence = evidence_of(campaign_of(tmp_path), "measured")
    assert not len(evidence.tables["process"])


def test_memory_stays_within_the_budget_and_does_not_grow(tmp_path, mlps_runner):
    doc = small_plan(
        ranks=1,
        files=300,
        record_bytes=20_000.0,
        compute_s=0.002,
        epochs=3,
        interval_s=0.05,
    )
    plan = store(doc, tmp_path / "plan.yaml")
    assert mlps_runner(1, str(plan)).returncode == 0
    evidence = evidence_of(campaign_of(tmp_path), "measured")
    assert len(evidence.rows("steps")) == 900
    process = evidence.rows("process")
    rss = process["rss_bytes"].astype(np.int64)
    middle, end = rss[len(rss) // 3 : len(rss) // 2], rss[-len(rss) // 6 :]
    assert abs(int(np.median(end)) - int(np.median(middle))) < 4 * 2**20
    budget = doc.plan.derived.rank_memory_bytes + sizing.PROCESS_OVERHEAD_BYTES
    assert int(process["peak_rss_bytes"].max()) < budget
