"""System calls that fail, fall short, hang, or tell another time: shim.c."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.faults.fault import Quiet
from tests.faults.ground import Ground
from tests.faults.world import World

_SOURCE = Path(__file__).with_name("shim.c")


def build(folder: Path) -> Path | None:
    """Compile the shim; None where there is no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = folder / "shim.so"
    flags = ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror"]
    command = [compiler, *flags, "-o", library, _SOURCE, "-ldl"]
    subprocess.run(command, check=True)
    return library


@dataclass(frozen=True, slots=True)
class Shim(Quiet):
    """Rules of shim.c for some ranks, and for the scribe that rank 0 starts.

    {data} and {results} in the rules stand for paths of the trial. Rules that hold
    `at_once` help another fault to strike in time.
    """

    rules: tuple[str, ...]
    ranks: tuple[int, ...] = (0, 1)
    at_once: bool = False

    def missing(self) -> str:
        return "" if shutil.which("cc") else "no C compiler (cc) for the shim"

    def prepare(self, ground: Ground) -> None:
        ground.armed.parent.mkdir(exist_ok=True)
        where = {"data": ground.data, "results": ground.results}
        text = "".join(f"{rule.format(**where)}\n" for rule in self.rules)
        (ground.armed.parent / "rules").write_text(text)
        if self.at_once:
            ground.armed.touch()

    def wrapper(self, ground: Ground, rank: int) -> list[str]:
        if rank not in self.ranks:
            return []
        return [
            "env",
            f"LD_PRELOAD={ground.shim}",
            f"MLPS_SHIM={ground.armed.parent}",
        ]

    def strike(self, ground: Ground, world: World | None) -> None:
        ground.armed.touch()

    def mend(self, ground: Ground) -> None:
        ground.armed.unlink()
