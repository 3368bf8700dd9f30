"""A started mpirun: its processes, its output, its end."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.conftest import BIN
from tests.faults.ground import TAG, Ground

_POLL_S = 0.02
RANKS = 2


class TrialError(Exception):
    """The trial could not be held: this is no outcome of the fault."""


class World:
    """One start of the campaign on two ranks."""

    def __init__(
        self,
        ground: Ground,
        name: str,
        launcher: Sequence[str] = (),
        wrappers: Sequence[Sequence[str]] = ((), ()),
    ) -> None:
        """Start it; `wrappers` has the words before the command of each rank."""
        self._ground = ground
        self.path = ground.folder / f"{name}.out"
        runner = [str(BIN / "mlps-runner"), str(ground.plan)]
        command = [*launcher, str(BIN / "mpirun")]
        for rank, wrapper in enumerate(wrappers):
            command += [":"] * bool(rank) + ["-n", "1", *wrapper, *runner]
        with self.path.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ground.folder,
                env=ground.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pids: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Kill what is left of the trial, and reap mpirun."""
        for pid, _, _ in processes(self._ground.tag):
            _kill(pid)
        self.process.wait()

    def look(self) -> None:
        """Note the process ids of ranks and scribe."""
        for pid, command, environ in processes(self._ground.tag):
            rank = re.search(rb"\0PMI_RANK=(\d+)", environ)
            if b"runner.record.scribe_process" in command:
                self.pids["scribe"] = pid
            elif rank and b"mlps-runner" in command and b"mpirun" not in command:
                self.pids[f"pid{int(rank[1])}"] = pid

    def wait_until(self, condition: Callable[[], bool], timeout_s: float) -> None:
        """Wait for a condition; TrialError if the world ends or it takes too long."""
        deadline_s = time.monotonic() + timeout_s
        while not condition():
            if self.process.poll() is not None:
                raise TrialError(f"the world ended too early:\n{self.output}")
            if time.monotonic() > deadline_s:
                raise TrialError(f"not reached in {timeout_s:.0f} s:\n{self.output}")
            time.sleep(_POLL_S)

    def read_bytes(self) -> int:
        """Bytes that rank 1 has read so far, from whatever it may be."""
        try:
            said = Path(f"/proc/{self.pids['pid1']}/io").read_text()
        except (KeyError, OSError) as error:
            raise TrialError(f"no rank 1 to look at:\n{self.output}") from error
        return int(said.split()[1])

    def wait(self, timeout_s: float) -> int | None:
        """Wait for mpirun's own end; None when it did not end."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def stragglers(self, patience_s: float) -> int:
        """Count processes that outlive mpirun, after some patience."""
        deadline_s = time.monotonic() + patience_s
        while left := sum(1 for _ in processes(self._ground.tag)):
            if time.monotonic() > deadline_s:
                return left
            time.sleep(_POLL_S)
        return 0

    @property
    def output(self) -> str:
        """What was said so far, on stdout and stderr."""
        return self.path.read_text(encoding="utf-8", errors="replace")


def processes(tag: str) -> Iterator[tuple[int, bytes, bytes]]:
    """Go through the processes of a trial: id, command line, environment."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environ = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if f"{TAG}={tag}".encode() in environ:
            yield int(process.name), command, environ


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
