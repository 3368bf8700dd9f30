"""Report as CSV files: one for each kind of derived series, one row a value.

A cell of text that a spreadsheet would take for a formula begins with `'`.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence

from rules.render import clean
from rules.report.chapter import Chapter
from rules.report.view import Panel, RunView

Cell = str | int | float | None
Make = Callable[[RunView], Iterator[tuple[Cell, ...]]]
_FORMULA = ("=", "+", "-", "@")
_RUN = ("where", "run", "run_id", "sealed")
_SPLIT = (
    "compute_s",
    "wait_s",
    "storage_s",
    "starved_s",
    "client_s",
    "barrier_s",
    "rest_s",
)
_EPOCHS = (
    "epoch",
    "rules_percent",
    "dlio_percent",
    "slowest_rank",
    "slowest_percent",
    "fastest_percent",
    "duration_s",
    "steps",
    "samples_per_s",
    "bytes_per_s",
    *_SPLIT,
)
_RANKS = (
    "rank",
    "node",
    "hostname",
    "rules_percent",
    "steps",
    "delivered_bytes",
    "wait_p5_s",
    "wait_p50_s",
    "wait_p95_s",
    "wait_max_s",
    *_SPLIT,
)
_HOSTS = (
    "node",
    "hostname",
    "ranks",
    "wait_percent",
    "worst_rank",
    "cpu_busy_percent",
    "memory_used_bytes",
)
_SERIES = ("panel", "series", "unit", "time_s", "value")
_COMPARED = (
    "where",
    "name",
    "unit",
    "official",
    "recomputed",
    "tolerance",
    "agrees",
)


def tables(chapters: Sequence[Chapter]) -> dict[str, bytes]:
    """Contents of each file by its name, UTF-8, header first; unrecorded is empty."""
    runs = [(chapter, run) for chapter in chapters for run in chapter.runs]
    return {
        "epochs.csv": _csv(_EPOCHS, _each(runs, _epochs)),
        "ranks.csv": _csv(_RANKS, _each(runs, _ranks)),
        "hosts.csv": _csv(_HOSTS, _each(runs, _hosts)),
        "throughput.csv": _csv(_SERIES, _each(runs, _throughput)),
        "latency.csv": _csv(_SERIES, _each(runs, _latency)),
        "host_series.csv": _csv(("node", "hostname", *_SERIES), _each(runs, _kernel)),
        "comparisons.csv": _csv(_COMPARED, _comparisons(chapters), run=()),
    }


def _each(
    runs: Iterable[tuple[Chapter, RunView]], rows: Make
) -> Iterator[tuple[Cell, ...]]:
    for chapter, run in runs:
        where = f"{chapter.where}/{run.where}" if run.where else chapter.where
        head = (where, run.label, run.run_id, int(run.sealed))
        for row in rows(run):
            yield (*head, *row)


def _epochs(run: RunView) -> Iterator[tuple[Cell, ...]]:
    for epoch in run.epochs:
        own = (getattr(epoch, name) for name in _EPOCHS[: -len(_SPLIT)])
        yield (*own, *(getattr(epoch.split, name) for name in _SPLIT))


def _ranks(run: RunView) -> Iterator[tuple[Cell, ...]]:
    for rank in run.ranks:
        own = (getattr(rank, name) for name in _RANKS[: -len(_SPLIT)])
        yield (*own, *(getattr(rank.split, name) for name in _SPLIT))


def _hosts(run: RunView) -> Iterator[tuple[Cell, ...]]:
    for host in run.hosts:
        yield tuple(getattr(host, name) for name in _HOSTS)


def _throughput(run: RunView) -> Iterator[tuple[Cell, ...]]:
    if run.throughput is not None:
        yield from _panel(run.throughput)


def _latency(run: RunView) -> Iterator[tuple[Cell, ...]]:
    for panel in run.latency:
        yield from _panel(panel)


def _kernel(run: RunView) -> Iterator[tuple[Cell, ...]]:
    for host in run.hosts:
        for panel in host.panels:
            for row in _panel(panel):
                yield (host.node, host.hostname, *row)


def _panel(panel: Panel) -> Iterator[tuple[Cell, ...]]:
    for found in panel.series:
        for time_s, value in zip(found.time_s, found.values, strict=True):
            yield (panel.name, found.name, found.unit.value, time_s, value)


def _comparisons(chapters: Sequence[Chapter]) -> Iterator[tuple[Cell, ...]]:
    for chapter in chapters:
        for found in chapter.comparisons:
            agrees = None if found.agrees is None else int(found.agrees)
            own = (found.where, found.name, found.unit)
            numbers = (found.official, found.recomputed, found.tolerance)
            yield (*own, *numbers, agrees)


def _csv(
    head: Sequence[str], rows: Iterable[tuple[Cell, ...]], run: Sequence[str] = _RUN
) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*run, *head))
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode(errors="backslashreplace")


def _cell(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    shown = clean(cell)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
