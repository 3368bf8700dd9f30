"""Recomputes the numbers of a checkpointing result."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from statistics import fmean, pstdev

from mlps.errors import NotRecordedError
from rules.checkpoint_figures import figures_named
from rules.recomputation.checkpoint_times import (
    KINDS,
    LONGEST_S,
    SHORTEST_S,
    CheckpointTime,
    checkpoint_times,
)
from rules.recomputation.order import order_comparison
from rules.stored import Comparison, Document, Leaf, Workload

_ROUNDING = 1e-6
_SIZE_ROUNDING_GIB = 1e-3
_LABEL_ROUNDING_GIB = 0.5
_SUBSET_RANKS = 8
_TWO_DECIMALS = 0.005
_STAMPS_S = 0.01
_MOST_RANKS = 2**16
_LARGEST = 1e12
_COLUMNS = {
    "Write B/W (GiB/s)": "save_checkpoint_io_mean_GB_per_second",
    "Write Duration (secs)": "save_checkpoint_duration_mean_seconds",
    "Read B/W (GiB/s)": "load_checkpoint_io_mean_GB_per_second",
    "Read Duration (secs)": "load_checkpoint_duration_mean_seconds",
}


def compare(workload: Workload) -> tuple[Comparison, ...]:
    """Compare what the raw files of the leaves allow, and leave out the rest."""
    found: list[Comparison] = []
    for leaf in sorted(workload.runs, key=lambda leaf: leaf.name):
        of_leaf = [*_tried(partial(_size, workload, leaf)), *order_comparison(leaf)]
        for kind in KINDS.values():
            exact = _tried(partial(_exact, leaf, kind))
            of_leaf += exact or _tried(partial(_by_means, leaf, kind))
            of_leaf += _tried(partial(_worst, leaf, kind)) if exact else []
            of_leaf += _tried(partial(_stamps, leaf, kind))
        found += [replace(c, place=leaf.name) for c in of_leaf]
    for document in workload.tables:
        found += _tried(partial(_published, workload, document))
    return tuple(found)


def _tried(ask: Callable[[], Iterator[Comparison]]) -> list[Comparison]:
    try:
        return list(ask())
    except NotRecordedError:
        return []


def _size(workload: Workload, leaf: Leaf) -> Iterator[Comparison]:
    """Size of a checkpoint by the formula of its model and ranks."""
    figures = figures_named(workload.model)
    if figures is None:
        raise NotRecordedError(f"{leaf.where}: no official model")
    ranks = leaf.summary.whole("num_accelerators")
    if not 0 < ranks <= _MOST_RANKS:
        raise NotRecordedError(f"{leaf.summary.where}: {ranks} ranks")
    size, label = figures.bytes(ranks) / 2**30, figures.subset_label_gib
    tolerance, table = _SIZE_ROUNDING_GIB, f"the official table says {figures.label}"
    if ranks == _SUBSET_RANKS != figures.ranks:
        tolerance = max(tolerance, abs(size - label) + _LABEL_ROUNDING_GIB)
        table = f"a subset, which the table of the round has with {label:g} GiB"
    yield Comparison(
        metric="checkpoint_size_GB",
        unit="GiB",
        official=_metric(leaf, "checkpoint_size_GB"),
        recomputed=size,
        tolerance=tolerance,
        where=leaf.summary.where,
        note=f"model and optimizer of {ranks} ranks of {figures.name}; {table}",
    )


def _exact(leaf: Leaf, kind: str) -> Iterator[Comparison]:
    """Means and deviations over the checkpoints that rank 0 timed."""
    if not leaf.per_epoch:
        raise NotRecordedError(f"{leaf.where}: no per-epoch file")
    source = leaf.per_epoch[0]
    times = checkpoint_times(source, kind)
    if not times:
        raise NotRecordedError(f"{source.where}: no {kind} of a checkpoint")
    size = _metric(leaf, "checkpoint_size_GB")
    durations = [time.duration_s for time in times]
    rates = [size / duration_s for duration_s in durations]
    note = f"{len(times)} checkpoints of {source.where}"
    for name, unit, values in (
        ("io", "GB_per_second", rates),
        ("duration", "seconds", durations),
    ):
        slack = _slack(times, values)
        for statistic, value in (("mean", fmean(values)), ("stdev", pstdev(values))):
            key = f"{kind}_checkpoint_{name}_{statistic}_{unit}"
            yield Comparison(
                metric=key,
                unit="s" if name == "duration" else "GiB/s",
                official=_metric(leaf, key),
                recomputed=value,
                tolerance=slack,
                where=leaf.summary.where,
                note=f"{statistic} of {note}, as exact as their decimals",
            )


def _worst(leaf: Leaf, kind: str) -> Iterator[Comparison]:
    """Rate that any rank recorded of the checkpoint whose rate is furthest off."""
    size = _metric(leaf, "checkpoint_size_GB")
    if size <= 0:
        raise NotRecordedError(f"{leaf.summary.where}: checkpoint_size_GB {size:g}")
    found = []
    for source in leaf.per_epoch:
        times = checkpoint_times(source, kind) if source.readable else ()
        for time in times:
            rate = size / time.duration_s
            slack = _slack(times, [rate])
            off = abs(rate - time.throughput_gib_per_s)
            found.append((off / slack, time, rate, slack, source.where))
    if not found:
        raise NotRecordedError(f"{leaf.where}: no rates of checkpoints")
    _, time, rate, slack, where = max(found, key=lambda item: item[0])
    yield Comparison(
        metric=f"{kind}_ckpt{time.number} throughput",
        unit="GiB/s",
        official=time.throughput_gib_per_s,
        recomputed=rate,
        tolerance=slack,
        where=where,
        note=f"size / duration; the one furthest off of {len(found)}, of all ranks",
    )


def _stamps(leaf: Leaf, kind: str) -> Iterator[Comparison]:
    """Duration that any rank recorded beside start and end of the checkpoint."""
    found = [
        (abs(time.duration_s - time.span_s), time, source.where)
        for source in leaf.per_epoch
        if source.readable
        for time in checkpoint_times(source, kind)
        if time.span_s is not None
    ]
    if not found:
        raise NotRecordedError(f"{leaf.where}: no time stamps of checkpoints")
    _, time, where = max(found, key=lambda item: item[0])
    yield Comparison(
        metric=f"{kind}_ckpt{time.number} duration",
        unit="s",
        official=time.duration_s,
        recomputed=time.span_s or 0.0,
        tolerance=_STAMPS_S,
        where=where,
        note=f"end less start; the one furthest off of {len(found)}, of all ranks;"
        " tolerance: two decimals",
    )


def _metric(leaf: Leaf, key: str) -> float:
    """Metric of a summary; one that nothing can reach counts as not recorded."""
    value = leaf.summary.number("metric", key)
    if abs(value) > _LARGEST:
        raise NotRecordedError(f"{leaf.summary.where}: {key} is {value:g}")
    return value


def _slack(times: Sequence[CheckpointTime], values: Sequence[float]) -> float:
    """Bound what the decimals of the durations leave open of the largest value."""
    shortest = min(time.duration_s for time in times)
    resolution = min(time.resolution_s for time in times)
    return max(values) * max(resolution / shortest, _ROUNDING)


def _by_means(leaf: Leaf, kind: str) -> Iterator[Comparison]:
    """Mean rate from size and mean duration, as close as the deviations allow.

    Rate and duration of each checkpoint multiply to the size. So the product of their
    means differs from it by their covariance, which is at most the product of their
    deviations.
    """
    prefix = f"{kind}_checkpoint"
    size = _metric(leaf, "checkpoint_size_GB")
    mean_s = _metric(leaf, f"{prefix}_duration_mean_seconds")
    if not SHORTEST_S <= mean_s <= LONGEST_S:
        raise NotRecordedError(f"{leaf.summary.where}: mean duration {mean_s:g} s")
    covariance = _metric(leaf, f"{prefix}_duration_stdev_seconds") * _metric(
        leaf, f"{prefix}_io_stdev_GB_per_second"
    )
    rate = size / mean_s
    yield Comparison(
        metric=f"{prefix}_io_mean_GB_per_second",
        unit="GiB/s",
        official=_metric(leaf, f"{prefix}_io_mean_GB_per_second"),
        recomputed=rate,
        tolerance=abs(covariance) / mean_s + rate * _ROUNDING,
        where=leaf.summary.where,
        note="size / mean duration, no per-epoch file of rank 0; means of rates exceed"
        " it by up to the product of both deviations / mean duration",
    )


def _published(workload: Workload, document: Document) -> Iterator[Comparison]:
    """Columns of the official table beside the means over the invocations (4.3.6)."""
    for row in document.items():
        record = Document(where=document.where, content=row)
        if not _is_row_of(workload, record):
            continue
        for column, key in _COLUMNS.items():
            values = [
                _metric(leaf, key)
                for leaf in workload.runs
                if leaf.summary.has("metric", key)
            ]
            if values and record.has(column):
                yield Comparison(
                    metric=f"table: {column}",
                    unit="s" if "Duration" in column else "GiB/s",
                    official=record.number(column),
                    recomputed=fmean(values),
                    tolerance=_TWO_DECIMALS + fmean(values) * _ROUNDING,
                    where=document.where,
                    note=f"mean of {key} over the invocations, of two decimals",
                )


def _is_row_of(workload: Workload, record: Document) -> bool:
    """Whether a row of a table names the model, and the system where it names one."""
    named = {
        key: str(record.value(key)).lower()
        for key in ("Model", "System")
        if record.has(key)
    }
    return (
        named.get("Model") == workload.model.lower()
        and named.get("System", workload.system.lower()) == workload.system.lower()
    )
