"""The process that writes evidence, fed as rank 0 of a large world would feed it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import synthetic
from mlps.evidence import BY_NAME
from mlps.plan import render
from tests.rules import plans

SECONDS = 30
WORLDS = ((80, True), (1_000, True), (10_000, True), (10_000, False))
"""Ranks, and whether their frames were joined on each host."""
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Feed:
    """A scribe process, its pipe, and what it has used."""

    process: "subprocess.Popen[bytes]"

    def send(self, payload: bytes = b"", **header: object) -> None:
        """Send one frame; waits while the pipe is full."""
        head = json.dumps(header | {"payload_bytes": len(payload)}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(len(head).to_bytes(4, "little") + head + payload)

    def flush(self) -> None:
        """Let go of what is buffered on this side."""
        assert self.process.stdin is not None
        self.process.stdin.flush()

    @property
    def cpu_s(self) -> float:
        """CPU it has used."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii")
        words = stat.rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / _TICKS_PER_S

    @property
    def peak_bytes(self) -> int:
        """Its peak memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        (line,) = [x for x in status.splitlines() if x.startswith("VmHWM")]
        return int(line.split()[1]) * 1024


def rows(folder: Path) -> Iterator[tuple[str, ...]]:
    """Rows: ranks, frames, rows/s, CPU, bytes on disk, memory and time to seal."""
    for ranks, joined in WORLDS:
        yield _fed(folder, ranks, SECONDS, joined=joined)


def _fed(folder: Path, ranks: int, seconds: int, *, joined: bool) -> tuple[str, ...]:
    world = synthetic.World(ranks)
    path = folder / f"fed-{ranks}-{joined}.h5"
    feed = Feed(
        subprocess.Popen(
            (sys.executable, "-P", "-m", "runner.record.scribe_process"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
    )
    feed.send(_plan(world), do="open", path=str(path))
    for table, payload in _facts(world):
        feed.send(payload, do="append", table=table)
    feed.flush()
    _settle(feed)
    empty, cpu_s, count = path.stat().st_size, feed.cpu_s, 0
    for number in range(seconds):
        frame = world.second(number)
        count += sum(map(len, frame.values()))
        for table, payload in synthetic.parts(frame, ranks, joined=joined):
            feed.send(payload, do="append", table=table)
    feed.send(world.phases(seconds).tobytes(), do="append", table="phases")
    feed.flush()
    began_s = time.monotonic()
    feed.send(do="seal", outcome="complete", blamed_rank=-1, reason="")
    feed.flush()
    assert feed.process.stdout is not None
    answer = json.loads(feed.process.stdout.readline())
    seal_s, peak_bytes = time.monotonic() - began_s, feed.peak_bytes
    cpu_s = feed.cpu_s - cpu_s
    assert answer["sealed"]["training"]["bytes_per_s"] > 0, answer
    feed.send(do="dismiss")
    feed.process.communicate()
    size = path.stat().st_size - empty
    path.unlink()
    return (
        f"{ranks:,}",
        "one per host" if joined else "one per rank",
        f"{count / seconds:,.0f}",
        f"{100 * cpu_s / seconds:.1f} %",
        f"{1e6 * cpu_s / seconds / ranks:.0f}",
        f"{size / seconds * 3600 / ranks / 2**20:.2f} MiB",
        f"{peak_bytes / 2**20:,.0f} MiB",
        f"{seal_s:.1f}",
    )


def _settle(feed: Feed) -> None:
    """Wait until it has nothing to do: its CPU stands still for a second."""
    before_s = -1.0
    while (now_s := feed.cpu_s) != before_s:
        before_s = now_s
        time.sleep(1.5)


def _plan(world: synthetic.World) -> bytes:
    system = plans.system(hosts=world.hosts)
    return render(plans.frozen(plans.plan(plans.unet3d(), system)))


def _facts(world: synthetic.World) -> Iterator[tuple[str, bytes]]:
    ranks = np.zeros(world.ranks, dtype=BY_NAME["ranks"].dtype)
    ranks["rank"] = np.arange(world.ranks)
    ranks["node"] = ranks["rank"] // synthetic.RANKS_PER_HOST
    hosts = np.zeros(world.hosts, dtype=BY_NAME["hosts"].dtype)
    hosts["node"] = np.arange(world.hosts)
    run = np.zeros(1, dtype=BY_NAME["run"].dtype)
    run["kind"] = b"measured"
    for table, found in (("ranks", ranks), ("hosts", hosts), ("run", run)):
        yield table, found.tobytes()
