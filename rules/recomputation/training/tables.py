"""Tables of a training result, recomputed from its runs (rule 3.3.8).

v1.0 wrote `mlperf_storage_report.json` with an `overall` of its runs, the tool of
v3.0 `results.json` with one row for each result. The warm-up counts in neither.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import fmean, pstdev

from mlps.errors import NotRecordedError
from rules.published_runs import measured
from rules.recomputation.training.summary import (
    ABSURD,
    EXACT,
    per_epoch,
    run_label,
)
from rules.stored import Comparison, Document, Leaf, Workload, as_number

_RATE = "train_throughput_mean_samples_per_second"
_IO = "train_io_mean_MB_per_second"
_MEAN_OF = "train_mean_of_"
_BANDWIDTH = "Read B/W (GiB/s)"
_TWO_DECIMALS = 0.005
# Keys of v1.0's table: the runs' own metric, how it is reduced, and the unit.
_OVERALL: Mapping[str, tuple[str, Callable[[Sequence[float]], float], str]] = {
    "train_throughput_mean_samples_per_second": (_RATE, fmean, "samples/s"),
    "train_throughput_stdev_samples_per_second": (_RATE, pstdev, "samples/s"),
    "train_throughput_mean_MB_per_second": (_IO, fmean, "MiB/s"),
    "train_throughput_stdev_MB_per_second": (_IO, pstdev, "MiB/s"),
}

# Columns of the runs' own rows, and whole numbers that every row repeats.
_SINGLE = {
    "train_throughput_samples_per_second": (_RATE, "samples/s"),
    "train_throughput_MB_per_second": (_IO, "MiB/s"),
}
_COUNTS = {
    "train_num_accelerators": "num_accelerators",
    "num_files_train": "num_files_train",
    "num_samples_per_file": "num_samples_per_file",
}


def table_comparisons(workload: Workload) -> Iterator[Comparison]:
    """Every number of the tables that the runs give."""
    runs = measured(workload)
    for table in workload.tables:
        if table.has("overall"):
            yield from _report(workload, table, runs)
        else:
            for row in _rows(workload, table):
                yield from _row(table, row, runs)


def _report(
    workload: Workload, table: Document, runs: Sequence[Leaf]
) -> Iterator[Comparison]:
    for key, (metric, reduce, unit) in _OVERALL.items():
        official = _number(table, "overall", key)
        numbers = _numbers(runs, metric)
        if official is not None and numbers:
            yield _compared(
                table,
                f"overall {key}",
                unit,
                official,
                reduce(numbers),
                f"over the {len(numbers)} measured runs",
            )
    listed = table.value("runs") if table.has("runs") else {}
    rows = listed if isinstance(listed, Mapping) else {}
    for key, (metric, unit) in _SINGLE.items():
        yield from _single(workload, table, rows, runs, (key, metric, unit))
    yield from _counts(table, rows, runs)


def _counts(
    table: Document, rows: Mapping[object, object], runs: Sequence[Leaf]
) -> Iterator[Comparison]:
    """Whole numbers of the table, which are the same in all runs."""
    places = [("overall", table.value("overall")), *rows.items()]
    for key, name in _COUNTS.items():
        numbers = {
            run.summary.number(name) for run in runs if _is_number(run.summary, name)
        }
        for place, row in places:
            said = as_number(row.get(key)) if isinstance(row, Mapping) else None
            if said is not None and len(numbers) == 1:
                note = f"{name} of every run"
                yield _compared(table, f"{place} {key}", "", said, min(numbers), note)
    many = _number(table, "overall", "num_benchmark_runs")
    if many is not None:
        yield _compared(
            table, "num_benchmark_runs", "runs", many, len(runs), "runs that are there"
        )


def _is_number(document: Document, key: str) -> bool:
    return document.has(key) and as_number(document.value(key)) is not None


def _single(
    workload: Workload,
    table: Document,
    rows: Mapping[object, object],
    runs: Sequence[Leaf],
    column: tuple[str, str, str],
) -> Iterator[Comparison]:
    """Rows of the runs: by their names, else both in the order of their size."""
    key, metric, unit = column
    official = {
        str(name): number
        for name, row in rows.items()
        if isinstance(row, Mapping) and (number := as_number(row.get(key))) is not None
    }
    own = {
        run_label(workload, leaf): n for leaf in runs for n in _numbers([leaf], metric)
    }
    if len(official) != len(own):
        return
    for name, recomputed in _matched(official, own).items():
        found = _compared(
            table,
            f"table: {key}",
            unit,
            official[name],
            recomputed,
            "mean over epochs of that run's summary",
        )
        yield replace(found, place=name)


def _matched(
    official: Mapping[str, float], own: Mapping[str, float]
) -> Mapping[str, float]:
    """Recomputed number of each official name."""
    by_name = {
        name: [n for label, n in own.items() if name in label.split("/")]
        for name in official
    }
    if all(len(found) == 1 for found in by_name.values()):
        return {name: found[0] for name, found in by_name.items()}
    ranked = sorted(official, key=lambda name: official[name])
    return dict(zip(ranked, sorted(own.values()), strict=True))


def _rows(workload: Workload, table: Document) -> list[Mapping[str, object]]:
    """Rows of a v3.0 table that are about this workload."""
    content = table.content
    rows = content if isinstance(content, list) else [content]
    wanted = {"model": workload.model, "accelerator": workload.accelerator}
    return [
        row
        for row in rows
        if isinstance(row, Mapping)
        and all(
            not isinstance(said, str) or said.lower() in ("", wanted[key.lower()])
            for key, said in row.items()
            if str(key).lower() in wanted
        )
    ]


def _row(
    table: Document, row: Mapping[str, object], runs: Sequence[Leaf]
) -> Iterator[Comparison]:
    note = f"over the {len(runs)} measured runs"
    for key, value in row.items():
        official = as_number(value)
        if official is None or not isinstance(key, str):
            continue
        if key.startswith(_MEAN_OF):
            numbers = _means(runs, f"train_{key.removeprefix(_MEAN_OF)}")
            if numbers:
                mean = fmean(numbers)
                yield _compared(
                    table, key, "", official, mean, f"means of means {note}"
                )
        elif key == _BANDWIDTH and (numbers := _numbers(runs, _IO)):
            yield Comparison(
                metric=key,
                unit="GiB/s",
                official=official,
                recomputed=fmean(numbers) / 1024,
                tolerance=_TWO_DECIMALS + EXACT,
                where=table.where,
                note=f"mean of {_IO} / 1024 {note}; tolerance: two decimals",
            )


def _compared(  # noqa: PLR0913, PLR0917 - one for each part of a comparison
    table: Document,
    metric: str,
    unit: str,
    official: float,
    recomputed: float,
    note: str,
) -> Comparison:
    return Comparison(
        metric=metric,
        unit=unit,
        official=official,
        recomputed=recomputed,
        tolerance=EXACT * max(abs(recomputed), 1.0),
        where=table.where,
        note=f"{note}; tolerance: floating point only",
    )


def _number(table: Document, *keys: str) -> float | None:
    return as_number(table.value(*keys)) if table.has(*keys) else None


def _numbers(runs: Sequence[Leaf], metric: str) -> list[float]:
    """Read the number of every run; none when a single one lacks it (3.3.8)."""
    try:
        numbers = [run.summary.number("metric", metric) for run in runs]
    except NotRecordedError:
        return []
    return numbers if all(abs(number) < ABSURD for number in numbers) else []


def _means(runs: Sequence[Leaf], metric: str) -> list[float]:
    """Average the epochs of every run; none when a single one lacks the list."""
    try:
        return [fmean(per_epoch(run.summary, metric)) for run in runs]
    except (NotRecordedError, ValueError):
        return []
