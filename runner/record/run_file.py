"""The evidence file of the run in progress, as the scribe process keeps it."""

import hashlib
import time
from pathlib import Path
from typing import Any

import numpy as np

from mlps.evidence import BY_NAME
from mlps.evidence.reader import read
from mlps.evidence.writer import EvidenceWriter
from mlps.plan import parse
from mlps.summary import summarize
from runner.record.observers.observatory import Observatory

FLUSH_INTERVAL_S = 5.0
# A flush writes the whole file: a large one is written less often. Rows still join
# the image in memory after each interval, where they take a tenth of their size.
FLUSH_BYTES_PER_S = 4_000_000
# Its own file is no stranger's: what it wrote it can read.
_OWN_BYTES = 1 << 40


class RunFile:
    """The evidence file of the run in progress."""

    def __init__(self, path: Path, plan_bytes: bytes) -> None:
        """Create it with the plan in it."""
        self.path = path
        self._writer = EvidenceWriter(path)
        self._observers: Observatory | None = None
        self._next_settle_s = time.monotonic() + FLUSH_INTERVAL_S
        self._next_flush_s = self._next_settle_s
        self.append("plan", plan_bytes)
        self._writer.flush()

    def append(self, table: str, payload: bytes) -> None:
        """Take rows as they travelled."""
        self._writer.append_bytes(table, payload)

    def observe(self, observatory: Observatory) -> None:
        """Have hosts without ranks sampled until the end."""
        self._observers = observatory
        observatory.start()

    def flush_if_due(self) -> None:
        """Bring what came to the disk once per interval."""
        self._take_observed()
        now_s = time.monotonic()
        if now_s < self._next_settle_s:
            return
        self._next_settle_s = now_s + FLUSH_INTERVAL_S
        self._writer.settle()
        if now_s >= self._next_flush_s:
            self._writer.flush()
            interval_s = self._writer.image_bytes / FLUSH_BYTES_PER_S
            self._next_flush_s = time.monotonic() + max(FLUSH_INTERVAL_S, interval_s)

    def end(self, outcome: str, blamed_rank: int, reason: str) -> None:
        """Write how it ended, and close."""
        if self._observers is not None:
            self._observers.stop()
            self._take_observed()
        row = (outcome.encode(), blamed_rank, reason.encode()[:512], time.time_ns())
        self._writer.append("outcome", np.array([row], BY_NAME["outcome"].dtype))
        self._writer.close()

    def lose(self) -> None:
        """Leave it as it is on the disk; nothing more is taken for it."""
        if self._observers is not None:
            self._observers.stop()

    def _take_observed(self) -> None:
        if self._observers is not None:
            for table, rows in self._observers.take().items():
                self._writer.append(table, rows)

    def summarize(self) -> dict[str, Any]:
        """Recompute the summary from the closed file, as any reader would."""
        evidence = read(self.path, _OWN_BYTES)
        plan = parse(evidence.plan_bytes, str(self.path)).plan
        with self.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return summarize(plan, evidence.tables) | {
            "evidence_sha256": digest,
            "chain_head": evidence.chain_head,
        }
