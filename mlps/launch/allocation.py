"""The allocation this process is in, from the scheduler's variables and node file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from mlps.errors import NotReadyError
from mlps.launch.node_list import expand, expand_counts, lines_of


class Scheduler(StrEnum):
    """Who allocates nodes."""

    SLURM = "Slurm"
    PBS = "PBS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """The nodes of one job, in the scheduler's order.

    `cpus` is what the job has of each node; empty where the scheduler does not say.
    """

    scheduler: Scheduler
    job: str
    nodes: tuple[str, ...]
    cpus: tuple[int, ...] = ()
    within_step: bool = False

    def __str__(self) -> str:
        """Name it for people."""
        return f"{self.scheduler} job {self.job}"


def find_allocation(
    environ: Mapping[str, str], read: Callable[[str], bytes]
) -> Allocation | None:
    """Find the allocation in an environment; `read` gives the bytes of a file."""
    if "SLURM_JOB_ID" in environ:
        return _slurm(environ)
    if "PBS_JOBID" in environ:
        return _pbs(environ, read)
    return None


def _slurm(environ: Mapping[str, str]) -> Allocation:
    nodes_text = _needed(environ, "SLURM_JOB_NODELIST", "SLURM_JOB_ID")
    cpus_text = environ.get("SLURM_JOB_CPUS_PER_NODE", "")
    try:
        nodes = expand(nodes_text)
        cpus = expand_counts(cpus_text) if cpus_text else ()
    except ValueError as error:
        raise NotReadyError(
            f"SLURM_JOB_NODELIST={nodes_text} SLURM_JOB_CPUS_PER_NODE={cpus_text}:"
            f" {error}; start in a shell that has Slurm's own variables"
        ) from error
    if cpus and len(cpus) != len(nodes):
        raise NotReadyError(
            f"SLURM_JOB_CPUS_PER_NODE={cpus_text} is for {len(cpus)} nodes,"
            f" SLURM_JOB_NODELIST={nodes_text} names {len(nodes)}; start in a shell"
            " that has Slurm's own variables"
        )
    return Allocation(
        scheduler=Scheduler.SLURM,
        job=environ["SLURM_JOB_ID"],
        nodes=nodes,
        cpus=cpus,
        within_step="SLURM_STEP_ID" in environ,
    )


def _pbs(environ: Mapping[str, str], read: Callable[[str], bytes]) -> Allocation:
    """Read the node file, which repeats a node for each of its slots."""
    path = _needed(environ, "PBS_NODEFILE", "PBS_JOBID")
    try:
        names = lines_of(read(path))
    except OSError as error:
        raise NotReadyError(
            f"PBS_NODEFILE={path}: can't be read: {error.strerror};"
            " start on the first node of the job"
        ) from error
    except ValueError as error:
        raise NotReadyError(f"PBS_NODEFILE={path}: {error}") from error
    nodes = tuple(dict.fromkeys(names))
    if not nodes:
        raise NotReadyError(f"PBS_NODEFILE={path}: names no node")
    return Allocation(scheduler=Scheduler.PBS, job=environ["PBS_JOBID"], nodes=nodes)


def _needed(environ: Mapping[str, str], name: str, given: str) -> str:
    if not environ.get(name):
        raise NotReadyError(
            f"{given} is set, {name} is not; start in the job's own shell, or unset"
            f" {given} to start outside of it"
        )
    return environ[name]
