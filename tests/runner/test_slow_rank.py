"""A rank that is slowed on purpose: named live and after, with the right cause."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mlps.evidence.reader import read
from tests.conftest import BIN, clean_environment
from tests.runner.plans import small_plan, store

pytestmark = [pytest.mark.mpi, pytest.mark.alone]

SHIM = Path(__file__).parents[1] / "faults" / "shim.c"


def run_two(plan, *wrapper_of_rank_1):
    runner = [str(BIN / "mlps-runner"), str(plan)]
    command = [str(BIN / "mpirun"), "-n", "1", *runner, ":"]
    command += ["-n", "1", *wrapper_of_rank_1, *runner]
    done = subprocess.run(
        command,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (log,) = plan.parent.glob("results/*/runs/01-*/runner.log")
    (summary,) = plan.parent.glob("results/*/runs/01-*/summary.json")
    return log.read_text(), json.loads(summary.read_bytes())["training"]


def slow_reads(folder, milliseconds):
    """A wrapper under which each read of a dataset file takes so much longer."""
    if shutil.which("cc") is None:
        pytest.skip("no C compiler (cc) for the shim")
    library = folder / "shim.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O2", "-o", library, SHIM, "-ldl"], check=True
    )
    (folder / "rules").write_text(f"read /train/ sleep {milliseconds}\n")
    (folder / "armed").touch()
    return ["env", f"LD_PRELOAD={library}", f"MLPS_SHIM={folder}"]


def test_a_rank_slowed_by_100_ms_per_read_is_named_with_storage(tmp_path):
    doc = small_plan(files=240, record_bytes=50_000.0, epochs=1)
    plan = store(doc, tmp_path / "plan.yaml")
    log, training = run_two(plan, *slow_reads(tmp_path, 100))
    lines = [line for line in log.splitlines() if "epoch-1" in line]
    assert len(lines) >= 2, "the epoch is too short for a line while it runs"
    for line in lines:
        share = re.search(
            r"slowest rank 1: waits for storage (\d+) % of its time", line
        )
        assert share is not None, line
        assert int(share[1]) > 50
    first = training["waited_for"][0]
    assert first["rank"] == 1
    assert first["steps"] > 50  # its two threads deliver two files at a time
    assert first["caused_s"] > 3
    slow, fast = (
        training["attribution_of_ranks"][1],
        training["attribution_of_ranks"][0],
    )
    causes = {k: v for k, v in slow["percent"].items() if k != "compute"}
    assert max(causes, key=causes.get) == "storage"
    assert causes["storage"] > 50
    assert fast["percent"]["barrier"] > 50
    assert fast["percent"]["storage"] < 20


def test_a_slow_rank_that_others_wait_for_is_in_the_stall_report(tmp_path):
    """Each file takes its 61 reads six seconds, and nothing ends the run for it."""
    doc = small_plan(files=4, record_bytes=4e6, epochs=1, stall_report_s=3.0)
    plan = store(doc, tmp_path / "plan.yaml")
    log, _ = run_two(plan, *slow_reads(tmp_path, 100))
    report = (
        r"stalled: rank 1 \(host .+\), pid \d+: others wait in the barrier for \d+ s"
    )
    told = re.search(rf"{report}: phase epoch-1, waiting for data, .*/train/", log)
    assert told is not None, log
    assert "in _read_whole" in log[told.end() :]
    (path,) = tmp_path.glob("results/*/runs/01-*/evidence.h5")
    (row,) = read(path).rows("stalls")
    assert row["rank"] == 1
    assert row["stalled_ns"] > 3e9


@pytest.fixture
def memory_path():
    """A folder whose files need no storage."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shutil.disk_usage(shared).free < 2**30:
        pytest.skip("no gigabyte in /dev/shm")
    with TemporaryDirectory(dir=shared) as folder:
        yield Path(folder)


def test_waiting_of_a_rank_without_cpu_is_that_and_not_storage(memory_path):
    """Rank 1 and three burners share one CPU; what it reads is in memory."""
    if shutil.which("taskset") is None:
        pytest.skip("no taskset to give rank 1 one CPU")
    cpu = str(max(os.sched_getaffinity(0)))
    burn = ["taskset", "-c", cpu, sys.executable, "-c", "while True: pass"]
    doc = small_plan(
        files=24,
        record_bytes=24_000_000.0,
        compute_s=0.001,
        epochs=1,
        prefetch_batches=0,
        cold_reads=False,
    )
    plan = store(doc, memory_path / "plan.yaml")
    burners = [subprocess.Popen(burn) for _ in range(3)]
    try:
        _, training = run_two(plan, "taskset", "-c", cpu)
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()
    own = training["attribution_of_ranks"][1]["percent"]
    assert own["starved"] > own["storage"], own
    assert own["starved"] > own["client"], own
