"""Where one trial is held: a private folder, its plan, and what must be undone."""

import json
import platform
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

from mlps.plan import PlanDocument
from tests.conftest import clean_environment
from tests.runner.plans import small_plan, store

TAG = "MLPS_FAULT_TRIAL"
STALL_REPORT_S = 2.0
STALL_LIMIT_S = 6.0
WATCH = {"stall_report_s": STALL_REPORT_S, "stall_limit_s": STALL_LIMIT_S}
"""Plan keys of the submission that say when a rank that stalls is told of, and when
it ends the run: all trials have the same."""


class Capability(IntEnum):
    """Capabilities by their numbers (linux/capability.h)."""

    LINUX_IMMUTABLE = 9
    SYS_ADMIN = 21


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One trial's folder; what `cleanup` holds is undone at its end."""

    folder: Path
    shim: Path | None
    cleanup: ExitStack
    tag: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def plan(self) -> Path:
        return self.folder / "plan.yaml"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def results(self) -> Path:
        return self.folder / "results"

    @property
    def armed(self) -> Path:
        """While it exists, the shim's rules hold."""
        return self.folder / "shim" / "armed"

    @property
    def hit(self) -> Path:
        """Created by the shim when a rule first takes effect."""
        return self.folder / "shim" / "hit"

    def campaign(self) -> Path:
        """The campaign's directory; it has one once rank 0 has opened it."""
        (path,) = self.results.glob("unet3d-local-*")
        return path

    def runs(self, number: int) -> list[Path]:
        """Directories of the attempts at a run, oldest first."""
        found = self.results.glob(f"*/runs/{number:02d}-*")
        return sorted(found, key=lambda path: path.stat().st_mtime_ns)

    def events(self) -> list[dict[str, Any]]:
        """Lines of the ledger that can be read."""
        found = []
        for path in self.results.glob("*/campaign.jsonl"):
            for line in path.read_bytes().splitlines():
                try:
                    found.append(json.loads(line))
                except ValueError:
                    continue
        return found

    def environment(self) -> dict[str, str]:
        """What every process of the trial inherits, and is found by."""
        return clean_environment() | {
            TAG: self.tag,
            "PYTHONDONTWRITEBYTECODE": "1",
        }


@contextmanager
def open_ground(
    folder: Path, shim: Path | None, knobs: Mapping[str, object]
) -> Iterator[Ground]:
    """Make the folder with its plan; undo at the end what the trial has set up."""
    folder.mkdir(parents=True)
    with ExitStack() as cleanup:
        ground = Ground(folder=folder, shim=shim, cleanup=cleanup)
        store(_plan(knobs), ground.plan)
        yield ground


def _plan(knobs: Mapping[str, object]) -> PlanDocument:
    """Two epochs of six steps of 0.3 s, on two ranks."""
    wanted = {"compute_s": 0.3, "epochs": 2, "cold_reads": False, "claim": WATCH}
    return small_plan(**(wanted | knobs))


def host() -> str:
    """This host as the runner names it."""
    return platform.node()


def may(capability: Capability) -> bool:
    """Say whether these processes have a capability."""
    status = Path("/proc/self/status").read_text()
    effective = status.split("CapEff:")[1].split()[0]
    return bool(int(effective, 16) >> capability & 1)
