"""Ranks that hang before the first run: named, not waited for in silence."""

import os
import re
import signal
import time

import pytest

from tests.runner.plans import small_plan, store
from tests.runner.world import end_of, launch, rank_pids

pytestmark = pytest.mark.mpi


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
    with plan.open("wb") as pipe:
        pipe.write(held.read_bytes())
    time.sleep(36)
    os.kill(pids[1], signal.SIGCONT)
    output = end_of(world)
    assert world.returncode == 0, output
    told = rf"waiting for rank 1 \(host \S+, pid {pids[1]}\): .* for 3\d s, not heard"
    assert re.search(told, output), output
