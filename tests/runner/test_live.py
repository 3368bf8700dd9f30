"""What rank 0 shows: lines in a log, a block on a terminal behind a launcher."""

import os
import pty
import subprocess

import pytest

from tests.conftest import BIN, clean_environment
from tests.runner.plans import small_plan, store


@pytest.mark.mpi
def test_a_terminal_behind_the_launcher_gets_a_block_and_keeps_the_final_lines(
    tmp_path,
):
    doc = small_plan(epochs=1, compute_s=0.4, interval_s=0.0)
    plan = store(doc, tmp_path / "plan.yaml")
    ours, theirs = pty.openpty()
    world = subprocess.Popen(
        [str(BIN / "mpirun"), "-n", "2", str(BIN / "mlps-runner"), str(plan)],
        env=clean_environment() | {"TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(ours)
    assert world.wait(timeout=30) == 0
    assert b"\x1b[2K" in shown
    assert "━".encode() in shown
    last = [x for x in shown.decode().split("\r\n") if "epoch-1" in x][-1]
    assert "12/12 steps" in last
    assert "p50/p95/p99" in last


@pytest.mark.mpi
def test_a_log_gets_plain_lines_and_only_rank_0_talks(tmp_path, mlps_runner):
    plan = store(small_plan(epochs=1), tmp_path / "plan.yaml")
    done = mlps_runner(2, str(plan))
    assert "\x1b" not in done.stderr
    (log,) = tmp_path.glob("results/*/runs/01-*/runner.log")
    for line in log.read_text().splitlines():
        assert done.stderr.count(line) == 1
