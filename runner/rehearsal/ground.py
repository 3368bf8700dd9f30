"""What one rank checks of its own ground before the first byte.

Every check returns rows, none raises: all errors of all ranks are shown together.
Each says what is wrong, where, and what to do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlps.plan import Plan
from runner.rehearsal.memory import check_host_memory
from runner.rehearsal.paths import check_data_path, check_results
from runner.rehearsal.placement import check_placement
from runner.rehearsal.row import Row, errors
from runner.rehearsal.space import check_dataset_space
from runner.world.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where this rank will work."""

    data_root: Path
    results_root: Path
    data_bytes_to_write: int


def check(plan: Plan, place: Place, ground: Ground) -> list[Row]:
    """Check the ground of one rank; gives only what is wrong."""
    return list(errors(look(plan, place, ground)))


def look(plan: Plan, place: Place, ground: Ground) -> Iterator[Row]:
    """Check the ground of one rank; what is done once per host, its first rank does."""
    yield from check_placement(plan, place)
    if place.leads_node:
        yield check_host_memory(plan)
        yield check_dataset_space(ground.data_root, ground.data_bytes_to_write)
    yield from check_data_path(plan, ground.data_root)
    if place.rank == 0:
        yield from check_results(plan, ground.data_root, ground.results_root)
