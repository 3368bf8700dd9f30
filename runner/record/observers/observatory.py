"""The observatory: all observed hosts: one thread, one schedule, rows to be taken."""

import os
import selectors
import sys
import threading
import time
from collections.abc import Sequence

import numpy as np

from mlps.evidence import StructArray
from runner.record.observers.connection import transport
from runner.record.observers.line import NS_PER_S, Line
from runner.record.recorder import Row, to_rows
from runner.record.sampler import following

PENDING_LIMIT_BYTES = 64 * 2**20
_CHECK_S = 0.5
_LAST_S = 3.0
"""The last samples and the ends of the connections take no longer."""
_EVENT_BYTES = 512


class Observatory:
    """Samples hosts from `start` to `stop`; `take` gives rows for the evidence."""

    def __init__(
        self, hosts: Sequence[str], first_node: int, interval_s: float, max_samples: int
    ) -> None:
        """Prepare; nodes are numbered from `first_node` on, in the order given."""
        self._selector = selectors.DefaultSelector()
        self._lines = [
            Line(first_node + place, host, self._selector, max_samples)
            for place, host in enumerate(hosts)
        ]
        self._interval_ns = round(interval_s * NS_PER_S)
        self._told: set[int] = set()
        self._lock = threading.Lock()
        self._pending: dict[str, list[StructArray]] = {}
        self._pending_bytes = 0
        self._wake_out, self._wake_in = os.pipe()
        self._stop_at_ns = 0
        self._thread = threading.Thread(target=self._run, name="observers", daemon=True)

    def start(self) -> None:
        """Connect to all of them; returns at once."""
        rows: list[Row] = [(i.node, i.host, transport(i.host)) for i in self._lines]
        self._keep({"observers": to_rows("observers", rows)})
        self._thread.start()

    def take(self) -> dict[str, StructArray]:
        """Give the rows that came since the last call, by table."""
        with self._lock:
            pending, self._pending, self._pending_bytes = self._pending, {}, 0
        return {table: np.concatenate(parts) for table, parts in pending.items()}

    def stop(self) -> None:
        """Take a last sample of each host and end; a `take` must follow."""
        self._stop_at_ns = time.monotonic_ns() + round(_LAST_S * NS_PER_S)
        os.write(self._wake_in, b".")
        self._thread.join()
        os.close(self._wake_in)

    def _run(self) -> None:
        self._selector.register(self._wake_out, selectors.EVENT_READ, self._wake)
        for line in self._lines:
            line.connect()
        due_ns = time.monotonic_ns()
        while not self._stop_at_ns:
            if time.monotonic_ns() >= due_ns:
                for line in self._lines:
                    line.ask()
                now_ns = time.monotonic_ns()
                due_ns, _ = following(due_ns, now_ns, self._interval_ns)
            self._turn(due_ns)
        for line in self._lines:
            line.ask(is_last=True)
        while not all(line.is_over for line in self._lines):
            self._turn(self._stop_at_ns)
            if time.monotonic_ns() >= self._stop_at_ns:
                for line in self._lines:
                    line.abandon()
        self._close()

    def _turn(self, due_ns: int) -> None:
        """Read what came until `due_ns`, at most for a moment; then make rows of it."""
        left_s = (due_ns - time.monotonic_ns()) / NS_PER_S
        # All are read before one is parsed: the time of reading bounds a sample's.
        for key, _ in self._selector.select(max(0.0, min(left_s, _CHECK_S))):
            key.data()
        for line in self._lines:
            if not self._keep(line.sample()):
                line.tally.missed += 1
            line.check()
            self._tell(line)

    def _wake(self) -> None:
        os.read(self._wake_out, 1)

    def _keep(self, tables: dict[str, StructArray]) -> bool:
        """Hold rows until they are taken; say whether there was room for them."""
        size = sum(rows.nbytes for rows in tables.values())
        with self._lock:
            full = self._pending_bytes + size > PENDING_LIMIT_BYTES
            if full and "events" not in tables:
                return False
            self._pending_bytes += size
            for table, rows in tables.items():
                self._pending.setdefault(table, []).append(rows)
        return True

    def _tell(self, line: Line) -> None:
        """Tell once why a host was lost, in the evidence and to people."""
        if not line.failure or line.node in self._told:
            return
        self._told.add(line.node)
        then = "given up for this run" if line.is_given_up else "tried again"
        self._event(
            "warning", f"{line.host} (node {line.node}): {line.failure}; {then}"
        )
        sys.stderr.write(f"mlps-runner: observer {line.host}: {line.failure}; {then}\n")

    def _event(self, severity: str, text: str) -> None:
        message = text.encode("ascii", "replace")[:_EVENT_BYTES].decode("ascii")
        row = (0, time.monotonic_ns(), severity, "observer", message)
        self._keep({"events": to_rows("events", [row])})

    def _close(self) -> None:
        for line in self._lines:
            self._tell(line)
            if line.tally.samples:
                self._event("info", _closing_words(line))
        self._selector.close()
        os.close(self._wake_out)


def _closing_words(line: Line) -> str:
    """Say how many samples there are, and how well their times are known."""
    tally = line.tally
    mean_ms = tally.error_total_ns / tally.samples / 1e6
    return (
        f"{line.host} (node {line.node}): {tally.samples} samples,"
        f" {tally.missed} missed, connection lost {tally.losses} times,"
        f" booted {tally.boots - 1} times;"
        f" times within {mean_ms:.1f} ms on average,"
        f" {tally.error_most_ns / 1e6:.1f} ms at most;"
        f" its uptime plus {line.axis.offset_ns} ns is the clock of rank 0"
    )
