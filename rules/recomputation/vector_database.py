"""Recomputes the numbers of a vector-database result."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import fmean

from mlps.errors import NotRecordedError
from rules import vector_record
from rules.stored import Comparison, Document, Leaf, Workload

_ROUNDING = 1e-9
_CLOCK_S = 1e-6
_MULTI = "vdb_multi_node_summary.json"
_LATENCIES = ("mean_latency_ms", "p95_latency_ms", "p99_latency_ms", "p999_latency_ms")
# Key of the summary: key of the file of all clients, and the unit.
_TAKEN_OVER = {
    **{key: (key, "ms") for key in _LATENCIES},
    "throughput_qps": ("throughput_qps", "queries/s"),
    "query_count": ("total_queries", "queries"),
    "total_time_seconds": ("total_time_seconds", "s"),
}


def compare(workload: Workload) -> tuple[Comparison, ...]:
    """Compare what the raw files of the runs allow; what can't be read is left out."""
    found: list[Comparison] = []
    for leaf in sorted(workload.runs, key=lambda leaf: leaf.name):
        for ask in (_rate, _clients, _wall, _taken_over, _recall):
            found += _tried(ask, leaf)
    return tuple(found)


def _tried(
    ask: Callable[[Leaf], Iterator[Comparison]], leaf: Leaf
) -> Sequence[Comparison]:
    try:
        return [c for c in ask(leaf) if math.isfinite(c.recomputed)]
    except (NotRecordedError, OverflowError):
        return []


def _comparison(  # noqa: PLR0913 - one for each part of a comparison
    leaf: Leaf,
    key: str,
    unit: str,
    *,
    official: float,
    recomputed: float,
    note: str,
    tolerance: float = 0,
) -> Comparison:
    return Comparison(
        metric=key,
        place=leaf.name,
        unit=unit,
        official=official,
        recomputed=recomputed,
        tolerance=max(tolerance, _ROUNDING * abs(official)),
        where=vector_record.measured(leaf).where,
        note=note,
    )


def _rate(leaf: Leaf) -> Iterator[Comparison]:
    """Divide queries by time of the same file."""
    document = vector_record.measured(leaf)
    time_s = document.number("total_time_seconds")
    key = "query_count" if document.has("query_count") else "total_queries"
    if time_s <= 0:
        return
    yield _comparison(
        leaf,
        "throughput_qps",
        "queries/s",
        official=document.number("throughput_qps"),
        recomputed=document.number(key) / time_s,
        note=f"{key} over total_time_seconds, exact but for the last digits",
    )


def _raw(leaf: Leaf) -> Document:
    """File of all clients from which summary.json was made."""
    if leaf.summary.missing:
        raise NotRecordedError(f"{leaf.where}: a single client wrote no summary")
    multi = vector_record.file(leaf, _MULTI)
    return vector_record.file(leaf, "statistics.json") if multi.missing else multi


def _ranks(leaf: Leaf) -> Sequence[Document]:
    raw = _raw(leaf)
    ranks = [item for item in raw.items("rank_summaries") if isinstance(item, Mapping)]
    if not ranks:
        raise NotRecordedError(f"{raw.where}: no rank_summaries")
    return [Document(where=raw.where, content=rank) for rank in ranks]


def _clients(leaf: Leaf) -> Iterator[Comparison]:
    """Add up the queries of all clients."""
    ranks = _ranks(leaf)
    yield _comparison(
        leaf,
        "query_count",
        "queries",
        official=leaf.summary.number("query_count"),
        recomputed=sum(rank.number("total_queries") for rank in ranks),
        note=f"sum over {len(ranks)} clients of {_raw(leaf).where}, exact",
    )


def _wall(leaf: Leaf) -> Iterator[Comparison]:
    """Take the time from the first client's start to the last one's end."""
    ranks = _ranks(leaf)
    ends = [rank.number("end_time") for rank in ranks]
    starts = [rank.number("start_time") for rank in ranks]
    yield _comparison(
        leaf,
        "total_time_seconds",
        "s",
        official=leaf.summary.number("total_time_seconds"),
        recomputed=max(ends) - min(starts),
        note=f"last end minus first start of {len(ranks)} clients; seconds since 1970"
        " hold no more than a microsecond",
        tolerance=_CLOCK_S,
    )


def _taken_over(leaf: Leaf) -> Iterator[Comparison]:
    """Compare what the summary took over from the file of all clients."""
    raw = _raw(leaf)
    for key, (other, unit) in _TAKEN_OVER.items():
        if leaf.summary.has(key) and raw.has(other):
            yield _comparison(
                leaf,
                key,
                unit,
                official=leaf.summary.number(key),
                recomputed=raw.number(other),
                note=f"taken over from {raw.where}, exact",
            )


def _recall(leaf: Leaf) -> Iterator[Comparison]:
    """Take the mean over single queries, or what the file of all clients says."""
    official, where = vector_record.recall(leaf)
    for name in ("recall_stats.json", "statistics.json"):
        document = vector_record.file(leaf, name)
        for keys in (("per_query_recall",), ("recall", "per_query_recall")):
            if document.has(*keys) and (each := document.numbers(*keys)):
                yield _comparison(
                    leaf,
                    "recall",
                    "of 1",
                    official=official,
                    recomputed=fmean(each),
                    note=f"mean of {len(each)} queries of {document.where}, of {where}",
                )
                return
    raw = vector_record.file(leaf, "statistics.json")
    raw = raw if leaf.summary.missing else _raw(leaf)
    yield _comparison(
        leaf,
        "recall",
        "of 1",
        official=official,
        recomputed=raw.number("recall", "mean_recall"),
        note=f"taken over from {raw.where}, exact",
    )
