"""The sampler's files on this host, the time of one sample and its bytes."""

import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from mlps.evidence import BY_NAME
from mlps.plan import Plan
from runner.record.procfs.look import HOST_LOOKS, RANK_LOOKS, Look, OpenLook, open_look
from runner.rehearsal.row import Row, ok

_CHECK = "sampler"
_PROC = Path("/proc")
# An estimate: buckets in use of each operation's histogram in a second.
_LATENCY_ROWS_PER_S = 32
# Measured: the tables of a run of a few steps.
_FILE_BYTES = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSize:
    """Bytes that one sample adds to the evidence."""

    host_bytes: int
    rank_bytes: int


def check_sampler(plan: Plan) -> tuple[Row, SampleSize]:
    """Take one sample of this host and this rank; NotReadyError when that fails."""
    with ExitStack() as closing:
        rank = [open_look(look, _PROC, closing) for look in RANK_LOOKS]
        host = [open_look(look, _PROC, closing) for look in HOST_LOOKS]
        start_ns = time.perf_counter_ns()
        host_bytes, rank_bytes = _take(host), _take(rank)
        taken_us = (time.perf_counter_ns() - start_ns) / 1000
        absent = [path for look in (*rank, *host) for path in look.absent]
    says = f"{_count((*RANK_LOOKS, *HOST_LOOKS)) - len(absent)} files, a sample takes"
    says += f" {taken_us:.0f} us every {plan.submission.sampler.interval_s:g} s"
    if not plan.submission.sampler.interval_s:
        says = "off, as the plan says"
    elif absent:
        says += f"; not on this kernel: {', '.join(absent)}"
    return ok(_CHECK, says), SampleSize(host_bytes=host_bytes, rank_bytes=rank_bytes)


def evidence_bytes(plan: Plan, host_bytes: int, rank_bytes: int) -> int:
    """Estimate the evidence of all runs, before compression.

    `host_bytes` and `rank_bytes`: a sample of all hosts, and of one rank.
    """
    derived, epochs = plan.derived, plan.workload.train.epochs
    runs = plan.submission.warmup_runs + plan.submission.measured_runs
    interval_s = plan.submission.sampler.interval_s
    samples = int(derived.estimated_s / interval_s) + 1 if interval_s else 0
    steps = runs * epochs * derived.steps_per_epoch
    latency = _LATENCY_ROWS_PER_S * BY_NAME["latency"].dtype.itemsize
    per_rank = (
        samples * rank_bytes
        + steps * BY_NAME["steps"].dtype.itemsize
        + int(derived.estimated_s + 1) * latency
    )
    rows_bytes = samples * host_bytes + derived.ranks * per_rank
    # One run more: a flush writes the file anew before it replaces the old one.
    return (runs + 2) * _FILE_BYTES + 2 * rows_bytes


def _take(looks: Iterable[OpenLook]) -> int:
    return sum(look.parse(0, 0, look.read()).nbytes for look in looks)


def _count(looks: Iterable[Look]) -> int:
    return sum(len(look.files) for look in looks)
