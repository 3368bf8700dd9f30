"""The `mlps-runner` command: start it under mpirun with a plan."""

import os
import sys
import traceback
from pathlib import Path

import click

from mlps.errors import RunFailedError


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("plan", type=click.Path(path_type=Path))
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    help="Directory for campaign directories [default: results beside PLAN].",
)
@click.option(
    "--rehearse",
    is_flag=True,
    help="Only check launcher, hosts and paths: READY, or what must be mended.",
)
@click.version_option(package_name="mlps")
def command(plan: Path, results: Path | None, *, rehearse: bool) -> None:
    """Execute PLAN, one rank per emulated accelerator: mpirun -n N mlps-runner PLAN.

    Relative paths in the plan are relative to the plan file. Starting the same
    command again resumes: sealed runs are kept, aborted ones are redone.
    """
    import mpi4py  # noqa: PLC0415 - importing MPI initialises it: after --help

    mpi4py.rc.thread_level = "funneled"
    from mpi4py import MPI  # noqa: PLC0415

    from runner.driver import drive  # noqa: PLC0415
    from runner.world.abort import abort_world  # noqa: PLC0415
    from runner.world.signals import Signals  # noqa: PLC0415

    world = MPI.COMM_WORLD
    signals = Signals()
    signals.route()
    shared = world.Split_type(MPI.COMM_TYPE_SHARED)
    try:
        status = drive(world, shared, plan, results, signals, rehearsing=rehearse)
    except BaseException:  # noqa: BLE001 - else the other ranks would wait for ever
        traceback.print_exc()
        abort_world(world, RunFailedError.exit_status)
    sys.exit(status)


def main() -> None:
    """Run the command; errors of usage end with status 2, and only rank 0 tells."""
    try:
        command.main(standalone_mode=False)
    except click.ClickException as error:
        if _launched_rank() == 0:
            error.show()
        sys.exit(error.exit_code)


def _launched_rank() -> int:
    """Rank by the launcher's word, before MPI is there."""
    for name in ("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK", "SLURM_PROCID"):
        if name in os.environ:
            return int(os.environ[name])
    return 0
