"""HPE PALS: its `mpiexec`, and the job script for PBS."""

import shlex

from mlps.launch.start import (
    SIGNAL_LEAD_S,
    Argv,
    Request,
    Start,
    Target,
    seconds_of,
)

SUBMIT = "qsub"


def command(start: Start, target: Target) -> Argv:
    """Give mpiexec's command line; in a job it reads the node file itself."""
    return (
        target.launcher,
        *("-n", str(start.ranks)),
        *("--ppn", str(start.ranks_per_host)),
        *(("--hosts", ",".join(target.nodes)) if target.nodes else ()),
        *("--cpu-bind", "none"),
        *(("--envall",) if start.environment else ()),
        *start.extra,
        *start.program,
    )


def script(start: Start, target: Target, request: Request) -> str:
    """Give the text of a PBS job script.

    PBS has no signal before the time limit and kills seconds after it, so `timeout`
    tells mpiexec in time; its status stays the job's.
    """
    ranks, limit = start.ranks_per_host, request.time_limit
    chunk = f"ncpus={ranks}:mpiprocs={ranks}"
    chunks = (
        "+".join(f"1:{chunk}:host={node}" for node in target.nodes)
        or f"{start.hosts}:{chunk}"
    )
    directives = (
        "-N mlps",
        f"-l select={chunks}",
        "-l place=scatter:excl",
        *((f"-l walltime={limit}",) if limit else ()),
        *((f"-v {','.join(start.environment)}",) if start.environment else ()),
        *request.directives,
    )
    words = shlex.join(command(start, Target(launcher=target.launcher)))
    lines = ["#!/bin/bash", *(f"#PBS {text}" for text in directives)]
    return "\n".join([*lines, f"exec {_stopped_before(limit)}{words}", ""])


def _stopped_before(limit: str) -> str:
    if not limit:
        return ""
    after_s = seconds_of(limit) - SIGNAL_LEAD_S
    return f"timeout --preserve-status --signal=TERM {after_s} "
