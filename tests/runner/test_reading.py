"""What reader threads tell about what they do, while they do it and after."""

import os
import time

from runner.reading import ReaderPool, ReadSettings

SETTINGS = ReadSettings(
    threads=1, transfer_bytes=4096, odirect=False, samples_per_file=2
)


class Files:
    """Some paths of 6000 bytes each."""

    def __init__(self, paths):
        self._paths = paths

    def path_of(self, index):
        return self._paths[index]

    def size_of(self, index):
        return 6000


def started_pool(paths):
    pool = ReaderPool(SETTINGS, Files(paths), range(len(paths)), lambda *ends: None)
    pool.start()
    return pool


def test_calls_and_files_are_told_with_begin_and_end(tmp_path):
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_bytes(bytes(6000))
    began_ns = time.monotonic_ns()
    pool = started_pool(paths)
    pool.allow(6)
    assert pool.wait(6, 30)
    size_bytes, ready_ns = pool.take(5)
    assert size_bytes == 3 * 6000
    assert pool.take(1) == (0, 0)  # of a file that was taken before
    pool.stop()
    ended_ns = time.monotonic_ns()
    done = pool.drain()
    assert (len(done.opens), len(done.reads), len(done.samples)) == (3, 6, 3)
    for begin, end in done.opens + done.reads:
        assert began_ns <= begin <= end <= ended_ns
        assert any(low <= begin and end <= high for low, high in done.samples)
    assert ready_ns == done.samples[-1][1]
    assert pool.in_progress() == ([], [])
    assert pool.drain().samples == []


def test_a_call_that_does_not_return_is_in_progress(tmp_path):
    """Opening a pipe that nobody writes to hangs, as a dead server does."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    began_ns = time.monotonic_ns()
    pool = started_pool([pipe])
    pool.allow(2)
    try:
        assert not pool.wait(2, 0.2)
        (call_ns,), (file_ns,) = pool.in_progress()
        assert began_ns < file_ns <= call_ns < time.monotonic_ns()
        assert pool.drain().opens == []
    finally:
        os.close(os.open(pipe, os.O_WRONLY))
        pool.stop()
    assert len(pool.drain().opens) == 1
    assert pool.in_progress()[0] == []
