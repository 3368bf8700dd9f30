"""What is installed here: launchers and the MPI library, each by its own words."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from mlps.launch.launcher import TRAITS, Launcher
from mlps.launch.library import Library, library_named, plugins_listed

_ANSWER_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A launcher's program, and its version."""

    program: str
    version: str


def own_runner() -> Path:
    """Give the path of the runner that is installed with the running interpreter."""
    return _own_folder() / "mlps-runner"


def find_launchers() -> dict[Launcher, Found]:
    """Find the program of each launcher; one beside the interpreter comes first."""
    found = {launcher: _find(launcher) for launcher in Launcher}
    return {launcher: answer for launcher, answer in found.items() if answer}


def find_library() -> Library | None:
    """Ask mpi4py, in a process of its own, which MPI it loads; it does not start it."""
    command = [sys.executable, "-P", "-m", "mpi4py", "--mpi-lib-version"]
    return library_named(_said(command))


def find_plugins(srun: str) -> tuple[str, ...]:
    """List the plugins of the Slurm that is here."""
    return plugins_listed(_said([srun, "--mpi=list"]))


def _own_folder() -> Path:
    return Path(sys.executable).parent


def _find(launcher: Launcher) -> Found | None:
    trait = TRAITS[launcher]
    for name in trait.programs:
        beside = _own_folder() / name
        for program in (str(beside), name):
            said = trait.says.search(_said([program, "--version"]))
            if said:
                return Found(program=program, version=said[1])
    return None


def _said(command: list[str]) -> str:
    """Give what a program prints; nothing when there is none or it fails."""
    if shutil.which(command[0]) is None:
        return ""
    answer = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="backslashreplace",
        timeout=_ANSWER_S,
        check=False,
    )
    return answer.stdout + answer.stderr if answer.returncode == 0 else ""
