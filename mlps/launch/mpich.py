"""MPICH: Hydra's `mpiexec`."""

from mlps.launch.start import Argv, Start, Target


def command(start: Start, target: Target) -> Argv:
    """Give mpiexec's command line.

    Hydra passes its whole environment on unless a list of names restricts it, so names
    to forward become `-genvall`, never `-genvlist`.
    """
    return (
        target.launcher,
        *("-hosts", ",".join(target.nodes or ("localhost",))),
        *("-n", str(start.ranks)),
        *("-ppn", str(start.ranks_per_host)),
        *("-bind-to", "none"),
        *(("-genvall",) if start.environment else ()),
        *start.extra,
        *start.program,
    )
