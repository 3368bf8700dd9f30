"""What cannot be written at the end of a run: named, not sealed, not presented."""

import re

import pytest

from tests.runner.plans import small_plan, store
from tests.runner.world import (
    end_of,
    evidence_of,
    launch,
    ledger,
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
