"""Adds up the latency histograms of each rank's phase: how many, and how long."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from mlps import histogram
from mlps.evidence.table import StructArray
from rules.record import Operations


def operations(
    latency: StructArray, phases: StructArray
) -> Mapping[tuple[int, int], Operations]:
    """Operations by rank and phase of each closed phase that has any."""
    order = np.lexsort((latency["phase"], latency["rank"]))
    rank, phase = latency["rank"][order], latency["phase"][order]
    found = {}
    for row in phases:
        first, last = np.searchsorted(rank, [row["rank"], row["rank"] + 1])
        edges = [row["phase"], row["phase"] + 1]
        low, high = first + np.searchsorted(phase[first:last], edges)
        if low < high:
            key = (int(row["rank"]), int(row["phase"]))
            found[key] = _operations(latency[order[low:high]])
    return found


def _operations(rows: StructArray) -> Operations:
    count = {name: _chosen(rows, name) for name in ("open", "read", "sample")}
    inside = count["open"] + count["read"]
    return Operations(
        opens=sum(count["open"].values()),
        reads=sum(count["read"].values()),
        files=sum(count["sample"].values()),
        least_count=int(rows["count"].min()),
        inside_ns=sum(n * histogram.lower_ns(b) for b, n in inside.items()),
        inside_most_ns=sum(n * histogram.upper_ns(b) for b, n in inside.items()),
        least_ns=sum(n * histogram.lower_ns(b) for b, n in count["sample"].items()),
        most_ns=sum(n * histogram.upper_ns(b) for b, n in count["sample"].items()),
        first_interval_ns=int(rows["interval_start_ns"].min()),
        last_interval_ns=int(rows["interval_start_ns"].max()),
    )


def _chosen(rows: StructArray, operation: str) -> Counter[int]:
    own = rows[rows["operation"] == operation.encode()]
    return Counter(histogram.merge(own["bucket"], own["count"]))
