"""A real sshd on a loopback port, with keys of its own, reached by a private config."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SSHD = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
SSH = shutil.which("ssh")
_DAEMON = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 200
"""
_CLIENT = """
Host stranger
  UserKnownHostsFile /dev/null
Host refused
  IdentityFile {folder}/other
Host silent
  Port {silent}
Host *
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known
  HostKeyAlias storage
  ForwardAgent yes
Host * !refused
  IdentityFile {folder}/user
"""


@dataclass(frozen=True, slots=True)
class Server:
    """Any name is this host, but: stranger, refused, silent."""

    folder: Path
    bin: Path
    pid: int

    def sessions(self) -> list[int]:
        """Processes of connections, and what was started through them."""
        return descendants(self.pid)


def descendants(pid: int) -> list[int]:
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if words[0] != "Z":
            parents[int(path.parent.name)] = int(words[1])
    found, grown = {pid}, True
    while grown:
        more = {child for child, parent in parents.items() if parent in found}
        grown, found = not more <= found, found | more
    return sorted(found - {pid})


def settle(condition, timeout_s: float = 30) -> bool:
    """Wait until it is so, or the time is up; say which."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.02)
    return True


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def sshd(tmp_path_factory) -> Iterator[Server]:
    if SSHD is None or SSH is None:
        pytest.skip("no sshd or no ssh: install openssh-server for these tests")
    folder = tmp_path_factory.mktemp("sshd")
    for name in ("host", "user", "other"):
        make = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name)
        subprocess.run(make, check=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # root's sshd wants it to be there
    port = _free_port()
    public = (folder / "host.pub").read_text()
    (folder / "known").write_text(f"storage {public}")
    (folder / "daemon").write_text(_DAEMON.format(folder=folder, port=port))
    (folder / "bin").mkdir()
    wrapper = folder / "bin" / "ssh"
    wrapper.write_text(f'#!/bin/sh\nexec {SSH} -F {folder}/client "$@"\n')
    wrapper.chmod(0o755)
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(
            (SSHD, "-D", "-e", "-f", folder / "daemon"), stderr=log
        )
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        (folder / "client").write_text(
            _CLIENT.format(
                folder=folder,
                port=port,
                silent=mute.getsockname()[1],
                user=getpass.getuser(),
            )
        )
        assert settle(lambda: _listens(port)), (folder / "log").read_text()
        yield Server(folder, folder / "bin", daemon.pid)
    for pid in descendants(daemon.pid):
        os.kill(pid, signal.SIGKILL)
    daemon.kill()
    daemon.wait()


@pytest.fixture
def path_to_sshd(sshd, monkeypatch) -> Server:
    """`ssh` is the one that reaches the sshd of these tests."""
    monkeypatch.setenv("PATH", f"{sshd.bin}:{os.environ['PATH']}")
    return sshd
