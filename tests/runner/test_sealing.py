"""What cannot be written at the end of a run: named, not sealed, not presented."""

import os
import re
import signal
import time

import pytest

from tests.runner.plans import small_plan, store
from tests.runner.world import (
    end_of,
    evidence_of,
    launch,
    ledger,
    rank_pids,
    wait_for_epoch,
)

pytestmark = pytest.mark.mpi


def test_checksums_that_cannot_be_written_leave_the_run_unsealed(tmp_path, mlps_runner):
    plan = store(small_plan(compute_s=0.4, epochs=2), tmp_path / "plan.yaml")
    world = launch(plan)
    wait_for_epoch(tmp_path)
    (sums,) = tmp_path.glob("results/*/SHA256SUMS")
    sums.unlink()
    sums.mkdir()
    output = end_of(world)
    assert world.returncode == 4, output
    told = r"aborted: rank 0 \(host \S+\): \S*SHA256SUMS: .*Is a directory \(errno 21\)"
    assert re.search(told, output), output
    assert "Traceback" not in output
    assert not list(tmp_path.glob("results/*/runs/01-*/*summary.json"))
    events = [(e["event"], e["run"]) for e in ledger(tmp_path)]
    assert events[-1] == ("run_aborted", 1)
    sums.rmdir()
    again = mlps_runner(2, str(plan))
    assert again.returncode == 0, again.stderr


def test_evidence_that_cannot_be_written_is_named_with_path_and_errno(tmp_path):
    plan = store(small_plan(compute_s=0.4, epochs=3), tmp_path / "plan.yaml")
    world = launch(plan)
    wait_for_epoch(tmp_path)
    (evidence,) = tmp_path.glob("results/*/runs/01-*/evidence.h5")
    (evidence.parent / ".evidence.h5.part").mkdir()
    output = end_of(world)
    assert world.returncode == 4, output
    told = (
        r"aborted: rank 0 \(host \S+\): \S+evidence.h5\S*: Is a directory \(errno 21\)"
    )
    assert re.search(told, output), output
    assert evidence_of(tmp_path).chain_fault is None
    assert ledger(tmp_path)[-1]["event"] == "run_aborted"


def test_a_rank_that_does_not_arrive_is_named_before_the_handshake(tmp_path):
    """The plan comes through a pipe: rank 1 is stopped before it can get it."""
    plan, held = tmp_path / "plan.yaml", tmp_path / "held.yaml"
    store(small_plan(epochs=1), held)
    os.mkfifo(plan)
    world = launch(plan)
    deadline = time.monotonic() + 60
    while len(pids := rank_pids(tmp_path)) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(4)
    os.kill(pids[1], signal.SIGSTOP)
    plan.write_bytes(held.read_bytes())
    time.sleep(35)
    os.kill(pids[1], signal.SIGCONT)
    output = end_of(world)
    assert world.returncode == 0, output
    told = rf"waiting for rank 1 \(host \S+, pid {pids[1]}\): .* for 3\d s, not heard"
    assert re.search(told, output), output
