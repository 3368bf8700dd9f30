"""Worlds that are started, watched and hurt while they run."""

import json
import os
import subprocess
import time
from pathlib import Path

from mlps.evidence.reader import Evidence, read
from tests.conftest import BIN, clean_environment


def launch(plan: Path, ranks: int = 2, **kwargs) -> subprocess.Popen[str]:
    """Start a world; its stdout and stderr are one pipe."""
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} | kwargs
    return subprocess.Popen(
        [str(BIN / "mpirun"), "-n", str(ranks), str(BIN / "mlps-runner"), str(plan)],
        cwd=plan.parent,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        text=True,
        **settings,
    )


def wait_for_epoch(folder: Path, timeout_s: float = 60) -> dict[int, int]:
    """Wait until the first epoch runs; pid of each rank from its own command."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if list(folder.glob("results/*/runs/01-*/runner.log")):
            time.sleep(1.5)
            return rank_pids(folder)
        time.sleep(0.05)
    raise AssertionError("the first epoch did not begin")


def rank_pids(folder: Path) -> dict[int, int]:
    """Find the ranks whose command names a file of this folder."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().decode().split("\0")
            environ = (process / "environ").read_bytes().decode().split("\0")
        except (OSError, UnicodeDecodeError):
            continue
        runs = any("mlps-runner" in c for c in command)
        if runs and any(str(folder) in c for c in command):
            ranks = [v for v in environ if v.startswith("PMI_RANK=")]
            if ranks:
                found[int(ranks[0].split("=")[1])] = int(process.name)
    return found


def children(pid: int) -> dict[int, str]:
    """Give the children of a process and their command lines."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid:
                found[int(process.name)] = (process / "cmdline").read_text()
        except OSError:
            continue
    return found


def scribe_of(rank_0: int) -> int:
    """Find the process that writes the evidence."""
    (pid,) = [p for p, c in children(rank_0).items() if "scribe_process" in c]
    return pid


def end_of(world: subprocess.Popen[str], timeout_s: float = 60) -> str:
    """Wait for the end; return what was said. A hanging world is killed: it failed."""
    try:
        return world.communicate(timeout=timeout_s)[0]
    finally:
        world.kill()


def evidence_of(folder: Path, run: str = "01") -> Evidence:
    """Read the evidence of the only attempt at a run."""
    (path,) = folder.glob(f"results/*/runs/{run}-*/evidence.h5")
    return read(path)


def ledger(folder: Path) -> list[dict[str, object]]:
    """Read the ledger of the only campaign."""
    (path,) = folder.glob("results/*/campaign.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def is_there(pid: int) -> bool:
    """Say whether a process is left that is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z" and os.path.exists(f"/proc/{pid}")  # noqa: PTH110
