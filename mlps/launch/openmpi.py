"""Open MPI 4 and 5: `mpirun`."""

from mlps.launch.start import Argv, Start, Target

_SEAL_S = 5


def command(start: Start, target: Target) -> Argv:
    """Give mpirun's command line.

    A slot is what Open MPI believes a host may run: its cores, a host file's word or
    the tasks of a Slurm job. The plan alone decides that here, so each host is said to
    have as many as it gets ranks, and OVERSUBSCRIBE keeps an allocation from
    overruling it. Unless told not to, Open MPI binds two ranks or fewer to one core
    each, with all their threads.
    """
    per_host = start.ranks_per_host
    hosts = ",".join(f"{node}:{per_host}" for node in target.nodes or ("localhost",))
    return (
        target.launcher,
        *("--host", hosts),
        *("-n", str(start.ranks)),
        *("--map-by", f"ppr:{per_host}:node:OVERSUBSCRIBE"),
        *("--bind-to", "none"),
        *_grace(target.version),
        *(word for name in start.environment for word in ("-x", name)),
        *start.extra,
        *start.program,
    )


def _grace(version: str) -> Argv:
    """Let ranks seal when mpirun is told to end: it kills them after one second.

    Open MPI 5 has no setting for it.
    """
    old = version.startswith("4.")
    return ("--mca", "odls_base_sigkill_timeout", str(_SEAL_S)) if old else ()
