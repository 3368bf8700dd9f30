"""Finds rows on which recomputing would take without end.

Every run the runner writes is far inside: it closes each phase once, knows four
operations, and samples some ranks many times, not many ranks once.
"""

import numpy as np

from mlps import histogram
from mlps.evidence.table import StructArray
from mlps.metrics import Tables

_LAST_BUCKET = int(histogram.bucket_of(np.array([2**63 - 1]))[0])
_MOST_OPERATIONS = 16
_MOST_PHASES = 2**12
_MOST_LOOKS = 2**31
"""Sampled rows times ranks: each rank's rows are picked out of all rows."""


def fault(tables: Tables) -> str:
    """Say which table has more distinct values than are gone through; "" for none."""
    process = tables["process"]
    ranks = len(np.unique(process["rank"]))
    if ranks * len(process) > _MOST_LOOKS:
        return f"/process has {len(process)} rows of {ranks} ranks"
    phases = tables["phases"]
    keys = np.stack([phases["rank"], phases["phase"]], axis=1)
    if len(np.unique(keys, axis=0)) < len(phases):
        return "/phases closes a phase of a rank twice"
    return _latency_fault(tables["latency"])


def _latency_fault(rows: StructArray) -> str:
    """Find buckets no duration falls in: their edges would be endless integers."""
    odd = rows[(rows["bucket"] < 0) | (rows["bucket"] > _LAST_BUCKET)]
    if len(odd):
        return f"/latency names a bucket {int(odd['bucket'][0])}"
    for column, most in (("operation", _MOST_OPERATIONS), ("phase", _MOST_PHASES)):
        count = len(np.unique(rows[column]))
        if count > most:
            return f"/latency names {count} different values of {column}"
    return ""
