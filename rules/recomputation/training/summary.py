"""Numbers of a run's summary.json, recomputed from the lists beside them."""

from collections.abc import Iterator
from statistics import fmean, pstdev

from mlps.errors import NotRecordedError
from rules.stored import Comparison, Document, Leaf, Workload, as_number
from rules.training_setup import TrainingSetup, parameter

EXACT = 1e-9
ABSURD = 1e15
_MIB = 2**20
_GIB = 2**30
_LISTS = (
    ("train_au", "percentage", "%"),
    ("train_throughput", "samples_per_second", "samples/s"),
)


def summary_comparisons(
    leaf: Leaf, setup: TrainingSetup | None
) -> Iterator[Comparison]:
    """Means, deviations, data volume and verdict of one run."""
    summary = leaf.summary
    for stem, ending, unit in _LISTS:
        numbers = listed(summary, f"{stem}_{ending}")
        if not numbers:
            continue
        yield from _pair(
            summary, f"{stem}_mean_{ending}", unit, fmean(numbers), "mean of"
        )
        yield from _pair(
            summary,
            f"{stem}_stdev_{ending}",
            unit,
            pstdev(numbers),
            "population standard deviation of",
        )
    yield from _verdict(leaf)
    if setup is not None:
        yield from _volumes(summary, setup)


def run_label(workload: Workload, leaf: Leaf) -> str:
    """Path of a run inside its workload."""
    inside = leaf.where.removeprefix(f"{workload.where}/")
    return inside.removeprefix("run/") or leaf.name


def per_epoch(summary: Document, key: str) -> tuple[float, ...]:
    """Per-epoch list of a metric; NotRecordedError when it is no list of rates."""
    numbers = summary.numbers("metric", key)
    if any(abs(number) > ABSURD for number in numbers):
        raise NotRecordedError(f"{summary.where}: metric.{key} is out of all range")
    return numbers


def listed(summary: Document, key: str) -> tuple[float, ...]:
    """Per-epoch list of a metric; empty when it is not there."""
    try:
        return per_epoch(summary, key)
    except NotRecordedError:
        return ()


def _pair(
    summary: Document, key: str, unit: str, recomputed: float, how: str
) -> Iterator[Comparison]:
    if not summary.has("metric", key):
        return
    official = as_number(summary.value("metric", key))
    if official is None:
        return
    yield Comparison(
        metric=key,
        unit=unit,
        official=official,
        recomputed=recomputed,
        tolerance=EXACT * max(abs(recomputed), 1.0),
        where=f"{summary.where}: metric.{key}",
        note=f"{how} the per-epoch list beside it; tolerance: floating point only",
    )


def _verdict(leaf: Leaf) -> Iterator[Comparison]:
    """DLIO's own word, against the target its configuration set."""
    summary, key = leaf.summary, "train_au_meet_expectation"
    target = as_number(parameter(leaf, "metric.au"))
    numbers = listed(summary, "train_au_percentage")
    if not numbers or target is None or not summary.has("metric", key):
        return
    said = summary.value("metric", key) == "success"
    yield Comparison(
        metric=key,
        unit="1 = success",
        official=float(said),
        recomputed=float(fmean(numbers) >= 100 * target),
        tolerance=0.0,
        where=f"{summary.where}: metric.{key}",
        note=f"mean of the list against the run's own metric.au, {100 * target:g} %",
    )


def _volumes(summary: Document, setup: TrainingSetup) -> Iterator[Comparison]:
    rates = listed(summary, "train_throughput_samples_per_second")
    if rates:
        per_sample = setup.record_length_bytes / _MIB
        how = "record length / 2^20 times the"
        yield from _pair(
            summary,
            "train_io_mean_MB_per_second",
            "MiB/s",
            fmean(rates) * per_sample,
            f"{how} mean of",
        )
        yield from _pair(
            summary,
            "train_io_stdev_MB_per_second",
            "MiB/s",
            pstdev(rates) * per_sample,
            f"{how} population standard deviation of",
        )
    yield from _data_size(summary, setup)


def _data_size(summary: Document, setup: TrainingSetup) -> Iterator[Comparison]:
    key = "data_size_per_host_GB"
    official = as_number(summary.value(key)) if summary.has(key) else None
    if official is None:
        return
    per_host = setup.files * setup.samples_per_file / setup.hosts
    gib = setup.record_length_bytes / _GIB
    # DLIO divides whole samples, rank by rank, before it multiplies by the length.
    whole = setup.accelerators / setup.hosts
    yield Comparison(
        metric=key,
        unit="GiB",
        official=official,
        recomputed=per_host * gib,
        tolerance=whole * gib + EXACT * per_host * gib,
        where=f"{summary.where}: {key}",
        note="files x samples per file x record length / hosts; DLIO rounds down to"
        " whole samples of each rank, so one sample per rank is tolerated",
    )
