"""A rank that is stopped, silent or stuck in storage: told of, then ended."""

import os
import re
import signal
import time
from pathlib import Path

import pytest

from runner.watch.inspection import brief, counted, state_of
from runner.watch.stall import Stalls, Why
from runner.world.position import Doing, Position
from tests.runner.plans import small_plan, store
from tests.runner.world import (
    end_of,
    evidence_of,
    is_there,
    launch,
    ledger,
    scribe_of,
    wait_for_epoch,
)

S = 10**9


def at(doing: Doing = Doing.COMPUTING, progress: int = 0) -> Position:
    return Position("epoch-1", doing, 3, "a-file", progress)


def stalls_of(leaders: list[int]) -> Stalls:
    return Stalls(leaders, report_s=10, limit_s=30, now_ns=0)


def found(stalls: Stalls, now_s: float) -> list[tuple[int, Why]]:
    return [(s.rank, s.why) for s in stalls.due(int(now_s * S))]


def test_a_silent_rank_is_found_once_and_again_after_it_recovered():
    stalls = stalls_of([0, 0])
    stalls.hear(0, at(), 9 * S)
    assert found(stalls, 10.5) == [(1, Why.SILENT)]
    assert found(stalls, 11) == []
    assert stalls.hear(1, at(), 12 * S)
    assert found(stalls, 13) == []
    stalls.hear(0, at(), 22 * S)
    assert found(stalls, 23) == [(1, Why.SILENT)]


def test_a_rank_that_waits_for_storage_and_gets_nothing_is_found():
    stalls = stalls_of([0])
    for second in range(12):
        stalls.hear(0, at(Doing.WAITING_FOR_DATA, 7), second * S)
    assert found(stalls, 11.5) == [(0, Why.STUCK)]


@pytest.mark.parametrize(
    "doing",
    [Doing.COMPUTING, Doing.IN_BARRIER, Doing.WAITING_FOR_RANK_0, Doing.FLUSHING],
)
def test_a_rank_that_waits_for_others_is_not_to_blame(doing):
    stalls = stalls_of([0])
    for second in range(40):
        stalls.hear(0, at(doing, 7), second * S)
        assert found(stalls, second) == []


def test_slow_storage_is_no_stall_as_long_as_calls_complete():
    stalls = stalls_of([0])
    for second in range(40):
        stalls.hear(0, at(Doing.WAITING_FOR_DATA, second), second * S)
        assert found(stalls, second) == []


def test_a_slow_rank_is_told_of_once_in_a_phase_when_others_wait_for_it():
    stalls = stalls_of([0, 0, 0])
    for second in range(40):
        stalls.hear(0, at(Doing.IN_BARRIER), second * S)
        stalls.hear(1, at(Doing.WAITING_FOR_DATA, second), second * S)
        stalls.hear(
            2, at(Doing.IN_BARRIER if second > 3 else Doing.COMPUTING), second * S
        )
        assert found(stalls, second) == ([(1, Why.AWAITED)] if second == 11 else [])
        assert stalls.over(second * S) is None


def test_ranks_that_pass_their_barriers_are_not_held_up():
    stalls = stalls_of([0, 0])
    for second in range(40):
        step = Position("epoch-1", Doing.IN_BARRIER, second // 8, "a-file", 0)
        stalls.hear(0, step, second * S)
        stalls.hear(1, at(Doing.WAITING_FOR_DATA, second), second * S)
        assert found(stalls, second) == []


def test_ranks_behind_a_silent_leader_are_not_suspected():
    stalls = stalls_of([0, 0, 2, 2])
    for rank, second in ((0, 12), (1, 12), (2, 2), (3, 1)):
        stalls.hear(rank, at(), second * S)
    assert found(stalls, 11.5) == []
    assert found(stalls, 12.5) == [(2, Why.SILENT)]


def test_a_rank_behind_a_leader_that_is_heard_is_suspected():
    stalls = stalls_of([0, 0, 2, 2])
    for rank, second in ((0, 12), (1, 12), (2, 12), (3, 1)):
        stalls.hear(rank, at(), second * S)
    assert found(stalls, 12.5) == [(3, Why.SILENT)]


def test_the_longest_stall_is_over_the_limit_first():
    stalls = stalls_of([0, 0, 0])
    stalls.hear(1, at(), 5 * S)
    stalls.hear(2, at(), 4 * S)
    for second in range(6, 40):
        stalls.hear(0, at(), second * S)
        stalls.due(second * S)
        over = stalls.over(second * S)
        assert (over is None) == (second <= 34)
    assert over is not None
    assert over.rank == 2


def test_a_stat_line_gives_its_state_also_with_odd_names():
    assert state_of(b"12 (a) R b) T 1 2 3") == "T stopped"
    assert state_of(b"12 (python) D 1 2 3") == "D in the kernel"


def test_the_odd_thread_is_named_first():
    assert counted(["futex", "fifo_open", "futex"]) == "fifo_open, futex x2"


def test_threads_at_work_are_shown_before_those_that_wait():
    stack = (
        'Thread 0x1 (most recent call first):\n  File "/threading.py", line 1 in wait'
        '\n\nThread 0x2 (most recent call first):\n  File "/reading.py", line 5 in f'
    )
    assert brief(stack)[1] == 'File "/reading.py", line 5 in f'
    assert len(brief(stack)) == 2


@pytest.mark.mpi
def test_a_stopped_rank_is_reported_with_its_state_and_ends_the_run(tmp_path):
    doc = small_plan(compute_s=0.4, epochs=3, stall_report_s=3, stall_limit_s=7)
    world = launch(store(doc, tmp_path / "plan.yaml"))
    pids = wait_for_epoch(tmp_path)
    os.kill(pids[1], signal.SIGSTOP)
    output = end_of(world)
    assert world.returncode == 4, output
    report = rf"stalled: rank 1 \(host \S+\), pid {pids[1]}: no word for \d s"
    assert len(re.findall(report, output)) == 1, output
    assert "process T stopped" in output
    assert re.search(r"aborted: rank 1 .*no word for 7 s: phase epoch-", output)
    evidence = evidence_of(tmp_path)
    assert evidence.outcome == "aborted"
    assert evidence.rows("outcome")["blamed_rank"][0] == 1
    (row,) = evidence.rows("stalls")
    assert (row["rank"], row["pid"]) == (1, pids[1])
    assert row["process_state"] == b"T stopped"
    assert row["wait_channel"]
    assert row["phase"].startswith(b"epoch-")
    assert ("run_aborted", 1) in [(e["event"], e["run"]) for e in ledger(tmp_path)]


@pytest.mark.mpi
def test_a_rank_that_goes_on_is_told_of_and_does_not_end_the_run(tmp_path):
    doc = small_plan(compute_s=0.4, epochs=3, stall_report_s=3, stall_limit_s=60)
    world = launch(store(doc, tmp_path / "plan.yaml"))
    pids = wait_for_epoch(tmp_path)
    os.kill(pids[1], signal.SIGSTOP)
    time.sleep(6)
    os.kill(pids[1], signal.SIGCONT)
    output = end_of(world)
    assert world.returncode == 0, output
    assert re.search(r"rank 1 \(host \S+\) goes on", output), output
    assert len(evidence_of(tmp_path).rows("stalls")) == 1


@pytest.mark.mpi
def test_a_stopped_rank_0_is_reported_and_ended_by_the_scribe(tmp_path, mlps_runner):
    doc = small_plan(compute_s=0.4, epochs=3, stall_report_s=3, stall_limit_s=7)
    plan = store(doc, tmp_path / "plan.yaml")
    world = launch(plan)
    pids = wait_for_epoch(tmp_path)
    os.kill(pids[0], signal.SIGSTOP)
    output = end_of(world)
    assert world.returncode not in (0, None), output
    assert re.search(rf"stalled: rank 0 .*pid {pids[0]}: no word for \d s", output)
    assert "process T stopped" in output
    evidence = evidence_of(tmp_path)
    assert evidence.outcome == "aborted"
    assert evidence.rows("outcome")["blamed_rank"][0] == 0
    assert "no word for 7 s" in evidence.text("outcome", "reason")
    again = mlps_runner(2, str(plan))
    assert again.returncode == 0, again.stderr
    events = [(e["event"], e["run"]) for e in ledger(tmp_path)]
    assert events.count(("run_aborted", 1)) == 1
    assert ("run_sealed", 1) in events


@pytest.mark.mpi
def test_a_reader_that_hangs_is_reported_with_file_and_stack(tmp_path):
    doc = small_plan(
        compute_s=0.5, epochs=3, cold_reads=False, stall_report_s=3, stall_limit_s=7
    )
    world = launch(store(doc, tmp_path / "plan.yaml"))
    wait_for_epoch(tmp_path)
    victim = sorted(tmp_path.glob("data/*/train/*"))[3]
    victim.unlink()
    os.mkfifo(victim)
    output = end_of(world)
    assert world.returncode == 4, output
    stalled = r"stalled: rank ([01]) .*nothing done for \d s: .*waiting for data.*"
    told = re.search(stalled + victim.name, output)
    assert told is not None, output
    assert "in _read_file" in output
    evidence = evidence_of(tmp_path)
    row = evidence.rows("stalls")[0]
    assert row["doing"] == b"waiting for data"
    assert Path(row["object"].decode()).name == victim.name
    assert b"_read_file" in row["stack"]
    assert evidence.rows("outcome")["blamed_rank"][0] == int(told[1])


@pytest.mark.mpi
def test_the_death_of_the_scribe_ends_the_run_and_names_it(tmp_path, mlps_runner):
    plan = store(small_plan(compute_s=0.4, epochs=3), tmp_path / "plan.yaml")
    world = launch(plan)
    scribe = scribe_of(wait_for_epoch(tmp_path)[0])
    os.kill(scribe, signal.SIGKILL)
    output = end_of(world)
    assert world.returncode == 4, output
    assert re.search(
        rf"rank 0 \(host \S+\): the process that writes evidence.h5 \(pid {scribe}\)"
        " died: signal 9",
        output,
    ), output
    assert ("run_aborted", 1) in [(e["event"], e["run"]) for e in ledger(tmp_path)]
    assert mlps_runner(2, str(plan)).returncode == 0


@pytest.mark.mpi
def test_a_stopped_scribe_ends_the_run(tmp_path):
    doc = small_plan(compute_s=0.4, epochs=3, stall_report_s=3, stall_limit_s=7)
    world = launch(store(doc, tmp_path / "plan.yaml"))
    scribe = scribe_of(wait_for_epoch(tmp_path)[0])
    os.kill(scribe, signal.SIGSTOP)
    output = end_of(world)
    assert world.returncode == 4, output
    assert re.search(r"rank 0 .*process that writes evidence.h5", output), output
    assert not is_there(scribe)
