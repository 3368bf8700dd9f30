"""Ranks that hang before the first run: named, not waited for in silence."""

import os
import re
import signal
import time

import pytest

from tests.runner.plans import small_plan, store
from tests.runner.world import end_of, launch, rank_pids

pytestmark = pytest.mark.mpi


@pytest.mark.parametrize(
    ("victim", "told"),
    [
        (1, r"waiting for rank 1 \(host \S+, pid PID\): .* for 3\d s, not heard"),
        (0, r"rank 1 waits for rank 0 for 30 s"),
    ],
)
def test_a_rank_that_does_not_arrive_is_named_before_the_handshake(
    tmp_path, victim, told
):
    """The plan comes through a pipe: a rank is stopped before it can get it."""
    plan, held = tmp_path / "plan.yaml", tmp_path / "held.yaml"
    store(small_plan(epochs=1), held)
    os.mkfifo(plan)
    world = launch(plan)
    deadline = time.monotonic() + 60
    while len(pids := rank_pids(tmp_path)) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(4)
    os.kill(pids[victim], signal.SIGSTOP)
    with plan.open("wb") as pipe:
        pipe.write(held.read_bytes())
    time.sleep(36)
    os.kill(pids[victim], signal.SIGCONT)
    output = end_of(world)
    assert world.returncode == 0, output
    assert re.search(told.replace("PID", str(pids[victim])), output), output
