"""The connection to one host: asked for samples, heard, lost, tried again.

Nothing here waits. The observatory calls `check` now and then, `ask` on its schedule,
and what the selector holds when a pipe can be read.
"""

import os
import re
import selectors
import subprocess
import time
from dataclasses import dataclass

from mlps.evidence import StructArray
from runner.record.observers.answer import AnswerError, Incoming, answer_of
from runner.record.observers.axis import Axis
from runner.record.observers.connection import CONNECT_S, SCRIPT, command

NS_PER_S = 10**9
PATIENCE_S = 10.0
"""So long an answer may take; ssh itself gives up a dead connection after 15 s."""
_START_S = CONNECT_S + 5.0
_FIRST_RETRY_S, _LAST_RETRY_S = 5.0, 60.0
_PIECE_BYTES = 1 << 16
_SAID_BYTES = 2000
_UNSHOWN = re.compile(r"[^ -~]+")


@dataclass(slots=True)
class Tally:
    """What came of asking a host."""

    samples: int = 0
    missed: int = 0
    losses: int = 0
    boots: int = 0
    """Different boots seen in a row; 1 when the host was not booted meanwhile."""
    error_total_ns: int = 0
    error_most_ns: int = 0

    def count(self, error_ns: int) -> None:
        """Count a sample whose time is known within `error_ns`."""
        self.samples += 1
        self.error_total_ns += error_ns
        self.error_most_ns = max(self.error_most_ns, error_ns)


class Line:
    """One host; `failure` is why it was lost the first time, "" when it never was."""

    def __init__(
        self, node: int, host: str, selector: selectors.BaseSelector, max_samples: int
    ) -> None:
        """Nothing is started before `connect`."""
        self.node, self.host = node, host
        self.tally = Tally()
        self.axis = Axis()
        self.failure = ""
        self._selector = selector
        self._max_samples = max_samples
        self._process: subprocess.Popen[bytes] | None = None
        self._incoming = Incoming()
        self._raw: bytes | None = None
        self._said = b""
        self._number = self._sent_ns = self._received_ns = 0
        self._deadline_ns = self._retry_at_ns = 0
        self._retry_s = _FIRST_RETRY_S
        self._is_waiting = self._is_ending = self._answered = False
        self._boot_id = b""

    @property
    def is_over(self) -> bool:
        """Say whether nothing runs for this host any more."""
        return self._process is None

    @property
    def is_given_up(self) -> bool:
        """Say whether it never answered: what refused once will refuse again."""
        return bool(self.failure) and not self._answered

    def connect(self) -> None:
        """Start reaching the host."""
        self._number, self._said, self._raw = 0, b"", None
        try:
            self._process = subprocess.Popen(
                command(self.host),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            self._lose(f"{error.filename or 'ssh'}: {error.strerror}")
            return
        streams = (
            (self._process.stdout, self._hear),
            (self._process.stderr, self._listen),
        )
        for stream, act in streams:
            if stream is not None:
                self._selector.register(stream, selectors.EVENT_READ, act)
        self._send(0, SCRIPT, _START_S)

    def ask(self, *, is_last: bool = False) -> None:
        """Ask for a sample now; one that is still under way stands for it."""
        self._is_ending = self._is_ending or is_last
        if self._process is None or not self._number:
            self.tally.missed += self._answered and not is_last
            if is_last:
                self._end()
                if not self._answered:
                    self.failure = self.failure or "the run ended before it answered"
        elif self._is_waiting:
            self.tally.missed += not is_last
        elif is_last or self._has_room:
            self._send(self._number, b"%d\n" % self._number, PATIENCE_S)

    @property
    def _has_room(self) -> bool:
        # Within the cap, the last place is kept for the sample at the end.
        most = self._max_samples
        return not most or self.tally.samples < max(most - 1, 1)

    def check(self) -> None:
        """Give up what takes too long; try again what was lost."""
        now_ns = time.monotonic_ns()
        if self._process is not None and self._is_waiting:
            if now_ns > self._deadline_ns:
                what = "answer" if self._number else "connection"
                waited_s = (now_ns - self._sent_ns) / NS_PER_S
                self._lose(f"no {what} within {waited_s:.0f} s")
        elif self._retry_at_ns and now_ns > self._retry_at_ns and not self._is_ending:
            self._retry_at_ns = 0
            self.connect()

    def sample(self) -> dict[str, StructArray]:
        """Give the rows of an answer that came, once."""
        raw, self._raw = self._raw, None
        if raw is None:
            return {}
        try:
            answer = answer_of(raw)
            uptime_ns = answer.uptime_ns
            moment = self.axis.place(self._sent_ns, uptime_ns, self._received_ns)
            rows = answer.rows(self.node, moment.at_ns)
        except AnswerError as error:
            self._lose(f"nonsense: {error}")
            return {}
        self.tally.boots += answer.boot_id != self._boot_id
        self._boot_id = answer.boot_id
        self.tally.count(moment.error_ns)
        if self._is_ending:
            self._close_input()
        return rows

    def abandon(self) -> None:
        """End it whatever it does."""
        self._end()

    def _send(self, number: int, words: bytes, patience_s: float) -> None:
        self._incoming.expect(number)
        self._sent_ns = time.monotonic_ns()
        self._deadline_ns = self._sent_ns + round(patience_s * NS_PER_S)
        self._is_waiting = True
        if self._process is not None and self._process.stdin is not None:
            try:
                self._process.stdin.write(words)
            except BrokenPipeError:
                return  # its output has ended, too, and tells why

    def _hear(self) -> None:
        if self._process is None or self._process.stdout is None:
            return
        piece = os.read(self._process.stdout.fileno(), _PIECE_BYTES)
        received_ns = time.monotonic_ns()
        if not piece:
            if self._is_ending:
                self._end()
            else:
                self._lose(self._last_words())
            return
        if not self._is_waiting:
            return  # talk nobody asked for
        try:
            raw = self._incoming.add(piece)
        except AnswerError as error:
            self._lose(f"nonsense: {error}")
            return
        if raw is not None:
            self._take(raw, received_ns)

    def _take(self, raw: bytes, received_ns: int) -> None:
        self._is_waiting = False
        self._received_ns = received_ns
        self._raw = raw if self._number else None  # answer 0: the script was read
        self._answered = True
        self._number += 1

    def _listen(self) -> None:
        if self._process is None or self._process.stderr is None:
            return
        stream = self._process.stderr
        piece = os.read(stream.fileno(), _PIECE_BYTES)
        self._said = (self._said + piece)[-_SAID_BYTES:]
        if not piece:
            self._selector.unregister(stream)
            stream.close()

    def _last_words(self) -> str:
        """Why the connection ended: what ssh said last."""
        stream = self._process.stderr if self._process is not None else None
        if stream is not None and not stream.closed:
            os.set_blocking(stream.fileno(), False)
            self._said += stream.read(_SAID_BYTES) or b""
        lines = self._said.decode("ascii", "replace").strip().splitlines()
        said = _UNSHOWN.sub("?", lines[-1]).strip()[:200] if lines else ""
        return said or "the connection ended"

    def _lose(self, reason: str) -> None:
        self.failure = self.failure or reason
        self.tally.losses += 1
        self._end()
        if self._answered:
            self._retry_at_ns = time.monotonic_ns() + round(self._retry_s * NS_PER_S)
            self._retry_s = min(2 * self._retry_s, _LAST_RETRY_S)

    def _close_input(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def _end(self) -> None:
        """Let go of the process: without input and output it has nothing to do."""
        process, self._process = self._process, None
        self._is_waiting, self._raw = False, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None and not stream.closed:
                if stream is not process.stdin:
                    self._selector.unregister(stream)
                stream.close()
        process.kill()
        process.wait()
