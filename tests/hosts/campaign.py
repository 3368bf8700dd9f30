"""A small campaign on two hosts: its plan, its start, and what it left behind."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlps.evidence.reader import Evidence, read
from tests.hosts.network import Host, Network
from tests.hosts.process import Running, run

BIN = Path(sys.executable).parent
RANKS_PER_HOST = 2

_LEFT_BY_LAUNCHERS = ("PMI", "MPI", "OMPI_", "PMIX_", "HYDI_", "SSH_")
_HARMLESS = ("PASS", "WAIVED", "NOT_APPLICABLE")
_SMALL = (
    "+workload=unet3d",
    "+system=local",
    "submission=demo",
    "submission.measured_runs=1",
    "submission.stall_report_s=5",
    "submission.stall_limit_s=15",
    "system.hosts=2",
    f"system.accelerators_per_host={RANKS_PER_HOST}",
    "system.host_memory=4GiB",
    "system.data_shared=true",
    "workload.dataset.record_length=400kB",
    "workload.dataset.record_length_stdev=100kB",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A plan in a folder of its own; its results are beside it."""

    plan: Path

    @property
    def folder(self) -> Path:
        """Where plan, data and results are."""
        return self.plan.parent

    @property
    def stored(self) -> Path:
        """The campaign directory."""
        (found,) = (self.folder / "results").iterdir()
        return found

    @property
    def ledger(self) -> str:
        """The ledger so far."""
        files = list(self.folder.glob("results/*/campaign.jsonl"))
        return files[0].read_text() if files else ""

    @property
    def sealed(self) -> int:
        """How many runs the ledger says are sealed."""
        return self.ledger.count('"run_sealed"')

    @property
    def evidence(self) -> list[Path]:
        """The evidence files of all attempts, by run."""
        return sorted(self.folder.glob("results/*/runs/*/evidence.h5"))

    @property
    def last(self) -> Evidence:
        """The evidence of the attempt that was written last."""
        return read(max(self.evidence, key=lambda path: path.stat().st_mtime_ns))

    def start(
        self, net: Network, *, hosts: str = "", more: tuple[str, ...] = ()
    ) -> Running:
        """Start the campaign from the first host, over ssh."""
        names = hosts or ",".join(host.name for host in net.hosts)
        placed = () if ":" in names else ("-ppn", str(RANKS_PER_HOST))
        launcher = ("-launcher", "ssh", "-launcher-exec", str(net.ssh))
        ranks = ("-n", str(RANKS_PER_HOST * 2))
        words = net.hosts[0].command(
            *(str(BIN / "mpirun"), *launcher, *more, "-hosts", names, *placed, *ranks),
            *(str(BIN / "mlps-runner"), str(self.plan)),
        )
        logs = self.folder / f"log-{len(list(self.folder.glob('log-*')))}"
        return Running(words, logs, _environment())

    def verdict(self) -> tuple[int | None, dict[str, Any]]:
        """Judge what is stored; gives exit status and plain data."""
        said = run(str(BIN / "mlps"), "verify", str(self.stored), "--json")
        return said.status, json.loads(said.stdout)


def compiled(folder: Path, compute_s: float = 0.1) -> Campaign:
    """Compile a plan for two hosts into a new folder."""
    folder.mkdir()
    plan = folder / "plan.yaml"
    compute = f"workload.train.computation_time_s={compute_s}"
    command = [str(BIN / "mlps"), *_SMALL, compute, "--write-to", str(plan)]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return Campaign(plan=plan)


def failed_rules(verdict: dict[str, Any]) -> dict[str, str]:
    """Give the rules that a verdict holds against a campaign, and what they saw."""
    findings = [f for subject in verdict["subjects"] for f in subject["findings"]]
    return {f["rule"]: f["actual"] for f in findings if f["verdict"] not in _HARMLESS}


def ranks_on(host: Host) -> list[int]:
    """Number the ranks' processes on a host, as seen from outside of it."""
    space = Path(f"/proc/{host.init}/ns/pid").readlink()
    folders = Path("/proc").glob("[0-9]*")
    return sorted(int(f.name) for f in folders if _is_rank(f, space))


def _is_rank(process: Path, space: Path) -> bool:
    try:
        if (process / "ns" / "pid").readlink() != space:
            return False
        words = (process / "cmdline").read_bytes().split(b"\0")
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    # An interpreter runs the command of a rank; launchers only have it as argument.
    return state != "Z" and words[1:2] == [os.fsencode(BIN / "mlps-runner")]


def _environment() -> dict[str, str]:
    kept = os.environ.items()
    return {k: v for k, v in kept if not k.startswith(_LEFT_BY_LAUNCHERS)}
