"""campaign.jsonl: every start of a campaign, also the failed ones, append only.

Each line holds the SHA-256 of the line before it, so that a removed or edited
line shows. A torn last line (a crash while writing) is put aside, not repaired.
"""

import fcntl
import hashlib
import itertools
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlps.errors import NotReadyError, RunFailedError


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One line: what happened to which run."""

    event: str
    run: int | None
    run_id: str
    detail: str


class Ledger:
    """The open ledger of a campaign; holding it open locks the campaign."""

    def __init__(self, path: Path) -> None:
        """Open and lock; NotReadyError when another driver holds it."""
        self.path = path
        with ExitStack() as closing:
            # Unbuffered: what could not be written must not be tried again later.
            self._file = closing.enter_context(path.open("a+b", buffering=0))
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise NotReadyError(
                    f"{path}: another mlps-runner is executing this campaign;"
                    " wait for it"
                ) from error
            self._file.seek(0)
            lines = self._file.read().split(b"\n")
            torn = lines.pop()
            self._previous = lines[-1] if lines else b""
            self.entries = list(_read(path, lines))
            closing.pop_all()
        if torn:
            self._write(b"\n")
            self._previous = torn
            self.append("torn", detail="the last line was cut off by a crash")

    def close(self) -> None:
        """Close and unlock."""
        self._file.close()

    def append(
        self, event: str, run: int | None = None, run_id: str = "", detail: str = ""
    ) -> None:
        """Append one line and bring it to the disk."""
        data: dict[str, Any] = {
            "event": event,
            "run": run,
            "run_id": run_id,
            "wall_ns": time.time_ns(),
            "detail": detail,
            "previous": hashlib.sha256(self._previous).hexdigest()
            if self._previous
            else "",
        }
        line = json.dumps(data, ensure_ascii=False).encode()
        self._write(line + b"\n")
        self._previous = line
        self.entries.append(_entry(data))

    def _write(self, data: bytes) -> None:
        """Append and sync all of it, or take back what got there of it."""
        whole_bytes = os.fstat(self._file.fileno()).st_size
        try:
            left = data
            while left:
                left = left[self._file.write(left) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            # What stays of the line if this fails, too, is torn at the next start.
            with suppress(OSError):
                self._file.truncate(whole_bytes)
            raise RunFailedError(
                f"{self.path}: cannot be written: {error.strerror}"
                f" (errno {error.errno}); free space there or mend it"
            ) from error

    def open_runs(self) -> list[LedgerEntry]:
        """List runs that were started and have no end in the ledger."""
        ended = {e.run_id for e in self.entries if e.event in _ENDS}
        return [
            e
            for e in self.entries
            if e.event == "run_started" and e.run_id not in ended
        ]

    def sealed_runs(self) -> dict[int, str]:
        """Return number and run id of the last sealed attempt of each run."""
        return {
            e.run: e.run_id
            for e in self.entries
            if e.event == "run_sealed" and e.run is not None
        }


def _read(path: Path, lines: Sequence[bytes]) -> Iterator[LedgerEntry]:
    """Read all lines but those a crash cut off, which a `torn` event follows."""
    for line, after in itertools.pairwise([*lines, b""]):
        if after.startswith(b'{"event": "torn"'):
            continue
        try:
            yield _entry(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            raise NotReadyError(
                f"{path}: damaged: {line[:60]!r} is no ledger line; put the ledger back"
                " as the runner wrote it, or choose another --results"
            ) from error


_ENDS = ("run_sealed", "run_aborted")


def _entry(data: dict[str, Any]) -> LedgerEntry:
    return LedgerEntry(
        event=data["event"],
        run=data["run"],
        run_id=data["run_id"],
        detail=data["detail"],
    )
