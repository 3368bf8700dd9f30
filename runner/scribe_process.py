"""The process that writes evidence.h5: frames on stdin, answers on stdout.

It lives in its own session: when a launcher kills the ranks it sees its input
end, notes which rank of its host died first, and closes the file as aborted.
"""

import hashlib
import json
import os
import selectors
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from mlps.evidence import BY_NAME
from mlps.evidence.reader import read
from mlps.evidence.writer import EvidenceWriter
from mlps.plan import parse
from mlps.summary import summarize

FLUSH_INTERVAL_S = 5.0
INPUT = "input"
_PIPE_GONE = "the driver (rank 0) ended without closing the run"


class _RunFile:
    """The evidence file of the run in progress."""

    def __init__(self, path: Path, plan_bytes: bytes) -> None:
        self.path = path
        self.writer = EvidenceWriter(path)
        self.next_flush_s = time.monotonic() + FLUSH_INTERVAL_S
        rows = np.frombuffer(plan_bytes, dtype=BY_NAME["plan"].dtype)
        self.writer.append("plan", rows)
        self.writer.flush()

    def append(self, table: str, payload: bytes) -> None:
        self.writer.append(table, np.frombuffer(payload, BY_NAME[table].dtype))

    def flush_if_due(self) -> None:
        now_s = time.monotonic()
        if now_s >= self.next_flush_s:
            self.writer.flush()
            self.next_flush_s = now_s + FLUSH_INTERVAL_S

    def end(self, outcome: str, blamed_rank: int, reason: str) -> None:
        row = (outcome.encode(), blamed_rank, reason.encode()[:512], time.time_ns())
        self.writer.append("outcome", np.array([row], BY_NAME["outcome"].dtype))
        self.writer.close()

    def summarize(self) -> dict[str, Any]:
        """Recompute the summary from the closed file, as any reader would."""
        evidence = read(self.path)
        plan = parse(evidence.plan_bytes, str(self.path)).plan
        with self.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return summarize(plan, evidence.tables) | {
            "evidence_sha256": digest,
            "chain_head": evidence.chain_head,
        }


class _Desk:
    """State of the process: the open file and the ranks that are watched."""

    def __init__(self, answers: BinaryIO) -> None:
        self.answers = answers
        self.file: _RunFile | None = None
        self.selector = selectors.DefaultSelector()
        self.first_dead: int | None = None

    def say(self, **answer: object) -> None:
        try:
            self.answers.write(json.dumps(answer).encode() + b"\n")
            self.answers.flush()
        except BrokenPipeError:
            self.answers = Path(os.devnull).open("wb")  # noqa: SIM115 - rank 0 is gone

    def take(self, header: dict[str, Any], payload: bytes) -> None:
        match header["do"]:
            case "open":
                self.file = _RunFile(Path(header["path"]), payload)
            case "watch":
                self.watch({int(r): p for r, p in header["pids"].items()})
            case "append" if self.file is not None:
                self.file.append(header["table"], payload)
            case "seal" if self.file is not None:
                file, self.file = self.file, None
                file.end(header["outcome"], header["blamed_rank"], header["reason"])
                self.say(sealed=file.summarize())

    def watch(self, pids: dict[int, int]) -> None:
        for rank, pid in pids.items():
            descriptor = os.pidfd_open(pid)
            self.selector.register(descriptor, selectors.EVENT_READ, data=rank)

    def look_for_dead(self) -> None:
        """Note the first watched rank that died, and forget those that did."""
        for key, _ in self.selector.select(0):
            if key.data == INPUT:
                continue
            if self.first_dead is None:
                self.first_dead = key.data
                self.say(died=key.data)
            self.selector.unregister(key.fileobj)
            os.close(key.fd)

    def abandoned(self) -> None:
        """Close the file after the input ended in the middle of a run."""
        if self.file is None:
            return
        self.look_for_dead()
        reason = _PIPE_GONE
        if self.first_dead is not None:
            reason = f"rank {self.first_dead} died; {_PIPE_GONE}"
        blamed = -1 if self.first_dead is None else self.first_dead
        self.file.end("aborted", blamed, reason)
        sys.stderr.write(
            f"mlps-runner: aborted: {reason}. Evidence is kept in {self.file.path};"
            " start the same command again to resume.\n"
        )


def main() -> int:
    """Serve frames until the input ends."""
    desk = _Desk(sys.stdout.buffer)
    source = sys.stdin.fileno()
    desk.selector.register(source, selectors.EVENT_READ, data=INPUT)
    buffer = bytearray()
    try:
        while _serve(desk, source, buffer):
            if desk.file is not None:
                desk.file.flush_if_due()
        desk.selector.unregister(source)
        desk.abandoned()
    except OSError as error:
        desk.say(failed=f"evidence.h5: {error.strerror or error}")
        return 4
    return 0


def _serve(desk: _Desk, source: int, buffer: bytearray) -> bool:
    """Take what arrives within a second; False when the input has ended."""
    ready = {key.data for key, _ in desk.selector.select(timeout=1.0)}
    if INPUT in ready:
        piece = os.read(source, 1 << 20)
        if not piece:
            return False
        buffer += piece
    if ready - {INPUT}:
        desk.look_for_dead()
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
