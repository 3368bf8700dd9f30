"""Starts that must be refused, and runs that must stop cleanly and resume."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from mlps.evidence.reader import read
from tests.conftest import BIN, clean_environment
from tests.runner.plans import small_plan, store
from tests.runner.world import launch, ledger, wait_for_epoch

pytestmark = pytest.mark.mpi


def run_rank_1_under(*wrapper: str, plan: Path) -> subprocess.CompletedProcess[str]:
    """Run two ranks, the second one under a wrapper command."""
    runner = [str(BIN / "mlps-runner"), str(plan)]
    command = [str(BIN / "mpirun"), "-n", "1", *runner, ":"]
    return subprocess.run(
        [*command, "-n", "1", *wrapper, *runner],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )


@pytest.mark.parametrize("victim", [0, 1])
def test_kill_9_of_a_rank_ends_the_world_and_the_next_start_resumes(
    tmp_path, mlps_runner, victim
):
    slow = small_plan(compute_s=0.4, epochs=1)
    plan = store(slow, tmp_path / "plan.yaml")
    world = launch(plan)
    pids = wait_for_epoch(tmp_path)
    began = time.monotonic()
    os.kill(pids[victim], signal.SIGKILL)
    output, _ = world.communicate(timeout=20)
    assert time.monotonic() - began < 10
    assert world.returncode != 0
    assert re.search(rf"rank {victim} \(.*pid {pids[victim]}\) died", output), output
    (path,) = tmp_path.glob("results/*/runs/01-*/evidence.h5")
    evidence = read(path)
    assert evidence.chain_fault is None
    assert evidence.outcome == "aborted"
    assert evidence.rows("outcome")["blamed_rank"][0] == victim
    assert len(evidence.rows("process")) > 0
    assert not list(tmp_path.glob("results/*/runs/01-*/summary.json"))
    resumed = mlps_runner(2, str(plan))
    assert resumed.returncode == 0, resumed.stderr
    events = [(e["event"], e["run"]) for e in ledger(tmp_path)]
    assert events.count(("run_sealed", 0)) == 1
    assert events.count(("run_started", 1)) == 2
    assert ("run_aborted", 1) in events
    assert events[-1][0] == "end"


def test_an_interrupt_seals_the_evidence_and_exits_130(tmp_path):
    plan = store(small_plan(compute_s=0.4, epochs=1), tmp_path / "plan.yaml")
    world = launch(plan)
    pids = wait_for_epoch(tmp_path)
    os.kill(pids[0], signal.SIGINT)
    output, _ = world.communicate(timeout=20)
    assert world.returncode == 130, output
    (path,) = tmp_path.glob("results/*/runs/01-*/evidence.h5")
    assert read(path).text("outcome", "reason") == "interrupted by SIGINT"


def test_a_file_cut_short_during_the_run_is_named_with_its_rank(tmp_path):
    plan = store(small_plan(compute_s=0.3, epochs=2), tmp_path / "plan.yaml")
    world = launch(plan)
    wait_for_epoch(tmp_path)
    victim = sorted(tmp_path.glob("data/*/train/*"))[3]
    os.truncate(victim, 1000)
    output, _ = world.communicate(timeout=40)
    assert world.returncode == 4, output
    assert re.search(r"aborted: rank [01] \(host .*\): .*" + victim.name, output)
    (path,) = tmp_path.glob("results/*/runs/01-*/evidence.h5")
    evidence = read(path)
    assert evidence.outcome == "aborted"
    assert victim.name in evidence.text("outcome", "reason")
    again = launch(plan)
    output, _ = again.communicate(timeout=40)
    assert again.returncode == 3, output
    assert f"{victim.name}: size" in output
    assert "generated anew" in output


def test_a_passed_deadline_names_phase_and_rank(tmp_path, mlps_runner):
    doc = small_plan(compute_s=0.5, epochs=1, epoch_deadline_s=1.0)
    plan = store(doc, tmp_path / "plan.yaml")
    done = mlps_runner(2, str(plan))
    assert done.returncode == 4
    assert re.search(
        r"phase 'epoch-1' passed its deadline; farthest behind is rank [01]",
        done.stderr,
    )


@pytest.mark.parametrize("ranks", [1, 3])
def test_a_wrong_rank_count_is_refused_before_the_first_byte(
    tmp_path, mlps_runner, ranks
):
    plan = store(small_plan(), tmp_path / "plan.yaml")
    done = mlps_runner(ranks, str(plan))
    assert done.returncode == 3
    assert f"is for 2 ranks, the world has {ranks}" in done.stderr
    assert "mpirun -n 2" in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["plan.yaml"]


def test_an_edited_plan_is_refused(tmp_path, mlps_runner):
    plan = store(small_plan(), tmp_path / "plan.yaml")
    plan.write_bytes(plan.read_bytes().replace(b"batch_size: 1", b"batch_size: 2"))
    done = mlps_runner(2, str(plan))
    assert done.returncode == 2
    assert "changed after it was compiled" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_a_plan_that_is_none_is_refused(tmp_path, mlps_runner):
    (tmp_path / "plan.yaml").write_text("hello: [world\n")
    done = mlps_runner(2, "plan.yaml")
    assert done.returncode == 2
    assert done.stderr.startswith("mlps-runner: plan.yaml: not readable as YAML")


def test_results_on_the_storage_under_test_are_refused(tmp_path, mlps_runner):
    doc = small_plan(results_on_data_path=False)
    plan = store(doc, tmp_path / "plan.yaml")
    done = mlps_runner(2, str(plan))
    assert done.returncode == 3
    assert "1 of 2 ranks said READY, nothing was read" in done.stderr
    assert "results lie on the file system under test" in done.stderr
    assert not list(tmp_path.glob("data/*"))


def test_a_data_path_one_rank_cannot_write_is_named_with_that_rank(tmp_path):
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare to give one rank another view")
    plan = store(small_plan(), tmp_path / "plan.yaml")
    data = tmp_path / "data"
    data.mkdir()
    blind = (
        f"mount --bind {data} {data} && mount -o remount,ro,bind {data} && exec $0 $@"
    )
    done = run_rank_1_under("unshare", "-m", "sh", "-c", blind, plan=plan)
    assert done.returncode == 3, done.stderr
    assert re.search(r"rank 1 +\S*/data: not writable: Read-only", done.stderr)
    assert "fix: make it writable" in done.stderr
    assert "rank 0" not in done.stderr
    assert not list(data.iterdir())


def test_results_that_cannot_be_written_are_refused(tmp_path, mlps_runner):
    plan = store(small_plan(), tmp_path / "plan.yaml")
    (tmp_path / "file").write_text("in the way")
    done = mlps_runner(2, str(plan), "--results", "file/results")
    assert done.returncode == 3
    assert "not writable" in done.stderr
    assert not list(tmp_path.glob("data/*"))


def test_two_drivers_cannot_share_a_campaign(tmp_path, mlps_runner):
    plan = store(small_plan(compute_s=1.0, epochs=1), tmp_path / "plan.yaml")
    world = launch(plan)
    wait_for_epoch(tmp_path)
    second = mlps_runner(2, str(plan))
    assert second.returncode == 3
    assert "another mlps-runner is executing this campaign" in second.stderr
    output, _ = world.communicate(timeout=40)
    assert world.returncode == 0, output


def test_a_full_results_file_system_ends_the_run_with_one_clear_error(
    tmp_path, mlps_runner
):
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small file system")
    plan = store(small_plan(epochs=3, files=24), tmp_path / "plan.yaml")
    results = tmp_path / "small"
    results.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1200k", "tmpfs", results], check=True
    )
    try:
        done = mlps_runner(2, str(plan), "--results", str(results))
        kept = list(results.glob("*/runs/00-*/evidence.h5"))
        assert read(kept[0]).outcome == "complete"
    finally:
        subprocess.run(["umount", "-l", results], check=True)
    assert done.returncode == 4, done.stderr
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_rank_that_is_alone_with_its_error_ends_the_world(tmp_path):
    """One rank's scribe connection fails: nobody waits for it for ever."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare to cut one rank off")
    plan = store(small_plan(), tmp_path / "plan.yaml")
    done = run_rank_1_under("unshare", "-n", plan=plan)
    assert done.returncode == 3, done.stderr
    assert (
        "rank 1: no connection to the process that writes the evidence" in done.stderr
    )


def test_wrong_usage_is_told_once(tmp_path, mlps_runner):
    done = mlps_runner(2)
    assert done.returncode == 2
    assert done.stderr.count("Missing argument 'PLAN'") == 1
