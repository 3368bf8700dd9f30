"""Slurm: `srun`, and the job script for `sbatch`."""

import shlex

from mlps.launch.start import SIGNAL_LEAD_S, Argv, Request, Start, Target

SUBMIT = "sbatch"


def command(start: Start, target: Target, request: Request) -> Argv:
    """Give srun's command line; outside of a job it asks for the nodes itself."""
    allocation = target.allocation
    asks = () if allocation else _asks(target, request)
    overlap = allocation is not None and allocation.within_step
    return (
        *_step(start, target, asks),
        # A step within a step would wait for the CPUs its parent holds.
        *(("--overlap",) if overlap else ()),
        *(("--nodelist=" + ",".join(target.nodes),) if target.nodes else ()),
        *start.extra,
        *start.program,
    )


def script(start: Start, target: Target, request: Request) -> str:
    """Give the text of a job script.

    The signal goes to the tasks of all steps, which are the ranks; with `B:` it would
    reach the batch shell alone.
    """
    directives = (
        f"--job-name={shlex.quote(start.name)}",
        f"--nodes={start.hosts}",
        f"--ntasks-per-node={start.ranks_per_host}",
        *_asks(target, request),
        *(("--nodelist=" + ",".join(target.nodes),) if target.nodes else ()),
        *request.directives,
    )
    step = (*_step(start, target, ()), *start.extra, *start.program)
    lines = ["#!/bin/bash", *(f"#SBATCH {text}" for text in directives)]
    return "\n".join([*lines, "exec " + shlex.join(step), ""])


def _asks(target: Target, request: Request) -> Argv:
    """Ask for whole nodes with all their memory, which the page cache counts as."""
    limit = request.time_limit
    return (
        "--exclusive",
        "--mem=0",
        *((f"--time={limit}", f"--signal=USR1@{SIGNAL_LEAD_S}") if limit else ()),
    )


def _step(start: Start, target: Target, asks: Argv) -> Argv:
    names = ",".join(start.environment)
    return (
        target.launcher,
        f"--nodes={start.hosts}",
        f"--ntasks={start.ranks}",
        f"--ntasks-per-node={start.ranks_per_host}",
        *asks,
        "--cpu-bind=none",
        *((f"--mpi={target.pmi}",) if target.pmi else ()),
        # Without it srun lets the other ranks wait for a dead one.
        "--kill-on-bad-exit=1",
        *((f"--export=ALL,{names}",) if names else ()),
    )
