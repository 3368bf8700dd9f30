"""What the kernel and the interpreter tell of a process that does not get on.

State and wait channels come from /proc. The Python stacks come from the process
itself: a handler in C writes them to a memory file when a signal arrives, also
while the main thread hangs in a system call.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

DUMP_SIGNAL = signal.SIGRTMIN + 7
_DUMP_WAIT_S = 1.0
_SETTLED_S = 0.06
_POLL_S = 0.02
_DUMP_LIMIT_BYTES = 1 << 16
_STATES = {
    "R": "running",
    "S": "sleeping",
    "D": "in the kernel",
    "T": "stopped",
    "t": "traced",
    "Z": "zombie",
    "I": "idle",
}
_IDLE = ("/threading.py", "/queue.py", "/thread.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """A process as it was found; empty text is what could not be read."""

    rank: int
    pid: int
    state: str = ""
    wait_channel: str = ""
    stack: str = ""


def inspect(
    rank: int, pid: int, dump: int | None, proc: Path = Path("/proc")
) -> Inspection:
    """Look at a process; `dump` is the file its stacks go to. Takes up to 1 s."""
    try:
        state = state_of((proc / str(pid) / "stat").read_bytes())
        channels = [_channel(task) for task in (proc / str(pid) / "task").iterdir()]
    except OSError as error:
        return Inspection(rank=rank, pid=pid, state=f"? {error.strerror}"[:16])
    if state[:1] in "TtZ":
        stack = f"none: the process is {state[2:]} and can't answer"
    else:
        stack = "" if dump is None else _stacks(pid, dump)
    return Inspection(
        rank=rank,
        pid=pid,
        state=state,
        wait_channel=counted(channels),
        stack=stack,
    )


def state_of(stat: bytes) -> str:
    """Take the state from a `stat` file: letter and word."""
    letter = stat.rpartition(b")")[2].split()[0].decode()
    return f"{letter} {_STATES.get(letter, '')}".rstrip()


def counted(channels: Sequence[str]) -> str:
    """Join wait channels, the rare ones first: the odd thread is the one that hangs."""
    found = Counter(channels)
    ordered = sorted(found, key=lambda channel: (found[channel], channel))
    return ", ".join(
        channel if found[channel] == 1 else f"{channel} x{found[channel]}"
        for channel in ordered
    )


def _channel(task: Path) -> str:
    """Name what a thread sleeps in: kernel function, else its system call."""
    letter = state_of((task / "stat").read_bytes())[:1]
    if letter == "R":
        return "running"
    for name in ("wchan", "stack", "syscall"):
        try:
            words = (task / name).read_text(encoding="utf-8").split()
        except OSError:
            continue
        if name == "stack" and len(words) > 1:
            words = [words[1].partition("+")[0]]
        if words and words[0] not in ("0", "running"):
            found = f"syscall {words[0]}" if name == "syscall" else words[0]
            return f"{found} (D)" if letter == "D" else found
    return "unknown"


def _stacks(pid: int, dump: int) -> str:
    os.ftruncate(dump, 0)
    os.lseek(dump, 0, os.SEEK_SET)
    try:
        os.kill(pid, DUMP_SIGNAL)
    except OSError as error:
        return f"none: {error.strerror}"
    deadline_s = time.monotonic() + _DUMP_WAIT_S
    size, since_s = 0, time.monotonic()
    while time.monotonic() < deadline_s:
        time.sleep(_POLL_S)
        now = os.fstat(dump).st_size
        if now != size:
            size, since_s = now, time.monotonic()
        elif size and time.monotonic() - since_s > _SETTLED_S:
            break
    text = os.pread(dump, _DUMP_LIMIT_BYTES, 0).decode(errors="replace")
    return text.strip() or "none: the process did not answer"


def brief(stack: str, threads: int = 2, frames: int = 4) -> list[str]:
    """Choose the lines people need first: threads at work before waiting ones."""
    blocks = [block.splitlines() for block in stack.split("\n\n") if block.strip()]
    busy = [block for block in blocks if not _waits(block)]
    chosen = (busy or blocks)[:threads]
    return [line.strip() for block in chosen for line in block[: frames + 1]]


def _waits(block: Sequence[str]) -> bool:
    return len(block) > 1 and any(part in block[1] for part in _IDLE)
