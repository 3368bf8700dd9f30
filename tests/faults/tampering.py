"""Somebody changes, moves or deletes files under the runner's feet."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.fault import Quiet
from tests.faults.ground import Capability, Ground, may
from tests.faults.world import World

Act = Callable[[Ground], None]


def _nothing(ground: Ground) -> None:
    """Leave all as it is."""


@dataclass(frozen=True, slots=True)
class Tampering(Quiet):
    """Do something to the files of the trial, and put it right again."""

    act: Act
    undo: Act = _nothing
    needs: Capability | None = None

    def missing(self) -> str:
        if self.needs is None or may(self.needs):
            return ""
        return f"needs CAP_{self.needs.name}"

    def strike(self, ground: Ground, world: World | None) -> None:
        self.act(ground)

    def mend(self, ground: Ground) -> None:
        self.undo(ground)


def data_files(ground: Ground) -> list[Path]:
    return sorted(ground.data.glob("*/train/*"))


def truncate(ground: Ground) -> None:
    for path in data_files(ground):
        os.truncate(path, 1000)


def delete(ground: Ground) -> None:
    for path in data_files(ground):
        path.unlink()


def grow(ground: Ground) -> None:
    for path in data_files(ground):
        with path.open("ab") as file:
            file.write(bytes(4096))


def make_directories(ground: Ground) -> None:
    """Put a directory where each file was."""
    for path in data_files(ground):
        path.unlink()
        path.mkdir()


def generate_anew(ground: Ground) -> None:
    """Do what the refusal says: delete the damaged files and manifest.json."""
    for path in data_files(ground):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()
    for path in ground.data.glob("*/manifest.json"):
        path.unlink()


def delete_results(ground: Ground) -> None:
    shutil.rmtree(ground.campaign())


def replace_results(ground: Ground) -> None:
    """Move the campaign's directory away and put an empty one in its place."""
    path = ground.campaign()
    path.rename(_aside(ground, path))
    path.mkdir()


def bring_results_back(ground: Ground) -> None:
    path = ground.campaign()
    shutil.rmtree(path)
    _aside(ground, path).rename(path)


def freeze_results(ground: Ground) -> None:
    """Nothing can be created in, or renamed into, the directory of the run."""
    subprocess.run(["chattr", "+i", ground.runs(1)[-1]], check=True)
    ground.cleanup.callback(thaw_results, ground)


def thaw_results(ground: Ground) -> None:
    subprocess.run(["chattr", "-i", ground.runs(1)[-1]], check=True)


def damage_ledger(ground: Ground) -> None:
    """Overwrite the middle of the ledger's second line."""
    path = ground.campaign() / "campaign.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    shutil.copy(path, ground.folder / "ledger.copy")
    lines[1] = lines[1][:10] + b"\0" * 20 + lines[1][30:]
    path.write_bytes(b"".join(lines))


def put_ledger_back(ground: Ground) -> None:
    shutil.copy(ground.folder / "ledger.copy", ground.campaign() / "campaign.jsonl")


def _aside(ground: Ground, path: Path) -> Path:
    return ground.folder / path.name
