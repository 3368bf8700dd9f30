"""Splitting a wait: by definition, and by a real thread that gets no CPU."""

import os
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.waiting import Delay, RunDelays, Wait, split, with_unfinished

spans = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 30)).map(lambda s: (s[0], sum(s))),
    max_size=8,
)
waits = st.tuples(st.integers(0, 50), st.integers(0, 99), st.integers(0, 40)).map(
    lambda w: Wait(start_ns=w[0], ready_ns=w[1], taken_ns=w[0] + w[2])
)


def covered(wait, calls):
    """Instants of the wait, until the batch was there, that a call covers."""
    until = min(wait.ready_ns, wait.taken_ns)
    return sum(
        any(low <= at < high for low, high in calls)
        for at in range(wait.start_ns, until)
    )


@given(waits, spans)
def test_storage_is_when_a_reader_was_in_a_call_and_the_batch_not_there(wait, calls):
    found = split(wait, calls, calls, Delay())
    assert found.storage_ns == covered(wait, calls)
    assert found.starved_ns == 0


@given(waits, spans, spans, st.integers(0, 200), st.integers(0, 200))
def test_storage_and_starved_never_exceed_the_wait(wait, calls, rest, readers, taker):
    files = calls + rest
    found = split(wait, calls, files, Delay(readers_ns=readers, taker_ns=taker))
    assert found.storage_ns >= 0
    assert found.starved_ns >= 0
    assert found.storage_ns + found.starved_ns <= wait.taken_ns - wait.start_ns


def test_run_delay_of_readers_is_taken_from_their_calls():
    wait = Wait(start_ns=0, ready_ns=100, taken_ns=100)
    files = [(0, 100), (0, 100)]
    calls = [(0, 80), (0, 80)]
    found = split(wait, calls, files, Delay(readers_ns=50))
    assert found.storage_ns == 60  # a quarter of what both threads did was no CPU
    assert found.starved_ns == 25


def test_a_call_that_ended_meanwhile_is_counted_once():
    spans = with_unfinished([(5, 9), (1, 3)], [5, 7], 20)
    assert spans == [(5, 9), (1, 3), (7, 20)]


def test_after_the_batch_was_there_nothing_is_storage():
    wait = Wait(start_ns=0, ready_ns=10, taken_ns=100)
    found = split(wait, [(0, 100)], [(0, 100)], Delay(taker_ns=70))
    assert found.storage_ns == 10
    assert found.starved_ns == 70


def test_the_kernel_counts_a_thread_that_gets_no_cpu():
    """Two processes and a thread on one CPU: the thread must wait its turn."""
    one_cpu = {min(os.sched_getaffinity(0))}
    before = os.sched_getaffinity(0)
    burner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    ids: list[int] = []
    told: list[int] = []

    def spin(delays: RunDelays) -> None:
        os.sched_setaffinity(0, one_cpu)
        ids.append(threading.get_native_id())
        until = time.monotonic() + 1
        while time.monotonic() < until:
            pass
        told.append(delays.now().readers_ns)

    try:
        os.sched_setaffinity(burner.pid, one_cpu)
        with RunDelays(ids) as delays:
            if not delays.is_counted:
                pytest.skip("this kernel counts no run delays")
            assert delays.now().readers_ns == 0
            thread = threading.Thread(target=spin, args=[delays])
            thread.start()
            thread.join()
            assert told[0] > 10_000_000
            assert delays.now().readers_ns >= told[0]  # kept when the thread has ended
    finally:
        burner.kill()
        burner.wait()
    assert os.sched_getaffinity(0) == before
