"""Signals to any rank end the run in order; a closed screen ends nothing."""

import os
import signal
import subprocess
import time

import pytest

from tests.conftest import BIN, clean_environment
from tests.runner.plans import small_plan, store
from tests.runner.world import (
    end_of,
    evidence_of,
    is_there,
    launch,
    ledger,
    rank_pids,
    wait_for_epoch,
)

pytestmark = pytest.mark.mpi


def started(folder, **knobs):
    doc = small_plan(compute_s=0.4, epochs=3, **knobs)
    world = launch(store(doc, folder / "plan.yaml"))
    return world, wait_for_epoch(folder)


def check_interrupted(folder, world, output, reason):
    assert world.returncode == 130, output
    evidence = evidence_of(folder)
    assert evidence.outcome == "aborted"
    assert evidence.chain_fault is None
    assert reason in evidence.text("outcome", "reason")
    assert output.count("aborted: interrupted") == 1
    assert ("run_aborted", 1) in [(e["event"], e["run"]) for e in ledger(folder)]
    assert "Traceback" not in output


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU]
)
def test_a_signal_to_all_ranks_is_an_orderly_end(tmp_path, number):
    world, pids = started(tmp_path)
    for pid in pids.values():
        os.kill(pid, number)
    output = end_of(world)
    check_interrupted(tmp_path, world, output, f"interrupted by {number.name}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_rank_1_alone_is_told_to_rank_0(tmp_path, number):
    world, pids = started(tmp_path)
    os.kill(pids[1], number)
    output = end_of(world)
    reason = f"interrupted by {number.name} to rank 1 (host "
    check_interrupted(tmp_path, world, output, reason)


def test_an_interrupt_of_the_launcher_ends_the_world(tmp_path):
    world, pids = started(tmp_path)
    world.send_signal(signal.SIGINT)
    output = end_of(world)
    assert world.returncode != 0
    evidence = evidence_of(tmp_path)
    assert evidence.outcome == "aborted", output
    assert not [pid for pid in pids.values() if is_there(pid)]


def test_an_interrupt_before_the_first_run_ends_the_start(tmp_path):
    """A pipe in place of the plan holds rank 0, as a file system that hangs would."""
    plan = tmp_path / "plan.yaml"
    os.mkfifo(plan)
    world = launch(plan)
    deadline = time.monotonic() + 30
    while len(pids := rank_pids(tmp_path)) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(3)
    os.kill(pids[1], signal.SIGUSR1)
    output = end_of(world)
    assert world.returncode == 130, output
    assert "interrupted by SIGUSR1 to rank 1 (host " in output
    assert "Traceback" not in output


def test_a_launcher_whose_screen_is_gone_leaves_a_campaign_that_resumes(
    tmp_path, mlps_runner
):
    """MPICH's launcher ends when it cannot write: that must not harm the campaign."""
    plan = store(small_plan(compute_s=0.2, epochs=1), tmp_path / "plan.yaml")
    reading, writing = os.pipe()
    world = launch(plan, stdout=writing, stderr=writing)
    os.close(writing)
    os.close(reading)
    world.communicate(timeout=60)
    again = mlps_runner(2, str(plan))
    assert again.returncode == 0, again.stderr
    assert ledger(tmp_path)[-1]["event"] == "end"


def test_rank_0_whose_own_stderr_is_closed_finishes(tmp_path):
    doc = small_plan(compute_s=0.2, epochs=1, ranks=1)
    plan = store(doc, tmp_path / "plan.yaml")
    script = f"exec 3>&1; ({plan.parent}/run 2>&1 >&3 3>&-) | true"
    run = tmp_path / "run"
    run.write_text(f"#!/bin/sh\nexec {BIN}/mlps-runner {plan}\n")
    run.chmod(0o755)
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {script}"],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "judge them: mlps verify" in done.stdout
