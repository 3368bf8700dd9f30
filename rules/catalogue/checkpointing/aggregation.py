"""What is published of a checkpointing result, and what the slowest rank says."""

from collections.abc import Sequence
from functools import partial
from statistics import fmean

from mlps.errors import NotRecordedError
from rules.catalogue.checkpointing.recorded import (
    checkpoint_gib,
    has_phase,
    invocations,
    metric,
    ranks,
    settled,
    with_phase,
)
from rules.catalogue.leaves import over
from rules.finding import Outcome
from rules.recomputation.checkpoint_times import KINDS, checkpoint_times
from rules.rule import NotApplicableError, Scope, StoredCase, judged, stored_rule
from rules.stored import Leaf

_FIGURES = {
    "io_mean_GB_per_second": "GiB/s",
    "duration_mean_seconds": "s",
}


@stored_rule("4.3.6", "checkpointResultAggregation", Scope.CHECKPOINTING)
def aggregation(case: StoredCase) -> Outcome:
    """Compute the published figures from the invocations, none left out.

    Bandwidth and duration of writing are the means over the invocations that wrote of
    save_checkpoint_io_mean_GB_per_second and save_checkpoint_duration_mean_seconds of
    their summaries; those of reading likewise of load_*. Each must be above 0.
    """
    facts: list[str] = []
    answers: tuple[list[str], list[str]] = ([], [])
    for phase in ("write", "read"):
        leaves = with_phase(case, phase)
        for name, unit in _FIGURES.items():
            key = metric(phase, name)
            faults, gaps = over(leaves, partial(_not_positive, key))
            answers[0].extend(faults)
            answers[1].extend(gaps)
            if leaves and not faults and not gaps:
                total = sum(leaf.summary.number("metric", key) for leaf in leaves)
                facts.append(f"{phase} {total / len(leaves):.4f} {unit}")
    if not facts and not answers[0] and not answers[1]:
        raise NotRecordedError(f"{case.workload.where}: nothing written or read")
    return settled(
        case,
        answers,
        expected="means of every invocation of each phase, above 0",
        actual=", ".join(facts),
        where="summary.json: metric.save_checkpoint_*, metric.load_checkpoint_*",
        fix="run the invocation again until DLIO writes its summary",
    )


def _not_positive(key: str, leaf: Leaf) -> list[str]:
    value = leaf.summary.number("metric", key)
    return [] if value > 0 else [f"{key} is {value:g}"]


@stored_rule(
    "EV-21",
    "checkpointSlowestRank",
    Scope.CHECKPOINTING,
    numbers=lambda _: ["reported beside the official figure, judged by nobody"],
    ours="a checkpoint is complete when its slowest rank is; DLIO reports rank 0 only",
)
def slowest_rank(case: StoredCase) -> Outcome:
    """Tell the rate of the slowest rank beside that of rank 0.

    DLIO divides the size of the checkpoint by the time of rank 0. Here it is divided by
    the longest time of any rank, checkpoint by checkpoint. Reads the per-epoch files
    of all ranks; without them there is nothing to tell.
    """
    facts = [
        _slowest(leaf, phase)
        for leaf in invocations(case)
        for phase in ("write", "read")
        if _has_all(leaf) and has_phase(leaf, phase)
    ]
    if not facts:
        raise NotApplicableError(
            "the slowest rank needs the per-epoch files of all ranks; there are"
            f" {_files(invocations(case))}"
        )
    return judged(
        holds=True,
        expected="the slowest rank's rate, for comparison",
        actual="; ".join(facts),
        where="*_per_epoch_stats.json of all ranks",
        fix="",
    )


def _has_all(leaf: Leaf) -> bool:
    return len(leaf.per_epoch) > 1 and len(leaf.per_epoch) >= ranks(leaf)


def _files(leaves: Sequence[Leaf]) -> str:
    return ", ".join(f"{len(leaf.per_epoch)} in {leaf.name}" for leaf in leaves)


def _slowest(leaf: Leaf, phase: str) -> str:
    times = [checkpoint_times(document, KINDS[phase]) for document in leaf.per_epoch]
    many = {len(found) for found in times}
    if len(many) != 1 or not times[0]:
        raise NotRecordedError(
            f"{leaf.where}: ranks recorded {min(many)} to {max(many)} checkpoints"
        )
    size = checkpoint_gib(leaf)
    columns = list(zip(*times, strict=True))
    longest = [max(time.duration_s for time in column) for column in columns]
    slowest = fmean(size / duration_s for duration_s in longest)
    first = fmean(size / column[0].duration_s for column in columns)
    return (
        f"{leaf.name} {phase}: slowest rank {slowest:.3f} GiB/s,"
        f" rank 0 {first:.3f} GiB/s ({100 * slowest / first:.1f} %)"
    )
