"""The process that writes evidence.h5: frames on stdin, answers on stdout.

It lives in its own session: when a launcher kills the ranks it sees its input
end, says which rank of its host died first, and closes the file as aborted.
"""

import hashlib
import json
import os
import select
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from mlps.evidence import BY_NAME
from mlps.evidence.reader import read
from mlps.evidence.writer import EvidenceWriter
from mlps.plan import parse
from mlps.summary import summarize
from runner.deathwatch import Death, Deathwatch
from runner.observers.observatory import Observatory

FLUSH_INTERVAL_S = 5.0
# A flush writes the whole file: a large one is written less often. Rows still join
# the image in memory after each interval, where they take a tenth of their size.
FLUSH_BYTES_PER_S = 4_000_000
_PIECE_BYTES = 1 << 20
# Its own file is no stranger's: what it wrote it can read.
_OWN_BYTES = 1 << 40
_NOTICE_S = 0.5
_STDIN, _STDOUT = 0, 1


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


class Desk:
    """State of the process: the open file and the watch over the ranks."""

    def __init__(self) -> None:
        """No file is open yet."""
        self._file: RunFile | None = None
        self._watch: Deathwatch | None = None
        self._speaking = threading.Lock()

    def say(self, **answer: object) -> None:
        """Answer rank 0; when it is gone there is nobody to tell."""
        line = json.dumps(answer).encode() + b"\n"
        with self._speaking:
            try:
                while line:
                    line = line[os.write(_STDOUT, line) :]
            except BrokenPipeError:
                return

    def take(self, header: dict[str, Any], payload: bytes) -> None:
        """Do what a frame asks for."""
        file = self._file
        if header["do"] == "open":
            self._file = RunFile(Path(header["path"]), payload)
        elif header["do"] == "watch" and self._watch is None:
            self._watch = Deathwatch(header["name"], header["host"], self._tell)
            self.say(watching=True)
        elif header["do"] == "append" and file is not None:
            file.append(header["table"], payload)
        elif header["do"] == "observe" and file is not None:
            file.observe(Observatory(**header["watch"]))
        elif header["do"] == "seal" and file is not None:
            self._file = None
            file.end(header["outcome"], header["blamed_rank"], header["reason"])
            self.say(sealed=file.summarize())
        elif header["do"] == "seal":
            self.say(sealed=None)

    def flush_if_due(self) -> None:
        """Flush the open file once per interval."""
        if self._file is not None:
            self._file.flush_if_due()

    def abandoned(self) -> None:
        """Close a file that is open though the input has ended."""
        if self._file is None:
            return
        reason, blamed = "the driver (rank 0) ended without closing the run", -1
        death = self._watch.first(_NOTICE_S) if self._watch is not None else None
        if death is not None:
            reason, blamed = f"{death.text}; the launcher ended the world", death.rank
        self._file.end("aborted", blamed, reason)
        sys.stderr.write(
            f"mlps-runner: aborted: {reason}\n"
            f"  evidence is kept in {self._file.path.parent}\n"
            "  fix the cause and start the same command again: it resumes\n"
        )

    def _tell(self, death: Death) -> None:
        self.say(died=death.text, rank=death.rank)


def main() -> int:
    """Serve frames until the input ends."""
    desk = Desk()
    buffer = bytearray()
    try:
        while _serve(desk, buffer):
            desk.flush_if_due()
        desk.abandoned()
    except OSError as error:
        desk.say(failed=f"evidence.h5: {error.strerror or error}")
        return 4
    return 0


def _serve(desk: Desk, buffer: bytearray) -> bool:
    """Take what arrives within a second; False when the input has ended."""
    ready, _, _ = select.select([_STDIN], [], [], 1.0)
    if ready:
        piece = os.read(_STDIN, _PIECE_BYTES)
        if not piece:
            return False
        buffer += piece
    while (frame := _next_frame(buffer)) is not None:
        desk.take(*frame)
    return True


def _next_frame(buffer: bytearray) -> tuple[dict[str, Any], bytes] | None:
    if len(buffer) < 4:
        return None
    head_end = 4 + int.from_bytes(buffer[:4], "little")
    if len(buffer) < head_end:
        return None
    header = json.loads(buffer[4:head_end])
    end = head_end + header["payload_bytes"]
    if len(buffer) < end:
        return None
    payload = bytes(buffer[head_end:end])
    del buffer[:end]
    return header, payload


if __name__ == "__main__":
    sys.exit(main())
