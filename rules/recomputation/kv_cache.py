"""Recomputes the aggregates of a KV-cache result from the results of its ranks."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from mlps.errors import NotRecordedError
from rules import kv_cache_record as record
from rules.stored import Comparison, Leaf, Workload

_ROUNDING = 1e-9
_CACHE = ("summary", "cache_stats")
# Aggregate: unit, and where it stands in a rank's result. Summed over the ranks of a
# trial, then the mean over trials (6.3.4.1, 6.3.4.2).
_SUMS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "aggregated_read_bandwidth_gbps": (
        "GiB/s",
        (*_CACHE, "tier_storage_read_bandwidth_gbps"),
    ),
    "aggregated_write_bandwidth_gbps": (
        "GiB/s",
        (*_CACHE, "tier_storage_write_bandwidth_gbps"),
    ),
    "aggregated_avg_throughput_tokens_per_sec": (
        "tokens/s",
        ("summary", "avg_throughput_tokens_per_sec"),
    ),
    "aggregated_storage_throughput_tokens_per_sec": (
        "tokens/s",
        ("summary", "storage_throughput_tokens_per_sec"),
    ),
}
# The worst of all ranks and trials (6.3.4.3).
_WORST: Mapping[str, tuple[str, tuple[str, ...]]] = {
    record.DEVICE_LATENCIES[0]: ("ms", (*_CACHE, "storage_read_device_p95_ms")),
    record.DEVICE_LATENCIES[1]: ("ms", (*_CACHE, "storage_write_device_p95_ms")),
    record.OLDER_LATENCY: ("ms", ("summary", "storage_io_latency_ms", "p95")),
}


def compare(workload: Workload) -> tuple[Comparison, ...]:
    """Compare every aggregate of which all ranks' results are there."""
    found: list[Comparison] = []
    for leaf in sorted(workload.runs, key=lambda leaf: leaf.name):
        try:
            numbers = record.options(leaf)
        except NotRecordedError:
            continue
        for option in numbers:
            found += _option(leaf, option)
    return tuple(found)


Trials = Mapping[int, Sequence[record.RankResult]]


def _trials(leaf: Leaf, option: int) -> Trials:
    """Results of the ranks of an option, by trial."""
    found: defaultdict[int, list[record.RankResult]] = defaultdict(list)
    for result in record.ranks(leaf):
        if result.option == option:
            found[result.trial].append(result)
    return found


def _option(leaf: Leaf, option: int) -> Sequence[Comparison]:
    try:
        found = _compared(leaf, option, _trials(leaf, option))
        return [c for c in found if math.isfinite(c.recomputed)]
    except (NotRecordedError, OverflowError):
        return []


def _compared(leaf: Leaf, option: int, trials: Trials) -> Iterator[Comparison]:
    here = sum(len(results) for results in trials.values())
    count = leaf.summary.whole(*record.at(option, "trial_count"))
    ranks = leaf.summary.whole(*record.at(option, "rank_count"))
    missing = record.missing_ranks(leaf, option)
    if not here or len(trials) != count or here != ranks * count - missing:
        return
    what = f"{here} results of {count} trials x {ranks} ranks"
    for names, how in ((_SUMS, "mean over trials of sums"), (_WORST, "worst")):
        for key, (unit, path) in names.items():
            if not leaf.summary.has(*record.at(option, key)):
                continue
            official = leaf.summary.number(*record.at(option, key))
            each = [
                [_value(result, path) for result in results]
                for results in trials.values()
            ]
            yield Comparison(
                metric=f"option {option} {key}",
                place=leaf.name,
                unit=unit,
                official=official,
                recomputed=fmean(sum(values) for values in each)
                if names is _SUMS
                else max(value for values in each for value in values),
                tolerance=_ROUNDING * abs(official),
                where=leaf.summary.where,
                note=f"{how} of {what}, exact but for the last digits",
            )


def _value(result: record.RankResult, path: tuple[str, ...]) -> float:
    """Read a rank's number; served from memory alone it has none, which counts as 0."""
    document = result.document
    if not document.has(*path) and document.has(*path[:-1]):
        return 0.0
    return document.number(*path)
