"""A launcher that does not end when its world has is ended."""

import os
import signal
import time

import pytest

from tests.runner.plans import small_plan, store
from tests.runner.world import end_of, evidence_of, is_there, launch, wait_for_epoch

pytestmark = pytest.mark.mpi


@pytest.mark.parametrize("end", ["interrupt", "kill"])
def test_a_launcher_that_hangs_is_ended_and_leaves_nothing(tmp_path, end):
    plan = store(small_plan(compute_s=0.4, epochs=3), tmp_path / "plan.yaml")
    world = launch(plan)
    pids = wait_for_epoch(tmp_path)
    world.send_signal(signal.SIGSTOP)
    os.kill(pids[0], signal.SIGINT if end == "interrupt" else signal.SIGKILL)
    end_of(world, timeout_s=60)
    assert world.returncode == -signal.SIGKILL
    assert evidence_of(tmp_path).outcome == "aborted"
    deadline = time.monotonic() + 20
    while [p for p in pids.values() if is_there(p)] and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not [p for p in pids.values() if is_there(p)]
