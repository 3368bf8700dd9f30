"""A room of its own for the emulated hosts, and what is missing for one.

The program starts itself again as the first process of new network, mount and process
namespaces: the machine's own network is never touched, and when that process ends,
however it ends, the kernel ends every process and removes every device in the room.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.hosts.network import SSHD
from tests.hosts.process import run

_FOLDER = "MLPS_HOSTS_FOLDER"
_TOOLS = {
    "ip": "iproute2",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}


def missing() -> str:
    """Say why no hosts can be emulated here; "" if they can."""
    if os.geteuid() != 0:
        return "it needs root, for namespaces"
    lacking = [(tool, p) for tool, p in _TOOLS.items() if not shutil.which(tool)]
    if not Path(SSHD).exists():
        lacking.append(("sshd", "openssh-server"))
    if lacking:
        tools = ", ".join(tool for tool, _ in lacking)
        packages = " ".join(sorted({package for _, package in lacking}))
        return f"{tools} not found; Debian: apt-get install {packages}"
    spaces = ("--net", "--uts", "--mount", "--ipc", "--pid", "--fork")
    tried = run("unshare", *spaces, "ip", "link", "add", "x", "type", "veth")
    return f"no namespaces here: {tried.stderr.strip()}" if tried.status else ""


def folder() -> Path | None:
    """Give the room's folder; None outside of the room."""
    named = os.environ.get(_FOLDER, "")
    return Path(named) if named and os.getpid() == 1 else None


def enter() -> int:
    """Run this program again inside of the room; returns its exit status."""
    # Whatever kills one of the three in a row kills those below it, too.
    dying = ("setpriv", "--pdeathsig", "KILL")
    spaces = ("--net", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child")
    with tempfile.TemporaryDirectory(prefix="mlps-hosts-") as made:
        inside = subprocess.Popen(
            [*dying, "unshare", *spaces, sys.executable, *sys.argv],
            env=os.environ | {_FOLDER: made},
        )
        try:
            return inside.wait()
        finally:
            inside.kill()
            inside.wait()


def settle() -> None:
    """Make the room ready: nothing mounted here is seen outside."""
    run("mount", "--make-rprivate", "/").require()
    run("ip", "link", "set", "lo", "up").require()
