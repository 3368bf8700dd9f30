"""What rank 0 shows while a run goes on, and writes to runner.log.

On a terminal one block is refreshed twice a second; elsewhere one line per
interval. Percentiles come from merged histograms of the phase, never averages.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np

from mlps import histogram
from mlps.attribution import Parts, parts_of, together
from mlps.evidence import BY_NAME
from mlps.evidence.table import StructArray
from mlps.metrics import NS_PER_S
from mlps.units import format_bytes, format_duration
from runner.campaign.headline import of_possible
from runner.campaign.terminal import find_terminal

if TYPE_CHECKING:
    from rich.live import Live

_TERMINAL_INTERVAL_S = 0.5
_LINE_INTERVAL_S = 5.0
_FOLD_INTERVAL_S = 1.0
_VIEWED = ("steps", "latency", "phases")
_BAR_WIDTH = 60
_WORTH_SAYING_S = 2.0
_WORTH_SAYING_PERCENT = 1
_CAUSES = {
    "storage": "waits for storage",
    "client": "busy with the batch",
    "starved": "has no CPU",
    "oversleep": "oversleeps",
}


@dataclass(slots=True)
class Progress:
    """Totals of the phase so far, over all ranks."""

    title: str = ""
    total: int = 0
    unit: str = ""
    started_ns: int = 0
    done: int = 0
    samples: int = 0
    delivered_bytes: int = 0
    latency: dict[int, int] = field(default_factory=dict)
    parts: dict[int, Parts] = field(default_factory=dict)
    ceiling_percent: float | None = None
    hosts: tuple[str, ...] = ()
    start_ns: tuple[int, int] | None = None
    """How long after the agreed start the first and the last rank began."""

    def count(self, steps: StructArray) -> None:
        """Add steps to the ranks they are of."""
        for rank in np.unique(steps["rank"]).tolist():
            own = steps[steps["rank"] == rank]
            asked_ns = int(own["compute_requested_ns"][0])
            kept = [self.parts[rank]] if rank in self.parts else []
            self.parts[rank] = together([*kept, parts_of(own, asked_ns)])

    @property
    def elapsed_s(self) -> float:
        """Seconds since the phase began."""
        return (time.monotonic_ns() - self.started_ns) / NS_PER_S


class LiveView:
    """The view of one driver; `stream` is where talk goes.

    `ceiling_percent` is what this client could reach at most, where it is known.
    """

    def __init__(self, hosts: tuple[str, ...], stream: TextIO = sys.stderr) -> None:
        """Choose the form that fits the stream; `hosts[r]` is rank r's."""
        self.ceiling_percent: float | None = None
        self._hosts = hosts
        self._stream = stream
        self._terminal = find_terminal(stream)
        self._interval_s = _TERMINAL_INTERVAL_S if self._terminal else _LINE_INTERVAL_S
        self._next_s = 0.0
        self._live: Live | None = None
        self._pending: dict[str, list[bytes]] = {}
        self._next_fold_s = 0.0
        self._log: FileIO | None = None
        self._log_path = Path()
        self.log_problem = ""
        self.progress = Progress()

    def log_to(self, path: Path) -> None:
        """Also write what is said to this file."""
        self.close_log()
        self._log_path = path
        self.log_problem = ""
        self._log = path.open("wb", buffering=0)

    def close_log(self) -> None:
        """End the log of a run."""
        log, self._log = self._log, None
        if log is not None:
            try:
                log.close()
            except OSError as error:
                self._lose_log(error)

    def say(self, text: str) -> None:
        """Say one line."""
        self._stop_block()
        self._write(text)

    def begin(self, title: str, total: int, unit: str) -> None:
        """Start showing a phase of `total` units over all ranks."""
        self._pending = {}
        self.progress = Progress(
            title=title,
            total=total,
            unit=unit,
            started_ns=time.monotonic_ns(),
            ceiling_percent=self.ceiling_percent,
            hosts=self._hosts,
        )
        self._next_s = time.monotonic() + self._interval_s

    def end(self) -> None:
        """Leave the phase's final statistics on the screen."""
        if self.progress.title:
            self._fold()
            if self.progress.unit != "step":
                self.progress.done = self.progress.total
            self._stop_block()
            worth_saying = self.progress.elapsed_s >= _WORTH_SAYING_S
            if self.progress.unit != "host" or worth_saying:
                self._write(line(self.progress))
        self.progress = Progress()

    def take_rows(self, table: str, rows: bytes) -> None:
        """Take rows of a table; they are added up for all nodes at once."""
        if table in _VIEWED:
            self._pending.setdefault(table, []).append(rows)

    def _fold(self) -> None:
        """Add what came to the totals."""
        self._next_fold_s = time.monotonic() + _FOLD_INTERVAL_S
        pending, self._pending = self._pending, {}
        frame = {
            table: np.frombuffer(b"".join(parts), BY_NAME[table].dtype)
            for table, parts in pending.items()
        }
        progress = self.progress
        steps = frame.get("steps")
        if steps is not None and len(steps):
            progress.done += len(steps)
            progress.samples += int(steps["samples"].sum())
            progress.delivered_bytes += int(steps["delivered_bytes"].sum())
            progress.count(steps[steps["step"] > 0])
        latency = frame.get("latency")
        if latency is not None:
            rows = latency[latency["operation"] == b"sample"]
            _add(progress.latency, rows["bucket"], rows["count"])
        phases = frame.get("phases")
        if phases is not None and len(phases):
            late_ns = phases["start_ns"] - phases["agreed_start_ns"]
            low, high = int(late_ns.min()), int(late_ns.max())
            before = progress.start_ns or (low, high)
            progress.start_ns = (min(low, before[0]), max(high, before[1]))

    def refresh(self, files_done: Callable[[], int]) -> None:
        """Show the totals when the interval has passed."""
        now_s = time.monotonic()
        if now_s >= self._next_fold_s:
            self._fold()
        if now_s < self._next_s or not self.progress.title:
            return
        self._next_s = now_s + self._interval_s
        self._fold()
        if self.progress.unit == "file":
            self.progress.done = files_done()
        if self._terminal:
            self._show_block()
        else:
            self._write(line(self.progress))

    def _show_block(self) -> None:
        from rich.console import Console, Group  # noqa: PLC0415 - only on a terminal
        from rich.live import Live  # noqa: PLC0415
        from rich.progress_bar import ProgressBar  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        if self._live is None:
            columns = self._terminal.columns if self._terminal else None
            console = Console(file=self._stream, force_terminal=True, width=columns)
            self._live = Live(console=console, auto_refresh=False, transient=True)
            self._live.start()
        progress = self.progress
        bar = ProgressBar(progress.total, progress.done, width=_BAR_WIDTH)
        self._live.update(Group(Text(line(progress)), bar), refresh=True)

    def _stop_block(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text + "\n")
            self._stream.flush()
        except OSError:
            # Nobody reads it any more: the run goes on, and its log tells all.
            self._stream = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
            self._terminal = None
        if self._log is not None:
            try:
                self._log.write((text + "\n").encode())
            except OSError as error:
                self._lose_log(error)

    def _lose_log(self, error: OSError) -> None:
        """Write the log no more; the run is ended by whoever looks."""
        self._log = None
        self.log_problem = (
            f"{self._log_path}: cannot be written: {error.strerror}"
            f" (errno {error.errno})"
        )


def _add(totals: dict[int, int], keys: StructArray, values: StructArray) -> None:
    """Add values to their keys' totals."""
    found, where = np.unique(keys, return_inverse=True)
    sums = np.bincount(where, values, len(found)).astype(np.int64)
    for key, value in zip(found.tolist(), sums.tolist(), strict=True):
        totals[key] = totals.get(key, 0) + value


def line(progress: Progress) -> str:
    """Render the totals of a phase as one line."""
    seconds = progress.elapsed_s
    parts = [
        f"{progress.title:<22} {progress.done}/{progress.total} {progress.unit}s",
        format_duration(seconds),
    ]
    if progress.delivered_bytes and seconds > 0:
        parts.append(f"{format_bytes(progress.delivered_bytes / seconds)}/s")
        parts.append(f"{progress.samples / seconds:.1f} samples/s")
    if progress.parts:
        every = together(progress.parts.values())
        share = every.percent(every.compute_ns)
        possible = of_possible(progress.ceiling_percent)
        parts.append(f"utilization {share:.2f} %{possible}")
    if progress.latency:
        values = [
            (histogram.percentile_ns(progress.latency, p) or 0) / 1000
            for p in (50, 95, 99)
        ]
        parts.append("sample p50/p95/p99 {:.0f}/{:.0f}/{:.0f} us".format(*values))
    if progress.parts:
        parts.append(_slowest(progress))
    if progress.start_ns is not None:
        first_ns, last_ns = progress.start_ns
        parts.append(f"start skew {(last_ns - first_ns) / 1000:.0f} us")
    return "  ".join(parts)


def _slowest(progress: Progress) -> str:
    """Name the rank that took longest before its barriers, and mainly with what."""
    own = {rank: parts.own_causes_ns for rank, parts in progress.parts.items()}
    rank = max(own, key=lambda rank: (sum(own[rank].values()), -rank))
    cause = max(own[rank], key=lambda cause: own[rank][cause])
    share = progress.parts[rank].percent(own[rank][cause])
    several = len(set(progress.hosts)) > 1
    name = f"slowest rank {rank}" + (f" ({progress.hosts[rank]})" if several else "")
    if share < _WORTH_SAYING_PERCENT:
        return name
    return f"{name}: {_CAUSES[cause]} {share:.0f} % of its time"
