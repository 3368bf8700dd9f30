"""The process that writes evidence.h5: frames on stdin, answers on stdout.

It lives in its own session: when a launcher kills the ranks it sees its input
end, says which rank died first, closes the file as aborted, and sees to it that
the launcher ends. Its hub thread hears all watches.
"""

import contextlib
import json
import os
import select
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runner.campaign.terminal import open_stderr
from runner.record.observers.observatory import Observatory
from runner.record.run_file import RunFile
from runner.watch.hub import Charge, Hub
from runner.world.talk import tell

_PIECE_BYTES = 1 << 20
_NOTICE_S = 0.5
_STDIN, _STDOUT, _STDERR = 0, 1, 2


class Desk:
    """State of the process: the open file and the hub of the watches."""

    def __init__(self) -> None:
        """No file is open yet."""
        self._file: RunFile | None = None
        self._hub: Hub | None = None
        self._speaking = threading.Lock()
        self.path = Path("evidence.h5")
        self.dismissed = False
        self._screen: int | None = None
        self._unsaid = ""
        self._told_already = False

    def say(self, **answer: object) -> None:
        """Answer rank 0; when it is gone there is nobody to tell."""
        line = json.dumps(answer).encode() + b"\n"
        with self._speaking, contextlib.suppress(BrokenPipeError):
            while line:
                line = line[os.write(_STDOUT, line) :]

    def take(self, header: dict[str, Any], payload: bytes) -> None:
        """Do what a frame asks for."""
        if self._hub is not None and header["do"] in ("beat", "inspect", "ending"):
            self._pass_on(self._hub, header)
        elif header["do"] == "watch" and self._hub is None:
            charge = Charge(**header["charge"])
            self._reach_people(charge.launcher_pid)
            self._hub = Hub(charge, self.say)
            self.say(watching=self._hub.port)
        elif header["do"] == "dismiss":
            self.dismissed = True
        else:
            self._write(header, payload)

    def flush_if_due(self) -> None:
        """Flush the open file once per interval."""
        if self._file is not None:
            with self._at_work():
                self._file.flush_if_due()

    def lose_file(self) -> None:
        """Forget a file that cannot be written; what is on the disk stays."""
        file, self._file = self._file, None
        if file is not None:
            file.lose()

    def abandoned(self) -> None:
        """Close a file that is open though the input has ended."""
        reason, blamed = "the driver (rank 0) ended without closing the run", -1
        death = self._hub.first(_NOTICE_S) if self._hub is not None else None
        if death is not None:
            reason, blamed = f"{death.text}; the launcher ended the world", death.rank
        file, self._file = self._file, None
        if file is not None:
            file.end("aborted", blamed, reason)
            text = (
                f"aborted: {reason}\n"
                f"  evidence is kept in {file.path.parent}\n"
                "  fix the cause and start the same command again: it resumes"
            )
            self._announce(text)
            _log(file.path.with_name("runner.log"), text)
        elif death is not None and death.rank >= 0 and not self._told_already:
            self._announce(reason)

    def see_the_world_end(self) -> None:
        """Stay until the launcher has ended, and end it if it does not."""
        # A launcher waits for the end of what its ranks wrote: let go of it first.
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (_STDIN, _STDOUT, _STDERR):
            os.dup2(nothing, descriptor)
        if self._hub is not None:
            self._hub.ending()
            self._hub.see_it_end()
        if self._screen is not None:
            os.write(self._screen, self._unsaid.encode())

    def _reach_people(self, launcher_pid: int | None) -> None:
        """Write to the launcher's own stderr: what passes on ours may die first.

        A regular file is not shared by two writers: it is for what was not said
        otherwise, when the launcher has ended.
        """
        screen = None if launcher_pid is None else open_stderr(launcher_pid)
        if screen is None:
            return
        if stat.S_ISREG(os.fstat(screen).st_mode):
            self._screen = screen
        else:
            os.dup2(screen, _STDERR)
            os.close(screen)

    def _announce(self, text: str) -> None:
        if not tell(text):
            self._unsaid += f"mlps-runner: {text}\n"

    def _pass_on(self, hub: Hub, header: dict[str, Any]) -> None:
        if header["do"] == "beat":
            hub.beat(header["at"])
        elif header["do"] == "inspect":
            hub.inspect(header["rank"], header["node"])
        else:
            self._told_already = True
            hub.ending()

    def _write(self, header: dict[str, Any], payload: bytes) -> None:
        file = self._file
        if header["do"] == "open":
            self.path = Path(header["path"])
            with self._at_work():
                self._file = RunFile(self.path, payload)
        elif header["do"] == "append" and file is not None:
            file.append(header["table"], payload)
        elif header["do"] == "observe" and file is not None:
            file.observe(Observatory(**header["watch"]))
        elif header["do"] == "seal" and file is not None:
            self._file = None
            with self._at_work():
                file.end(header["outcome"], header["blamed_rank"], header["reason"])
                summary = file.summarize()
            self.say(sealed=summary)
        elif header["do"] == "seal":
            self.say(sealed=None)

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[None]:
        """Note that the file is being written, which can take for ever."""
        if self._hub is not None:
            self._hub.writes(str(self.path))
        try:
            yield
        finally:
            if self._hub is not None:
                self._hub.writes("")


def main() -> int:
    """Serve frames until the input ends."""
    desk = Desk()
    buffer = bytearray()
    status = 0
    try:
        while _serve(desk, buffer):
            desk.flush_if_due()
        if not desk.dismissed:
            desk.abandoned()
    except OSError as error:
        where = error.filename or desk.path
        desk.say(failed=f"{where}: {error.strerror or error} (errno {error.errno})")
        status = 4
        _outlive_input(desk, buffer)
    if not desk.dismissed:
        desk.see_the_world_end()
    return status


def _log(path: Path, text: str) -> None:
    """Add to the log what rank 0 could not; the log is a copy of what was said."""
    with contextlib.suppress(OSError), path.open("a", encoding="utf-8") as log:
        log.write(f"mlps-runner: {text}\n")


def _outlive_input(desk: Desk, buffer: bytearray) -> None:
    """Go on watching without the file until rank 0 has ended the world."""
    desk.lose_file()
    while _serve(desk, buffer):
        pass


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
