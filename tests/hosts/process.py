"""Commands with a status, two texts, a time, and an end."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a command ended; a status of None: it did not end by itself in time."""

    status: int | None
    stdout: str
    stderr: str
    seconds: float

    def require(self) -> "Outcome":
        """Fail with the words of the command if it failed."""
        if self.status != 0:
            raise RuntimeError(f"status {self.status}: {self.stderr or self.stdout}")
        return self


def run(*words: str, timeout_s: float = 30) -> Outcome:
    """Run a command to its end."""
    start_s = time.monotonic()
    said = subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    return Outcome(
        status=said.returncode,
        stdout=said.stdout,
        stderr=said.stderr,
        seconds=time.monotonic() - start_s,
    )


class Running:
    """A command that goes on while something is done to it."""

    def __init__(self, words: list[str], logs: Path, env: dict[str, str]) -> None:
        """Start it; what it says goes to files below `logs`."""
        logs.mkdir(parents=True)
        self._out, self._talk = logs / "stdout", logs / "stderr"
        self._start_s = time.monotonic()
        with self._out.open("w") as out, self._talk.open("w") as talk:
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=talk,
                env=env,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def said(self) -> str:
        """What it has said so far, on both streams."""
        return self._out.read_text() + self._talk.read_text()

    @property
    def has_ended(self) -> bool:
        """Say whether it has ended."""
        return self._process.poll() is not None

    def end(self, timeout_s: float) -> Outcome:
        """Wait for its end; past the time, end it and say that it had to be ended."""
        try:
            status: int | None = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            status = None
        seconds = time.monotonic() - self._start_s
        if status is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        return Outcome(
            status=status,
            stdout=self._out.read_text(),
            stderr=self._talk.read_text(),
            seconds=seconds,
        )


def wait_for(happened: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Wait until something happened; TimeoutError names what did not."""
    end_s = time.monotonic() + timeout_s
    while not happened():
        if time.monotonic() > end_s:
            raise TimeoutError(f"not within {timeout_s:.0f} s: {what}")
        time.sleep(0.1)
