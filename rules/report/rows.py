"""Tables of a report as rows of text: one wording for page, terminal and Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.report.quantity import amount, duration, percent_text
from rules.report.view import HostView, LatencyRow, RankView, RunView, Unit

NONE = "-"
"""What is not recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A table; its first `words` columns are words, the others numbers."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int


def of_runs(runs: Sequence[RunView]) -> Rows:
    """One row for each run."""
    return Rows(
        caption="Runs",
        head=(
            "run",
            "outcome",
            "utilization",
            "DLIO",
            "slowest rank",
            "throughput",
            "samples",
            "waiting",
            "took",
        ),
        rows=tuple(_run(run) for run in runs),
        words=2,
    )


def _run(run: RunView) -> tuple[str, ...]:
    split = run.split
    wait = split.wait_s / split.total_s if split and split.total_s else None
    slowest = NONE
    if run.slowest_percent is not None:
        slowest = f"{run.slowest_percent:.2f} % (rank {run.slowest_rank})"
    return (
        run.label,
        run.fault or (run.outcome if run.sealed else f"{run.outcome}, not sealed"),
        possible(run),
        percent_text(run.dlio_percent, NONE),
        slowest,
        NONE if run.bytes_per_s is None else amount(run.bytes_per_s, Unit.BYTES_PER_S),
        NONE if run.samples_per_s is None else f"{run.samples_per_s:.1f}/s",
        NONE if wait is None else f"{100 * wait:.1f} %",
        f"{run.duration_s:.1f} s" if run.duration_s else NONE,
    )


def possible(run: RunView) -> str:
    """Utilization, of what the clients could reach, where that is known."""
    found = percent_text(run.rules_percent, NONE)
    if run.ceiling_percent is None or run.rules_percent is None:
        return found
    return f"{found} of a possible {run.ceiling_percent:.2f} %"


def of_splits(runs: Sequence[RunView]) -> Rows:
    """Where the time of the ranks of each run went, and who waited most."""
    rows = []
    for run in runs:
        split = run.split
        if split is None or not split.total_s:
            continue
        parts = (
            split.compute_s,
            split.storage_s,
            split.starved_s,
            split.client_s,
            split.barrier_s,
            split.rest_s,
        )
        shares = [f"{100 * part / split.total_s:.1f} %" for part in parts]
        rows.append((run.label, worst_host(run), awaited(run), *shares))
    return Rows(
        caption="Where the time of ranks went",
        head=(
            "run",
            "worst host",
            "most waited for",
            "compute",
            "storage",
            "no CPU",
            "client",
            "other ranks",
            "between steps",
        ),
        rows=tuple(rows),
        words=3,
    )


def awaited(run: RunView) -> str:
    """Name the rank that most others waited for, in how many steps, at what cost."""
    if not run.awaited:
        return NONE
    most = run.awaited[0]
    return f"rank {most.rank}, last in {most.steps} steps, {most.caused_s:.2f} s"


def worst_host(run: RunView) -> str:
    """Name the host whose ranks waited most for data, and the worst of them."""
    worst = max(run.hosts, key=lambda h: h.wait_percent or 0.0, default=None)
    if worst is None or worst.wait_percent is None:
        return NONE
    return f"{worst.hostname} {worst.wait_percent:.1f} % (rank {worst.worst_rank})"


def of_latencies(runs: Sequence[RunView]) -> Rows:
    """One row for each run and operation."""
    return Rows(
        caption="Latency over each run",
        head=("run", "operation", "count", "p50", "p95", "p99", "max"),
        rows=tuple(
            (run.label, row.operation, f"{row.count:,}", *_latencies(row))
            for run in runs
            for row in run.latency_rows
        ),
        words=2,
    )


def _latencies(row: LatencyRow) -> tuple[str, ...]:
    values = (row.p50_s, row.p95_s, row.p99_s, row.max_s)
    return tuple(duration(value) for value in values)


def of_hosts(hosts: Sequence[HostView]) -> Rows:
    """One row for each host."""
    return Rows(
        caption="Hosts",
        head=("host", "name", "ranks", "waiting", "worst rank", "CPU", "most memory"),
        rows=tuple(_host(host) for host in hosts),
        words=2,
    )


def _host(host: HostView) -> tuple[str, ...]:
    wait, busy, used = host.wait_percent, host.cpu_busy_percent, host.memory_used_bytes
    return (
        str(host.node),
        host.hostname,
        str(host.ranks),
        NONE if wait is None else f"{wait:.1f} %",
        NONE if host.worst_rank is None else str(host.worst_rank),
        NONE if busy is None else f"{busy:.1f} %",
        NONE if used is None else amount(used, Unit.BYTES),
    )


def of_ranks(ranks: Sequence[RankView]) -> Rows:
    """One row for each rank, in the order given."""
    return Rows(
        caption="Ranks, most waiting first",
        head=(
            "rank",
            "host",
            "utilization",
            "steps",
            "read",
            "waiting",
            "barrier",
            "wait p50",
            "wait p95",
            "wait max",
        ),
        rows=tuple(_rank(rank) for rank in ranks),
        words=2,
    )


def _rank(rank: RankView) -> tuple[str, ...]:
    return (
        str(rank.rank),
        rank.hostname,
        percent_text(rank.rules_percent),
        str(rank.steps),
        amount(rank.delivered_bytes, Unit.BYTES),
        f"{rank.split.wait_s:.2f} s",
        f"{rank.split.barrier_s:.2f} s",
        duration(rank.wait_p50_s),
        duration(rank.wait_p95_s),
        duration(rank.wait_max_s),
    )
