"""`make faults`: inject every fault for real, and print what came of it."""

import argparse
import ctypes
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
import traceback
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from types import FrameType

from tests.faults import judgement, shim, table
from tests.faults.catalogue import FAULTS
from tests.faults.fault import Fault
from tests.faults.ground import Capability, may
from tests.faults.table import Row
from tests.faults.trial import hold
from tests.faults.world import TrialError

_CLONE_NEWNS = 0x20000
_INTERRUPTED = 130


def main() -> int:
    """Hold the trials of all faults, or of those whose name matches a pattern."""
    parser = argparse.ArgumentParser(prog="faults", description=main.__doc__)
    parser.add_argument("pattern", nargs="*", help="regular expression of a name")
    parser.add_argument("--jobs", type=int, default=2, help="trials at a time (2)")
    asked = parser.parse_args()
    chosen = [
        fault
        for fault in FAULTS
        if not asked.pattern or any(re.search(p, fault.name) for p in asked.pattern)
    ]
    if not chosen:
        parser.error("no fault has such a name")
    for number in (signal.SIGINT, signal.SIGTERM):
        # A shell that starts us in its background has us ignore SIGINT, and all ranks.
        signal.signal(number, _interrupt)
    if may(Capability.SYS_ADMIN):
        _own_mounts()
    with tempfile.TemporaryDirectory(prefix="mlps-faults-") as folder:
        rows = _held(chosen, Path(folder), asked.jobs)
    sys.stdout.write(table.render(rows) + "\n")
    return int(any(row.failed for row in rows))


def _own_mounts() -> None:
    """Keep all mounts to these processes: the kernel takes them away with us.

    MPI leaves its shared memory behind in /dev/shm when a world is aborted, so this
    suite has one of its own.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS):
        number = ctypes.get_errno()
        raise OSError(number, f"unshare: {os.strerror(number)}")
    for command in (
        ["mount", "--make-rprivate", "/"],
        ["mount", "-t", "tmpfs", "tmpfs", "/dev/shm"],
    ):
        subprocess.run(command, check=True)


def _held(faults: list[Fault], folder: Path, jobs: int) -> list[Row]:
    """Hold the trials; rows come back in the order of the faults."""
    library = shim.build(folder)
    rows: dict[str, Row] = {}
    with ProcessPoolExecutor(jobs, initializer=_ready) as pool:
        try:
            tried = {
                pool.submit(_in_worker, fault, folder / f"{number:02d}", library): fault
                for number, fault in enumerate(faults)
            }
            for done in as_completed(tried):
                row = rows[tried[done].name] = done.result()
                sys.stderr.write(f"{row.mark:<4}  {row.fault.name}\n")
        except BaseException:
            for worker in multiprocessing.active_children():
                worker.terminate()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return [rows[fault.name] for fault in faults]


def _in_worker(fault: Fault, folder: Path, library: Path | None) -> Row:
    """Hold a trial; a worker that is told to end takes up no other."""
    try:
        return _row(fault, folder, library)
    except KeyboardInterrupt:
        os._exit(_INTERRUPTED)


def _row(fault: Fault, folder: Path, library: Path | None) -> Row:
    why = fault.skipped or fault.injection.missing()
    if why or fault.expected is None:
        return Row(fault=fault, mark="skip", seen=why)
    try:
        trial = hold(fault, folder, library)
    except TrialError as error:
        return Row(fault=fault, mark="FAIL", seen="no trial", output=str(error))
    except (OSError, ValueError, subprocess.SubprocessError):
        told = traceback.format_exc()
        return Row(fault=fault, mark="FAIL", seen="no trial", output=told)
    verdict = judgement.judge(fault.expected, trial)
    return Row(
        fault=fault,
        mark="ok" if verdict.passed else "FAIL",
        expected=verdict.expected,
        seen=verdict.seen,
        seconds=trial.hit.seconds,
        kept_bytes=trial.left.run.kept_bytes,
        output=trial.said,
    )


def _ready() -> None:
    """Let a worker that is told to end clean up after its trial."""
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
