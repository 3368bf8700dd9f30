"""The client's own ceiling: measured, shown beside results, and a stop if too low."""

import json
import re

import pytest

from mlps.evidence.reader import read
from tests.runner.plans import small_plan, store

pytestmark = [pytest.mark.mpi, pytest.mark.alone]


def summary_of(folder, kind):
    (path,) = folder.glob(f"results/*/runs/*-{kind}-*/summary.json")
    return json.loads(path.read_bytes())


def test_the_ceiling_stands_beside_every_result_also_after_a_resume(
    tmp_path, mlps_runner
):
    doc = small_plan(compute_s=0.1, epochs=1, calibration_s=1.0, au=0.01)
    plan = store(doc, tmp_path / "plan.yaml")
    done = mlps_runner(2, str(plan))
    assert done.returncode == 0, done.stderr
    found = summary_of(tmp_path, "datagen")["calibration"]
    possible = f"of a possible {found['ceiling_percent']:.2f} %"
    assert 0 < found["ceiling_percent"] < 100
    assert re.search(
        rf"01-measured epoch-1 .*utilization [\d.]+ % {possible}", done.stderr
    )
    assert re.search(rf"01-measured +utilization [\d.]+ % {possible}", done.stdout)
    (measured,) = tmp_path.glob("results/*/runs/01-*")
    for file in measured.iterdir():
        file.unlink()
    measured.rmdir()
    again = mlps_runner(2, str(plan))
    assert again.returncode == 0, again.stderr
    assert "calibration" not in again.stderr
    assert re.search(rf"01-measured epoch-1 .* {possible}", again.stderr)


def test_a_calibration_reads_no_file_and_records_its_steps(tmp_path, mlps_runner):
    doc = small_plan(epochs=1, calibration_s=0.2, au=0.01, cold_reads=False)
    plan = store(doc, tmp_path / "plan.yaml")
    assert mlps_runner(2, str(plan)).returncode == 0
    (path,) = tmp_path.glob("results/*/runs/00-*/evidence.h5")
    evidence = read(path)
    steps = evidence.rows("steps")
    count = doc.plan.derived.calibration_steps
    assert len(steps) == 2 * count
    assert set(steps["epoch"].tolist()) == {0}
    assert set(steps["phase"].tolist()) == {1}
    phases = evidence.rows("phases")
    closed = phases[phases["name"] == b"calibration"]
    assert closed["steps"].tolist() == [count, count]
    assert closed["delivered_bytes"].sum() == steps["delivered_bytes"].sum()
    assert (steps["delivered_bytes"] > 100_000).all()
    assert not len(evidence.tables["direct_io"])


def test_a_ceiling_below_the_target_stops_before_the_long_runs(tmp_path, mlps_runner):
    """A step of 20 microseconds of compute is all overhead."""
    doc = small_plan(compute_s=20e-6, files=200, calibration_s=0.01)
    plan = store(doc, tmp_path / "plan.yaml")
    done = mlps_runner(2, str(plan))
    assert done.returncode == 3, done.stderr
    (told,) = re.findall(
        r"00-datagen aborted: calibration: .* reaches ([\d.]+) % .* target is 90.00 %",
        done.stderr,
    )
    assert float(told) < 90
    (limit,) = re.findall(r"What limits: ([\w ]+) \(lost to \1 [\d.]+ %", done.stderr)
    assert limit in {"barrier", "step overhead", "oversleep of compute", "memory"}
    assert "What helps: " in done.stderr
    (path,) = tmp_path.glob("results/*/runs/*/evidence.h5")
    assert read(path).outcome == "aborted"
    again = mlps_runner(2, str(plan))
    assert again.returncode == 3
    assert len(list(tmp_path.glob("results/*/runs/00-*"))) == 2
    assert not list(tmp_path.glob("results/*/runs/01-*"))


def test_without_calibration_nothing_is_said_of_a_ceiling(tmp_path, mlps_runner):
    plan = store(small_plan(epochs=1, calibration_s=0.0), tmp_path / "plan.yaml")
    done = mlps_runner(2, str(plan))
    assert done.returncode == 0, done.stderr
    assert "possible" not in done.stderr + done.stdout
    assert summary_of(tmp_path, "datagen")["calibration"] is None
