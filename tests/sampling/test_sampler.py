"""The sampler: its schedule, its limits, its honesty about itself."""

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from mlps.errors import NotReadyError, PlanError, RunFailedError
from mlps.evidence import BY_NAME
from runner.record.sampler import Sampler, following

HOST_TABLES = {"cpu", "memory", "vmstat"}


def sampler(**options) -> Sampler:
    given = {"rank": 3, "node": 1, "host_files": False, "interval_s": 0.02}
    return Sampler(**(given | options))


def sampled(for_s: float, **options):
    one = sampler(**options)
    one.start()
    time.sleep(for_s)
    one.stop()
    return one.take(), one.tally


@pytest.fixture
def proc(recorded: Path, tmp_path: Path) -> Path:
    """A writable copy of a recorded kernel."""
    for path in (recorded / "linux-6.8").rglob("*"):
        if path.is_file():
            copy = tmp_path / path.relative_to(recorded / "linux-6.8")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    return tmp_path


def test_rank_and_host_on_the_live_machine():
    tables, tally = sampled(0.5, host_files=True)
    assert set(tables) >= {"process"} | HOST_TABLES
    for name, rows in tables.items():
        assert rows.dtype == BY_NAME[name].dtype
    rows = tables["process"]
    # First, last, and one per 20 ms; what a busy machine passed over is counted.
    span_ns = rows["sampled_at_ns"][-1] - rows["sampled_at_ns"][0]
    assert len(rows) + tally.missed == pytest.approx(2 + span_ns / 20e6, abs=1.5)
    assert tally.samples >= 3
    assert len(rows) == tally.samples == len(tables["cpu"])
    assert set(rows["rank"]) == {3}
    assert set(tables["cpu"]["node"]) == {1}
    assert tally.dropped == 0


def test_counters_never_fall():
    tables, _ = sampled(0.2, host_files=True)
    for name in ("process", "vmstat"):
        rows = tables[name]
        assert (np.diff(rows["sampled_at_ns"]) > 0).all()
        for column in BY_NAME[name].columns:
            if column.kind == "counter":
                values = rows[column.name].tolist()
                assert values == sorted(values), column.name


def test_lateness_and_own_cost_are_recorded():
    tables, tally = sampled(0.2)
    rows = tables["process"]
    assert (rows["late_ns"] > -1_000_000).all()
    assert rows["late_ns"].any()
    assert (np.diff(rows["sampler_cpu_ns"].astype("i8")) > 0).all()
    assert tally.sampler_cpu_ns == rows["sampler_cpu_ns"][-1]
    assert tally.parse_cpu_ns > 0


def test_schedule_does_not_drift():
    tables, _ = sampled(0.4)
    rows = tables["process"][:-1]
    due_ns = rows["sampled_at_ns"] - rows["late_ns"]
    steps = np.diff(due_ns) / 20_000_000
    assert (steps == steps.round()).all()
    assert (steps >= 1).all()


def test_first_sample_is_there_when_start_returns_and_last_after_stop():
    one = sampler(interval_s=60)
    before_ns = time.monotonic_ns()
    one.start()
    after_ns = time.monotonic_ns()
    first = one.take()["process"]
    assert len(first) == 1
    assert before_ns <= first["sampled_at_ns"][0] <= after_ns
    assert one.take() == {}
    stop_ns = time.monotonic_ns()
    one.stop()
    last = one.take()["process"]
    assert len(last) == 1
    assert last["sampled_at_ns"][0] >= stop_ns


def test_take_gives_each_sample_once():
    one = sampler()
    one.start()
    taken = []
    for _ in range(5):
        time.sleep(0.03)
        taken += [one.take()]
    one.stop()
    taken += [one.take()]
    rows = np.concatenate([tables["process"] for tables in taken if tables])
    assert len(rows) == one.tally.samples
    assert len(set(rows["sampled_at_ns"].tolist())) == len(rows)


def test_mark_asks_for_a_sample_now():
    one = sampler(interval_s=60)
    one.start()
    marked_ns = time.monotonic_ns()
    one.mark()
    one.stop()
    rows = one.take()["process"]
    assert len(rows) == 3
    assert marked_ns <= rows["sampled_at_ns"][1] <= rows["sampled_at_ns"][2]


@pytest.mark.parametrize(("cap", "taken"), [(1, 1), (2, 2), (5, 5)])
def test_cap_keeps_a_place_for_the_last_sample(cap, taken):
    one = sampler(interval_s=0.005, max_samples=cap)
    one.start()
    time.sleep(0.1)
    stop_ns = time.monotonic_ns()
    one.stop()
    rows = one.take()["process"]
    assert len(rows) == taken
    assert (rows["sampled_at_ns"][-1] >= stop_ns) == (cap > 1)
    assert one.tally.dropped == 0


def test_off():
    one = sampler(interval_s=0, host_files=True)
    threads = threading.active_count()
    one.start()
    one.mark()
    assert threading.active_count() == threads
    one.stop()
    assert one.take() == {}
    assert one.tally.samples == 0


def test_not_drained_drops_are_counted_and_the_last_sample_kept():
    one = sampler(interval_s=0.005, pending_limit_bytes=8000)
    one.start()
    time.sleep(0.2)
    stop_ns = time.monotonic_ns()
    one.stop()
    rows = one.take()["process"]
    assert one.tally.dropped > 0
    assert len(rows) + one.tally.dropped == one.tally.samples
    assert rows["sampled_at_ns"][-1] >= stop_ns


def test_files_are_closed_and_the_thread_is_gone():
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    sampled(0.05, host_files=True)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    assert "sampler" not in {thread.name for thread in threading.enumerate()}


def test_kernel_without_pressure_is_named(proc):
    for path in (proc / "pressure").iterdir():
        path.unlink()
    tables, tally = sampled(0.01, host_files=True, proc=proc)
    assert "pressure" not in tables
    assert "/proc/pressure/io" in tally.absent_files
    assert "/proc/self/io" not in tally.absent_files


def test_a_file_longer_than_one_read_is_read_to_its_end(proc):
    tables, _ = sampled(0.01, host_files=True, proc=proc)
    assert (proc / "vmstat").stat().st_size > 16384
    assert tables["vmstat"]["oom_kill"][0] == 15


def test_a_needed_file_that_is_missing_is_refused(proc):
    (proc / "meminfo").unlink()
    with pytest.raises(NotReadyError, match=r"meminfo: can't be sampled"):
        sampler(proc=proc, host_files=True).start()


def test_bytes_that_do_not_parse_are_refused_at_the_start(proc):
    (proc / "diskstats").write_text("8 0 sda what is this\n")
    one = sampler(proc=proc, host_files=True)
    with pytest.raises(NotReadyError, match=r"first sample: /proc/diskstats"):
        one.start()
    assert "sampler" not in {thread.name for thread in threading.enumerate()}


def test_bytes_that_do_not_parse_later_fail_the_run(proc):
    one = sampler(proc=proc)
    one.start()
    (proc / "self" / "status").write_text("Threads: many\n")
    one.stop()
    with pytest.raises(RunFailedError, match=r"/proc/self/status"):
        one.take()


def test_a_sampler_that_died_says_so_once(proc):
    one = sampler(proc=proc)
    target = os.path.realpath(proc / "self" / "status")
    one.start()
    descriptors = (Path("/proc/self/fd") / fd for fd in os.listdir("/proc/self/fd"))  # noqa: PTH208
    (status,) = (fd for fd in descriptors if os.path.realpath(fd) == target)
    folder = os.open(proc, os.O_RDONLY)
    os.dup2(folder, int(status.name))
    os.close(folder)
    one.stop()
    with pytest.raises(RunFailedError, match=r"ended early: .*directory"):
        one.take()
    assert len(one.take()["process"]) >= 1


@pytest.mark.parametrize("options", [{"interval_s": -1}, {"max_samples": -1}])
def test_a_senseless_schedule_is_refused(options):
    with pytest.raises(PlanError, match="sampling every"):
        sampler(**options)


@pytest.mark.parametrize(
    ("now", "due", "missed"),
    [(100, 110, 0), (109, 110, 0), (110, 120, 1), (135, 140, 3), (90, 110, 0)],
)
def test_following(now, due, missed):
    assert following(100, now, 10) == (due, missed)
