"""Ranks per host against the plan."""

from collections.abc import Iterator

from mlps.plan import Plan
from runner.rehearsal.row import Row, error, ok
from runner.world.place import Place

_CHECK = "ranks"


def check_placement(plan: Plan, place: Place) -> Iterator[Row]:
    """Compare the ranks of this host, and the hosts, with the plan."""
    asked = plan.system.accelerators_per_host
    if place.local_ranks != asked:
        yield error(
            _CHECK,
            f"ranks on this host: {place.local_ranks}, the plan says {asked}",
            "set the launcher's ranks per host (Open MPI: --map-by"
            f" ppr:{asked}:node, MPICH: -ppn {asked}, Slurm:"
            f" --ntasks-per-node={asked}), or compile with"
            f" system.accelerators_per_host={place.local_ranks}",
        )
    else:
        yield ok(_CHECK, f"{place.local_ranks} on this host, as the plan says")
    if place.node_count > 1 and not plan.system.data_shared:
        yield error(
            _CHECK,
            f"system.data_shared is false, but there are {place.node_count} hosts",
            "several hosts need one shared data path: system.data_shared=true",
        )
