"""A leader's side of the watch of its node: starts the process, waits for its word."""

import json
import os
import secrets
import select
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from mlps.errors import NotReadyError
from runner.watch.watch_process import WatchCharge

_START_S = 60.0
_LAUNCHER_PREFIXES = ("PMI", "MPI", "HYDI_", "OMPI_", "PMIX_", "PRTE_", "SLURM_")


@dataclass(frozen=True, slots=True, kw_only=True)
class HubAddress:
    """Where the hub listens, and the secret that lets a watch in."""

    addresses: Sequence[str]
    port: int
    token: str


def start_watch(hub: HubAddress, node: int, rank: int, host: str) -> tuple[str, str]:
    """Start the watch of this node; return its name, and why it is alone or ""."""
    charge = WatchCharge(
        name=secrets.token_hex(8),
        node=node,
        rank=rank,
        host=host,
        addresses=hub.addresses,
        port=hub.port,
        token=hub.token,
    )
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "runner.watch.watch_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=clean_environment(),
        start_new_session=True,
    )
    if process.stdin is None or process.stdout is None:
        raise NotReadyError(f"host {host}: the watch process has no pipes")
    process.stdin.write(json.dumps(asdict(charge)).encode() + b"\n")
    process.stdin.close()
    ready, _, _ = select.select([process.stdout], [], [], _START_S)
    line = process.stdout.readline() if ready else b""
    process.stdout.close()
    if not line:
        raise NotReadyError(
            f"host {host}: the process that watches this host did not start; see above"
        )
    return charge.name, str(json.loads(line)["wrong"])


def clean_environment() -> dict[str, str]:
    """Give the environment without what would make a child take itself for a rank."""
    return {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(_LAUNCHER_PREFIXES)
    }
