"""Rank 0's side of the evidence: hands rows to the scribe process.

The scribe process alone compresses and writes, so that rank 0's steps cost what
every rank's cost, and a killed rank 0 still leaves a closed file. Rows travel
over a pipe; a feeder thread writes it, the main thread never blocks.
"""

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mlps.errors import NotReadyError, RunFailedError
from mlps.evidence.table import StructArray
from mlps.plan import Sampler, plain
from runner.watch.hub import Charge
from runner.watch.inspection import Inspection, inspect
from runner.watch.watchpost import clean_environment

_START_S = 60.0
_CLOSE_S = 30.0


class Scribe:
    """The scribe process; one run's evidence is open at a time."""

    def __init__(self) -> None:
        """Start the process with an environment no MPI would recognise."""
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "runner.record.scribe_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=clean_environment(),
            start_new_session=True,
        )
        self._heard_s = time.monotonic()
        self._frames: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._feeder = threading.Thread(target=self._feed, daemon=True)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._feeder.start()
        self._listener.start()

    def open(self, path: Path, plan_bytes: bytes) -> None:
        """Begin the evidence file of a run."""
        self._send({"do": "open", "path": str(path)}, plan_bytes)

    def watch(self, charge: Charge) -> int:
        """Have the process watch ranks and hosts; return the port of its hub."""
        self._send({"do": "watch", "charge": asdict(charge)})
        try:
            answer = self._answers.get(timeout=_START_S)
        except queue.Empty:
            answer = {}
        if "watching" not in answer:
            raise NotReadyError(
                "the process that writes evidence.h5 did not start; see above"
            )
        return int(answer["watching"])

    def beat(self, at: str) -> None:
        """Rank 0 lives, and is at this point."""
        self._send({"do": "beat", "at": at})

    def inspect(self, rank: int, node: int) -> None:
        """Have a rank's process looked at; the answer arrives through `answers`."""
        self._send({"do": "inspect", "rank": rank, "node": node})

    def ending(self) -> None:
        """Have the process end the world, should it not end now by itself."""
        self._send({"do": "ending"})

    def append(self, table: str, rows: StructArray) -> None:
        """Hand over rows of a table."""
        self.append_bytes(table, rows.tobytes())

    def append_bytes(self, table: str, rows: bytes) -> None:
        """Hand over rows as they travel."""
        if rows:
            self._send({"do": "append", "table": table}, rows)

    def observe(self, hosts: Sequence[str], first_node: int, sampler: Sampler) -> None:
        """Have hosts without ranks sampled until the file is sealed."""
        watch = {"hosts": list(hosts), "first_node": first_node, **plain(sampler)}
        self._send({"do": "observe", "watch": watch})

    def seal(self, outcome: str, blamed_rank: int, reason: str) -> None:
        """End the run's file; the answer arrives through `answers`."""
        self._send(
            {
                "do": "seal",
                "outcome": outcome,
                "blamed_rank": blamed_rank,
                "reason": reason,
            }
        )

    def answers(self) -> Sequence[dict[str, Any]]:
        """Return what the process said since the last call."""
        said = []
        while not self._answers.empty():
            said.append(self._answers.get())
        return said

    @property
    def quiet_s(self) -> float:
        """Seconds since anything was heard of the process; it beats once a second."""
        return time.monotonic() - self._heard_s

    def look(self) -> Inspection:
        """Look at the process from here."""
        return inspect(0, self._process.pid, None)

    def kill(self) -> None:
        """End a process that does not answer: it would hold the launcher's stderr."""
        self._process.kill()

    @property
    def is_alive(self) -> bool:
        """Say whether the process is still there."""
        return self._process.poll() is None

    def close(self) -> None:
        """Let the process finish and wait for it; all its files are closed already."""
        self._send({"do": "dismiss"})
        self._frames.put(None)
        self._feeder.join(_CLOSE_S)
        try:
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process.wait(_CLOSE_S)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self._process.kill()

    def _send(self, header: dict[str, Any], payload: bytes = b"") -> None:
        head = json.dumps(header | {"payload_bytes": len(payload)}).encode()
        self._frames.put(len(head).to_bytes(4, "little") + head + payload)

    def _feed(self) -> None:
        pipe = self._process.stdin
        if pipe is None:
            raise RunFailedError("the scribe process has no pipe")
        try:
            while (frame := self._frames.get()) is not None:
                pipe.write(frame)
                if self._frames.empty():
                    pipe.flush()
            pipe.flush()
        except BrokenPipeError:
            self._answers.put({"failed": self._obituary()})

    def _obituary(self) -> str:
        process = self._process
        try:
            status = process.wait(1.0)
        except subprocess.TimeoutExpired:
            return f"the process that writes evidence.h5 (pid {process.pid}) hung up"
        how = f"signal {-status}" if status < 0 else f"status {status}"
        return f"the process that writes evidence.h5 (pid {process.pid}) died: {how}"

    def _listen(self) -> None:
        if self._process.stdout is None:
            raise RunFailedError("the scribe process has no output")
        for line in self._process.stdout:
            self._heard_s = time.monotonic()
            answer = json.loads(line)
            if "alive" not in answer:
                self._answers.put(answer)
        self._answers.put({"failed": self._obituary()})
