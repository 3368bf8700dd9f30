"""The launchers: how each is recognised, what it can start, which one is meant."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mlps.launch.allocation import Allocation, Scheduler
from mlps.launch.library import Library
from mlps.launch.start import LaunchError


class Launcher(StrEnum):
    """Who starts the ranks."""

    OPENMPI = "openmpi"
    MPICH = "mpich"
    SLURM = "slurm"
    PALS = "pals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """What tells a launcher from others, and what it starts.

    `says` finds the version in what the program says of itself.
    """

    programs: tuple[str, ...]
    says: re.Pattern[str]
    starts: frozenset[Library]
    scheduler: Scheduler | None = None


TRAITS: Mapping[Launcher, Trait] = {
    Launcher.OPENMPI: Trait(
        programs=("mpirun", "mpirun.openmpi"),
        says=re.compile(r"\(Open MPI\) (\S+)"),
        starts=frozenset({Library.OPEN_MPI}),
    ),
    Launcher.MPICH: Trait(
        programs=("mpiexec", "mpiexec.hydra", "mpiexec.mpich"),
        says=re.compile(r"HYDRA build details:\s+Version:\s+(\S+)"),
        starts=frozenset({Library.MPICH}),
    ),
    Launcher.SLURM: Trait(
        programs=("srun",),
        says=re.compile(r"slurm(?:-wlm)? (\d\S*)"),
        starts=frozenset(Library),
        scheduler=Scheduler.SLURM,
    ),
    Launcher.PALS: Trait(
        programs=("mpiexec",),
        says=re.compile(r"mpiexec version (\d\S*)"),
        starts=frozenset({Library.CRAY_MPICH, Library.MPICH}),
        scheduler=Scheduler.PBS,
    ),
}


def choose(
    allocation: Allocation | None,
    found: frozenset[Launcher],
    library: Library | None,
) -> Launcher:
    """Infer the launcher; what is not certain is the user's choice."""
    if allocation is not None and allocation.scheduler is Scheduler.SLURM:
        return Launcher.SLURM
    if allocation is not None and Launcher.PALS in found:
        return Launcher.PALS
    own = found & {Launcher.OPENMPI, Launcher.MPICH}
    if library is not None:
        own = frozenset(name for name in own if library in TRAITS[name].starts)
    if len(own) == 1:
        return next(iter(own))
    names = ", ".join(sorted(found)) or "none"
    loads = library or "no MPI that is known"
    raise LaunchError(
        f"which launcher is not certain (found here: {names}; mpi4py loads {loads});"
        f" say --launcher {', '.join(Launcher)}"
    )


def check_suits(launcher: Launcher, library: Library | None) -> None:
    """Refuse a launcher that would give as many worlds of one rank as ranks."""
    if library is None or library in TRAITS[launcher].starts:
        return
    suitable = [name for name in Launcher if library in TRAITS[name].starts]
    raise LaunchError(
        f"--launcher {launcher} can't start this mlps-runner: its mpi4py loads"
        f" {library}, which needs --launcher {' or '.join(suitable)}; or set"
        " MPI4PY_LIBMPI to the launcher's libmpi.so and add --env MPI4PY_LIBMPI"
    )
