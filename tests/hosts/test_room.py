"""The emulated hosts leave nothing behind, however they end; without means, a word."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.hosts import room

PROGRAM = [sys.executable, str(Path(__file__).with_name("hosts.py"))]

needs_hosts = pytest.mark.skipif(bool(room.missing()), reason=room.missing())


def wait_until(happened, timeout_s=30):
    end_s = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < end_s
        time.sleep(0.05)


def processes_of(folder: Path) -> list[str]:
    """Processes that were started for hosts below a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            said = (process / "cmdline").read_bytes() + (
                process / "environ"
            ).read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in said and int(process.name) != os.getpid():
            found.append(process.name)
    return found


def start(tmp_path: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [*PROGRAM, "2 hosts"],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@needs_hosts
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_hosts_that_were_ended(tmp_path, number):
    links = Path("/sys/class/net")
    before = sorted(links.iterdir())
    running = start(tmp_path)
    try:
        wait_until(lambda: list(tmp_path.glob("mlps-hosts-*/0/net/node-b/sshd.log")))
        wait_until(lambda: len(processes_of(tmp_path)) > 4)
        os.kill(running.pid, number)
        running.wait(30)
    finally:
        running.kill()
    wait_until(lambda: not processes_of(tmp_path))
    assert sorted(links.iterdir()) == before
    if number != signal.SIGKILL:
        assert list(tmp_path.iterdir()) == []


@needs_hosts
def test_only_root_can_have_hosts():
    said = subprocess.run(
        ["setpriv", "--reuid", "65534", "--clear-groups", *PROGRAM],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "Permission denied" in said.stderr:
        pytest.skip("the interpreter is out of reach for another user")
    assert (said.returncode, said.stdout) == (
        0,
        "hosts: skipped: it needs root, for namespaces\n",
    )


def test_missing_tools_are_named_with_their_packages(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", "/nowhere")
    assert room.missing().startswith("ip, unshare, nsenter, setpriv, ssh, ssh-keygen")
    assert "apt-get install iproute2 openssh-client" in room.missing()
