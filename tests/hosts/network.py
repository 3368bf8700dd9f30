"""Hosts out of one machine: own addresses, names, processes and memory files each.

Everything lives in the namespaces of the calling process (see room.py): a switch, and
for each host a network, hostname, process, IPC and mount namespace with its own sshd,
host key, /etc/hosts and boot id. What ends the caller ends them.
"""

import shlex
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.hosts.process import run, wait_for

SSHD = "/usr/sbin/sshd"

_SWITCH = "switch"
_SUBNET = "10.213.7"
_FIRST = 11
_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_READY_S = 20.0

# Runs as the first process of a host; sshd takes its place and reaps what is left.
_BOOT = """\
set -e
hostname {name}
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/sshd
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount --bind {folder}/hosts /etc/hosts
mount --bind {folder}/{name}/boot_id {boot_id}
ip link set lo up
{more}
echo ready
read -r _
exec {sshd} -D -e -f {folder}/{name}/sshd_config
"""
_SSHD_CONFIG = """\
Port 22
ListenAddress {address}
HostKey {folder}/{name}/host_key
AuthorizedKeysFile {folder}/user_key.pub
StrictModes no
UsePAM no
PidFile none
PermitRootLogin prohibit-password
PasswordAuthentication no
"""
_SSH_CONFIG = """\
Host *
  User root
  IdentityFile {folder}/user_key
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  BatchMode yes
  ConnectTimeout 5
  LogLevel ERROR
  ServerAliveInterval {alive_s}
  ServerAliveCountMax 3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One host; `init` is the number of its first process outside of it."""

    name: str
    address: str
    init: int

    def command(self, *words: str) -> list[str]:
        """Give the command that runs `words` on this host."""
        spaces = ("--net", "--uts", "--mount", "--ipc", "--pid")
        return ["nsenter", "--target", str(self.init), *spaces, "--", *words]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Hosts that reach each other, and the wrapper that a launcher calls for ssh."""

    folder: Path
    hosts: tuple[Host, ...]

    @property
    def ssh(self) -> Path:
        """The ssh of this network: nothing of the user's own is read."""
        return self.folder / "ssh"

    def cut(self, host: Host) -> None:
        """Pull the cable of a host: nothing is refused, nothing arrives."""
        run("ip", "link", "set", _cable(host.name), "down").require()

    def mend(self, host: Host) -> None:
        """Put the cable back."""
        run("ip", "link", "set", _cable(host.name), "up").require()


@contextmanager
def network(
    folder: Path,
    names: Sequence[str],
    *,
    private: Sequence[tuple[str, Path]] = (),
    alive_s: int = 0,
) -> Iterator[Network]:
    """Start hosts with sshd; `private` are (name, path) a host has for itself.

    `alive_s` is ssh's ServerAliveInterval; its default of 0 never asks.
    """
    folder.mkdir()
    addresses = {name: f"{_SUBNET}.{_FIRST + n}" for n, name in enumerate(names)}
    _write_keys(folder, addresses, alive_s)
    run("ip", "link", "add", _SWITCH, "type", "bridge").require()
    run("ip", "link", "set", _SWITCH, "up").require()
    guards: list[subprocess.Popen[str]] = []
    try:
        for name, address in addresses.items():
            guards.append(_boot(folder, name, address, private))
        hosts = tuple(
            Host(name=name, address=addresses[name], init=_child(guard.pid))
            for name, guard in zip(names, guards, strict=True)
        )
        made = Network(folder=folder, hosts=hosts)
        for host in hosts:
            wait_for(lambda host=host: _answers(made, host), _READY_S, host.name)
        yield made
    finally:
        for guard in guards:
            guard.kill()
            guard.wait()
        # The kernel takes its time to remove the network of a host that is gone.
        for device in (*map(_cable, names), _SWITCH):
            run("ip", "link", "delete", device)


def _write_keys(folder: Path, addresses: dict[str, str], alive_s: int) -> None:
    _make_key(folder / "user_key")
    names, known = ["127.0.0.1 localhost\n"], []
    for name, address in addresses.items():
        own = folder / name
        own.mkdir()
        _make_key(own / "host_key")
        (own / "boot_id").write_text(f"{uuid.uuid4()}\n")
        config = _SSHD_CONFIG.format(folder=folder, name=name, address=address)
        (own / "sshd_config").write_text(config)
        names.append(f"{address} {name}\n")
        key = (own / "host_key.pub").read_text().split()
        known.append(f"{name},{address} {key[0]} {key[1]}\n")
    (folder / "hosts").write_text("".join(names))
    (folder / "known_hosts").write_text("".join(known))
    (folder / "ssh_config").write_text(
        _SSH_CONFIG.format(folder=folder, alive_s=alive_s)
    )
    (folder / "ssh").write_text(f'#!/bin/sh\nexec ssh -F {folder}/ssh_config "$@"\n')
    (folder / "ssh").chmod(0o755)


def _make_key(path: Path) -> None:
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)).require()


def _boot(
    folder: Path, name: str, address: str, private: Sequence[tuple[str, Path]]
) -> subprocess.Popen[str]:
    """Start a host, plug it in, let its sshd start."""
    more = [
        f"mount -t tmpfs tmpfs {shlex.quote(str(path))}"
        for owner, path in private
        if owner == name
    ]
    script = _BOOT.format(
        name=name,
        folder=shlex.quote(str(folder)),
        boot_id=_BOOT_ID,
        sshd=SSHD,
        more="\n".join(more),
    )
    spaces = ("--net", "--uts", "--mount", "--ipc", "--pid", "--mount-proc")
    with (folder / name / "sshd.log").open("w") as log:
        guard = subprocess.Popen(
            ["unshare", *spaces, "--fork", "--kill-child", "sh", "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    said = guard.stdout.readline() if guard.stdout else ""
    if said != "ready\n":
        raise RuntimeError(f"{name}: {(folder / name / 'sshd.log').read_text()}")
    _plug_in(name, address, _child(guard.pid))
    if guard.stdin:
        guard.stdin.write("go\n")
        guard.stdin.close()
    return guard


def _plug_in(name: str, address: str, init: int) -> None:
    cable, inside = _cable(name), ["nsenter", "--target", str(init), "--net"]
    end = ["name", "eth0", "netns", str(init)]
    for command in (
        ["ip", "link", "add", cable, "type", "veth", "peer", *end],
        ["ip", "link", "set", cable, "master", _SWITCH, "up"],
        [*inside, "ip", "address", "add", f"{address}/24", "dev", "eth0"],
        [*inside, "ip", "link", "set", "eth0", "up"],
    ):
        run(*command).require()


def _cable(name: str) -> str:
    return f"to-{name}"


def _child(parent: int) -> int:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return int(children[0])


def _answers(made: Network, host: Host) -> bool:
    """Log in from the first host, as a launcher would."""
    words = made.hosts[0].command(str(made.ssh), host.name, "hostname")
    said = run(*words, timeout_s=10)
    return said.stdout.strip() == host.name
