"""Becoming another program: its signals and its exit status are ours."""

import os
import shutil
import sys
import tempfile

from mlps.errors import NotReadyError
from mlps.launch.start import Argv


def become(command: Argv) -> None:
    """Replace this process by the command."""
    if shutil.which(command[0]) is None:
        raise NotReadyError(
            f"{command[0]}: no such program here; load the module or install the"
            " package that has it, or start on a node that has it"
        )
    sys.stdout.flush()
    sys.stderr.flush()
    os.execvp(command[0], command)


def become_submission(submit: str, script: str) -> None:
    """Replace this process by the scheduler's submit program, which reads the script.

    The script is an unnamed file on its standard input, so nothing is left behind.
    """
    with tempfile.TemporaryFile() as file:
        file.write(script.encode())
        file.flush()
        file.seek(0)
        os.dup2(file.fileno(), sys.stdin.fileno())
    become((submit,))
