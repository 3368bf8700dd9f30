"""Ending the whole world from one rank."""

import os
import sys
import time
from typing import Any, NoReturn

_DRAIN_S = 0.5


def abort_world(comm: Any, status: int) -> NoReturn:  # noqa: ANN401 - communicator
    """Abort all ranks with this exit status; never returns.

    A launcher that is told to abort may drop output it has not passed on yet, and
    may let MPI_Abort return before it kills the process.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    time.sleep(_DRAIN_S)
    comm.Abort(status)
    os._exit(status)
