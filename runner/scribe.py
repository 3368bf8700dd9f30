"""Rank 0's side of the evidence: hands rows to the scribe process.

The scribe process alone compresses and writes, so that rank 0's steps cost what
every rank's cost, and a killed rank 0 still leaves a closed file. Rows travel
over a pipe; a feeder thread writes it, the main thread never blocks.
"""

import json
import os
import queue
import secrets
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlps.errors import NotReadyError, RunFailedError
from mlps.evidence.table import StructArray
from mlps.plan import Sampler, plain

_START_S = 60.0
_LAUNCHER_PREFIXES = ("PMI", "MPI", "HYDI_", "OMPI_", "PMIX_", "PRTE_", "SLURM_")


class Scribe:
    """The scribe process; one run's evidence is open at a time."""

    def __init__(self) -> None:
        """Start the process with an environment no MPI would recognise."""
        env = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(_LAUNCHER_PREFIXES)
        }
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "runner.scribe_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=env,
            start_new_session=True,
        )
        self._frames: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._feeder = threading.Thread(target=self._feed, daemon=True)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._feeder.start()
        self._listener.start()

    def open(self, path: Path, plan_bytes: bytes) -> None:
        """Begin the evidence file of a run."""
        self._send({"do": "open", "path": str(path)}, plan_bytes)

    def watch(self, host: str) -> str:
        """Have the process watch the ranks of its host; they connect by the name."""
        name = secrets.token_hex(8)
        self._send({"do": "watch", "name": name, "host": host})
        try:
            answer = self._answers.get(timeout=_START_S)
        except queue.Empty:
            answer = {}
        if "watching" not in answer:
            raise NotReadyError(
                "the process that writes evidence.h5 did not start; see above"
            )
        return name

    def append(self, table: str, rows: StructArray) -> None:
        """Hand over rows of a table."""
        if len(rows):
            self._send({"do": "append", "table": table}, rows.tobytes())

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
    def is_alive(self) -> bool:
        """Say whether the process is still there."""
        return self._process.poll() is None

    def close(self) -> None:
        """Let the process finish and wait for it."""
        self._frames.put(None)
        self._feeder.join()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        self._listener.join()

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
            self._answers.put({"failed": "the process that writes evidence.h5 died"})

    def _listen(self) -> None:
        if self._process.stdout is None:
            raise RunFailedError("the scribe process has no output")
        for line in self._process.stdout:
            self._answers.put(json.loads(line))
