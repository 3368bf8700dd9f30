"""Whether this host's page cache can be emptied, and proven empty."""

import os
from pathlib import Path

from mlps.plan import Plan
from runner.rehearsal.row import Row, error, ok, warn
from runner.workload import pagecache
from runner.workload.pagecache import Method

_CHECK = "page cache"
_DROP_CACHES = "/proc/sys/vm/drop_caches"


def check_flush(plan: Plan, path: Path) -> Row:
    """Flush one file as a run would; what other processes cached is left alone."""
    if not plan.submission.cold_reads:
        return ok(_CHECK, "not emptied: the plan reads through a warm cache")
    path.read_bytes()
    (row,) = pagecache.flush([path], [path], node=0, phase=0, method=Method.FADVISE)
    return judge_flush(
        sampled=int(row["sampled_pages"]),
        before=int(row["resident_before_pages"]),
        after=int(row["resident_pages"]),
        may_drop=os.access(_DROP_CACHES, os.W_OK),
    )


def judge_flush(*, sampled: int, before: int, after: int, may_drop: bool) -> Row:
    """Judge the pages of a file in memory before and after the flush."""
    says = f"{before} of {sampled} pages of a file in memory, {after} after the flush"
    if not pagecache.Residency(sampled_pages=sampled, resident_pages=after).is_flushed:
        return error(
            _CHECK,
            f"{says}: it can't be emptied",
            "choose a data path whose files leave memory (not tmpfs), or compile with"
            " submission.cold_reads=false, which is not CLOSED",
        )
    if not before:
        return warn(
            _CHECK,
            f"{says}: nothing was there to empty, so nothing is proven",
            "this file system caches outside the page cache; empty that by its own"
            " means before the run",
        )
    method = Method.DROP_CACHES if may_drop else Method.FADVISE
    return ok(_CHECK, f"{says}; a run uses {method}")
