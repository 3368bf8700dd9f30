"""The rehearsal: every check of every rank under the real launcher, no campaign.

What it writes is a folder on the data path, which is gone afterwards.
"""

import secrets
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from mlps.errors import MlpsError, NotReadyError
from mlps.plan import PlanDocument
from mlps.software import Lock
from runner import handshake, software
from runner.ask import Ask
from runner.ground import Ground, look
from runner.handshake import Answer
from runner.place import Place
from runner.rehearsal import memory
from runner.rehearsal.binding import Binding, find_binding, judge_bindings
from runner.rehearsal.clocks import judge_clocks, measure_clocks
from runner.rehearsal.dataset import check_dataset
from runner.rehearsal.flushing import check_flush
from runner.rehearsal.mount import Mounted, find_mount, judge_mounts
from runner.rehearsal.paths import DATA
from runner.rehearsal.reads import Latencies, judge_reads, time_reads, write_file
from runner.rehearsal.round_table import RoundTable
from runner.rehearsal.row import Row, error, errors, ok
from runner.rehearsal.sampling import SampleSize, check_sampler, evidence_bytes
from runner.rehearsal.scratch import scratch, scratch_folder
from runner.rehearsal.screen import Entry, render
from runner.rehearsal.sharing import judge_sharing, look_for_nonce, write_nonce
from runner.rehearsal.space import check_evidence_space

T = TypeVar("T")

_ACCESS = "give this user access and space on this host, or choose another path"


def rehearse(
    comm: Any,  # noqa: ANN401 - mpi4py communicator
    place: Place,
    doc: PlanDocument,
    ask: Ask,
    lock: Lock,
) -> int:
    """Check everything and print the table; returns the exit status. Collective."""
    return Rehearsal(comm, place, doc, ask, lock).go()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one rank found out; `mounted` and `size` by one rank of each host."""

    answer: Answer
    binding: Binding
    interpreter: str
    rows: tuple[Row, ...]
    mounted: Mounted | None
    size: SampleSize | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What one rank of each host found out by writing and reading."""

    rows: tuple[Row, ...]
    latencies: Latencies | None


class Rehearsal:
    """One rehearsal, on one rank; rank 0 gathers the entries of all."""

    def __init__(
        self,
        comm: Any,  # noqa: ANN401
        place: Place,
        doc: PlanDocument,
        ask: Ask,
        lock: Lock,
    ) -> None:
        """Nothing is touched before `go`."""
        self._comm = comm
        self._here = place
        self._doc = doc
        self._plan = doc.plan
        self._ask = ask
        self._lock = lock
        self._data_root = ask.base / doc.plan.system.data_path
        self._table = RoundTable(comm, place)
        self._entries: list[Entry] = []
        self._began_s = time.monotonic()

    def go(self) -> int:
        """Run all checks. Collective."""
        token = self._table.tell(lambda: secrets.token_hex(8))
        self._say("looking at every host")
        told = self._table.gather("a look at its host", self._look())
        if told:
            self._judge_told(told)
        if self._table.tell(self._may_write):
            self._try_storage(token)
        self._say("measuring the clocks")
        readings = measure_clocks(self._comm, self._here)
        if readings:
            self._entries += judge_clocks(self._plan, readings, self._here.nodes)
        return self._table.tell(self._print)

    def _look(self) -> Told:
        missing_bytes = self._table.tell(self._look_at_dataset)
        ground = Ground(
            data_root=self._data_root,
            results_root=self._ask.results_root,
            data_bytes_to_write=missing_bytes,
        )
        rows = list(look(self._plan, self._here, ground))
        mounted, size = None, None
        if self._here.leads_node:
            mounted = _try("mount", rows, lambda: find_mount(self._data_root))
            sampled = _try("sampler", rows, lambda: check_sampler(self._plan))
            if sampled is not None:
                rows.append(sampled[0])
                size = sampled[1]
        answer = handshake.own_answer(
            self._doc, self._here, self._ask.where, self._lock, []
        )
        return Told(
            answer=answer,
            binding=find_binding(),
            interpreter=f"{sys.implementation.name} {answer.python}, {sys.executable}",
            rows=tuple(rows),
            mounted=mounted,
            size=size,
        )

    def _look_at_dataset(self) -> int:
        row, missing_bytes = check_dataset(self._plan, self._here, self._data_root)
        self._entries.append((0, row))
        return missing_bytes

    def _judge_told(self, told: Sequence[Told]) -> None:
        """Judge what the ranks told, each by itself and beside the others (rank 0)."""
        answers = [one.answer for one in told]
        appetites = [answer.appetite for answer in answers]
        groups = memory.judge_groups(self._here.nodes, appetites)
        self._entries += [(r, row) for r, one in enumerate(told) for row in one.rows]
        self._entries += handshake.problems_of(self._here, answers)
        self._entries += [(rank, row) for rank, row in groups if not errors([row])]
        self._entries += [
            (rank, ok("interpreter", one.interpreter)) for rank, one in enumerate(told)
        ]
        self._entries += software.agreements(
            [answer.software for answer in answers],
            software.lock_of_plan(self._doc, self._ask.where),
        )
        self._judge_hosts(told)

    def _judge_hosts(self, told: Sequence[Told]) -> None:
        plan, leaders = self._plan, self._leaders()
        mounts = [(r, m) for r in leaders if (m := told[r].mounted) is not None]
        rows = judge_mounts([m for _, m in mounts], shared=plan.system.data_shared)
        self._entries += zip((rank for rank, _ in mounts), rows, strict=True)
        for node in sorted(set(self._here.nodes)):
            ranks = [rank for rank, at in enumerate(self._here.nodes) if at == node]
            bindings = [told[rank].binding for rank in ranks]
            threads = plan.workload.reader.read_threads
            judged = judge_bindings(bindings, threads)
            self._entries += zip(ranks, judged, strict=True)
        sizes = [size for rank in leaders if (size := told[rank].size) is not None]
        if sizes:
            host_bytes = sum(size.host_bytes for size in sizes)
            needed = evidence_bytes(plan, host_bytes, sizes[0].rank_bytes)
            row = check_evidence_space(self._ask.results_root, needed)
            self._entries.append((0, row))

    def _may_write(self) -> bool:
        """Say whether every rank can write where the storage will be tried."""
        return not any(errors([row]) for _, row in self._entries if row.check == DATA)

    def _try_storage(self, token: str) -> None:
        folder = scratch_folder(self._data_root, token)
        with ExitStack() as closing:
            rows: list[Row] = []
            # Rank 0 first: on shared storage the other hosts find the folder made,
            # and one alone removes it.
            for is_turn in (self._here.rank == 0, self._here.rank != 0):
                if is_turn and self._here.leads_node:
                    _try(DATA, rows, lambda: closing.enter_context(scratch(folder)))
                self._table.tell(lambda: None)
            self._gather_rows("making a folder on the data path", rows)
            if not self._table.tell(self._may_write):
                return
            self._share(folder, token)
            tried = self._table.gather("small reads", self._read(folder))
            if tried:
                self._judge_tried(tried)
            # Nobody removes the folder while another one still reads in it.
            self._table.tell(lambda: None)

    def _share(self, folder: Path, token: str) -> None:
        self._say("looking for one file on every host")
        self._table.tell(lambda: write_nonce(folder, token))
        seen = self._table.gather("a file of rank 0", look_for_nonce(folder, token))
        if seen:
            rows = judge_sharing(
                self._data_root,
                seen,
                self._here.nodes,
                shared=self._plan.system.data_shared,
            )
            self._entries += enumerate(rows)

    def _read(self, folder: Path) -> Tried:
        """Read, once per host, a file of its own; it goes away with the folder."""
        self._say("reading from every host")
        if not self._here.leads_node:
            return Tried(rows=(), latencies=None)
        path = folder / f"reads-{self._here.node}"
        rows: list[Row] = []
        latencies = _try("small reads", rows, lambda: _write_and_read(path))
        flushed = _try("page cache", rows, lambda: check_flush(self._plan, path))
        if flushed is not None:
            rows.append(flushed)
        return Tried(rows=tuple(rows), latencies=latencies)

    def _judge_tried(self, tried: Sequence[Tried]) -> None:
        self._entries += [(r, row) for r, one in enumerate(tried) for row in one.rows]
        timed = [(r, s) for r, one in enumerate(tried) if (s := one.latencies)]
        if timed:
            rows = judge_reads([latencies for _, latencies in timed])
            self._entries += zip((rank for rank, _ in timed), rows, strict=True)

    def _gather_rows(self, about: str, rows: Sequence[Row]) -> None:
        for rank, found in enumerate(self._table.gather(about, tuple(rows))):
            self._entries += [(rank, row) for row in found]

    def _leaders(self) -> list[int]:
        nodes = self._here.nodes
        return [nodes.index(node) for node in sorted(set(nodes))]

    def _print(self) -> int:
        taken_s = time.monotonic() - self._began_s
        title = f"rehearsal of {self._plan.name} {self._doc.digest}, {taken_s:.1f} s"
        sys.stdout.write(render(title, self._here, self._entries) + "\n")
        wrong = any(errors([row]) for _, row in self._entries)
        return NotReadyError.exit_status if wrong else 0

    def _say(self, text: str) -> None:
        if self._here.rank == 0:
            sys.stderr.write(f"{text}\n")


def _write_and_read(path: Path) -> Latencies:
    write_file(path)
    return time_reads(path)


def _try(check: str, rows: list[Row], act: Callable[[], T]) -> T | None:
    """Do it; a failure becomes a row, so that nobody waits for this rank."""
    try:
        return act()
    except MlpsError as failure:
        rows.append(error(check, str(failure), ""))
    except OSError as failure:
        where = f"{failure.filename}: " if failure.filename else ""
        rows.append(error(check, f"{check}: {where}{failure.strerror}", _ACCESS))
    return None
