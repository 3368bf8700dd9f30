"""Observing over real connections: a real sshd, real kills, a host that is mute."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from runner.record.observers import line
from runner.record.observers.observatory import Observatory
from tests.observers.conftest import descendants, settle

INTERVAL_S = 0.1
ASKER = """
from time import sleep
from runner.record.observers.observatory import Observatory
Observatory(("storage-1", "localhost"), 0, 0.05, 0).start()
sleep(1000)
"""


@pytest.fixture
def watched():
    """Start a watch; stops what a test left running."""
    started = []

    def start(*hosts: str, max_samples: int = 0) -> Observatory:
        watch = Observatory(hosts, 3, INTERVAL_S, max_samples)
        watch.start()
        started.append(watch)
        return watch

    yield start
    for watch in started:
        if watch._thread.is_alive():
            watch.stop()


class Rows:
    """What a watch gave so far."""

    def __init__(self, watch: Observatory) -> None:
        self._watch = watch
        self._tables: dict[str, np.ndarray] = {}

    def __getitem__(self, table: str) -> np.ndarray:
        for name, rows in self._watch.take().items():
            before = self._tables.get(name)
            self._tables[name] = (
                rows if before is None else np.concatenate([before, rows])
            )
        return self._tables.get(table, np.array([]))

    def of(self, node: int, table: str = "cpu") -> np.ndarray:
        rows = self[table]
        return rows[rows["node"] == node] if len(rows) else rows

    def events(self, host: str) -> list[str]:
        texts = [bytes(row["message"]).decode() for row in self["events"]]
        return [text for text in texts if text.startswith(f"{host} ")]


def test_a_host_is_sampled_over_ssh_on_our_clock_and_nothing_stays(
    path_to_sshd, watched
):
    before_ns = time.monotonic_ns()
    rows = Rows(watch := watched("storage-1", "localhost"))
    assert settle(lambda: len(rows.of(3)) > 5 and len(rows.of(4)) > 5)
    assert path_to_sshd.sessions()
    watch.stop()
    after_ns = time.monotonic_ns()
    said = [(r["node"], r["host"], r["transport"]) for r in rows["observers"]]
    assert said == [(3, b"storage-1", b"ssh"), (4, b"localhost", b"local")]
    for node in (3, 4):
        at = rows.of(node)["sampled_at_ns"]
        assert before_ns < at[0]
        assert at[-1] < after_ns
        assert (np.diff(at) > 0).all()
        assert (np.diff(rows.of(node)["context_switches"].astype(np.int64)) > 0).all()
        for table in ("memory", "vmstat", "disks", "net"):
            assert set(rows.of(node, table)["sampled_at_ns"]) <= set(at), table
    # Both are this machine: at the same time they count the same.
    a, b = rows.of(3), rows.of(4)
    middle = np.interp(a["sampled_at_ns"], b["sampled_at_ns"], b["idle_ticks"])
    inside = (a["sampled_at_ns"] > b["sampled_at_ns"][0]) & (
        a["sampled_at_ns"] < b["sampled_at_ns"][-1]
    )
    assert np.abs(a["idle_ticks"] - middle)[inside].max() < 100
    (told,) = rows.events("storage-1")
    assert "0 missed, connection lost 0 times" in told
    assert settle(lambda: not path_to_sshd.sessions())


def test_hosts_that_fail_are_named_with_the_reason_and_the_others_go_on(
    path_to_sshd, watched, capfd, monkeypatch
):
    monkeypatch.setattr(line, "_START_S", 2.0)
    names = ("refused", "stranger", "silent")
    rows = Rows(watch := watched(*names, "storage-1"))
    assert settle(lambda: all(rows.events(name) for name in names))
    seen = len(rows.of(6))
    assert settle(lambda: len(rows.of(6)) > seen + 3)
    watch.stop()
    assert "Permission denied (publickey)" in rows.events("refused")[0]
    assert "Host key verification failed" in rows.events("stranger")[0]
    assert "no connection within 2 s" in rows.events("silent")[0]
    assert [len(rows.events(name)) for name in names] == [1, 1, 1]
    assert all("given up" in rows.events(name)[0] for name in names)
    assert set(rows["cpu"]["node"]) == {6}
    assert capfd.readouterr().err.count("\n") == 3


def test_without_ssh_it_is_said(watched, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    rows = Rows(watched("storage-1"))
    assert settle(lambda: rows.events("storage-1"))
    assert "ssh: No such file or directory" in rows.events("storage-1")[0]


def test_a_cut_connection_is_told_once_and_made_again(
    path_to_sshd, watched, monkeypatch
):
    monkeypatch.setattr(line, "_FIRST_RETRY_S", 0.3)
    rows = Rows(watch := watched("storage-1", "localhost"))
    for cut in (1, 2):
        seen, other = len(rows.of(3)), len(rows.of(4))
        assert settle(lambda seen=seen: len(rows.of(3)) > seen + 3)
        assert len(rows.of(4)) > other
        for pid in path_to_sshd.sessions():
            os.kill(pid, signal.SIGKILL)
        assert settle(lambda: rows.events("storage-1")), cut
    seen = len(rows.of(3))
    assert settle(lambda: len(rows.of(3)) > seen + 3)
    watch.stop()
    lost, ending = rows.events("storage-1")
    assert lost.endswith("tried again")
    assert "connection lost 2 times" in ending
    assert "booted 0 times" in ending
    assert " 0 missed" not in ending


def test_a_host_that_stops_answering_is_cut(path_to_sshd, watched, monkeypatch):
    monkeypatch.setattr(line, "PATIENCE_S", 1.0)
    rows = Rows(watched("storage-1"))
    assert settle(lambda: len(rows.of(3)) > 3)
    for pid in path_to_sshd.sessions():
        os.kill(pid, signal.SIGSTOP)
    assert settle(lambda: rows.events("storage-1"))
    assert "no answer within 1 s" in rows.events("storage-1")[0]
    for pid in path_to_sshd.sessions():
        os.kill(pid, signal.SIGCONT)
    assert settle(lambda: not path_to_sshd.sessions())


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM])
def test_the_far_end_ends_with_the_process_that_asked(path_to_sshd, signal_number):
    """It is killed, so it can tell nobody: the script sees its input end."""
    asker = subprocess.Popen((sys.executable, "-c", ASKER))
    assert settle(lambda: len(path_to_sshd.sessions()) > 1)
    assert settle(lambda: len(descendants(asker.pid)) >= 2)
    helpers = descendants(asker.pid)
    asker.send_signal(signal_number)
    asker.wait()
    assert settle(lambda: not path_to_sshd.sessions())
    assert settle(lambda: not any(_runs(pid) for pid in helpers))


def _runs(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def test_twenty_at_once_are_sampled_alike(path_to_sshd, watched):
    names = [f"storage-{number}" for number in range(10)]
    rows = Rows(watch := watched(*names, *["localhost"] * 10))
    assert settle(lambda: all(len(rows.of(3 + n)) > 3 for n in range(20)), 60)
    watch.stop()
    assert len(rows["events"]) == 20
    assert set(rows["cpu"]["node"]) == set(range(3, 23))
    assert settle(lambda: not path_to_sshd.sessions())


def test_a_cap_leaves_a_place_for_the_last_sample(watched):
    rows = Rows(watch := watched("localhost", max_samples=4))
    assert settle(lambda: len(rows.of(3)) == 3)
    time.sleep(4 * INTERVAL_S)
    assert len(rows.of(3)) == 3
    watch.stop()
    assert len(rows.of(3)) == 4


def test_rows_nobody_takes_are_dropped_and_counted(watched, monkeypatch):
    monkeypatch.setattr(
        "runner.record.observers.observatory.PENDING_LIMIT_BYTES", 40_000
    )
    watch = watched("localhost")
    time.sleep(3)
    watch.take()
    watch.stop()
    (told,) = Rows(watch).events("localhost")
    samples, missed = (int(word) for word in re.findall(r"(\d+) (?:sa|mi)", told))
    assert 0 < missed < samples
