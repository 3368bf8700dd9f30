"""Rates and utilization of a run, recomputed from the time stamps of its epochs.

A block is the time between checkpoints, an epoch without any is one block. With N
steps of each rank, B samples a step, A ranks, c nominal compute and T the time of the
blocks: throughput N*B*A / T, utilization by the text of rule 3.3.2 N*c / T.

DLIO of v1.0 takes T for its throughput as it is. Its utilization, and both in later
rounds, leave the first step of each block out of N and T, count compute as measured,
and some versions count two steps less. So the official numbers lie in a range:

* the first step lasts between nothing and `first_s`: the loader fills its queue of
  threads x prefetch batches while the first one is awaited, at the rate of the rest
  at least, and starts its workers (`_START_S`);
* a step computes for its nominal time at least, and oversleeps by `_OVERSLEEP_S`;
* other ranks' blocks differ from the recorded ones by `_SKEW`, unless every rank's
  file is there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from mlps.errors import NotRecordedError
from rules.recomputation.training.summary import EXACT, listed
from rules.stored import Comparison, Document, Layout, Leaf, Workload, as_number
from rules.training_setup import TrainingSetup

_BLOCK = re.compile(r"block\d+")
_SKEW = 0.02
_STAMPS_S = 0.01
_START_S = 10.0
_OVERSLEEP_S = 0.00025
_LEFT_OUT_STEPS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Epoch:
    """Time of the blocks of one epoch, mean over the ranks whose files are there.

    `idle_s` is what the epoch took besides blocks and checkpoints: barriers, in which
    ranks that are not published may still have been running.
    """

    blocks: int
    time_s: float
    idle_s: float
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Range:
    """Least and most that the method allows around the recomputed value."""

    low: float
    recomputed: float
    high: float

    def tolerance(self, official: float) -> float:
        """Distance allowed on the side on which the official number lies."""
        if official < self.recomputed:
            return max(self.recomputed - self.low, 0.0)
        return max(self.high - self.recomputed, 0.0)

    def excess(self, official: float) -> float:
        """How far outside of the range it is, relative; negative inside."""
        distance = abs(official - self.recomputed) - self.tolerance(official)
        return distance / max(abs(self.recomputed), EXACT)


def epoch_comparisons(
    workload: Workload, leaf: Leaf, setup: TrainingSetup
) -> Iterator[Comparison]:
    """Of each kind the epoch of the run that differs most from what was recomputed."""
    au = listed(leaf.summary, "train_au_percentage")
    rates = listed(leaf.summary, "train_throughput_samples_per_second")
    epochs = _epochs(leaf)
    if epochs and rates:
        yield _count(leaf, len(rates), len(epochs))
    method = _Method(setup, leaf, whole_block=workload.layout is Layout.V1)
    if epochs and len(epochs) == len(rates):
        yield from _worst(
            rates,
            [method.rate(epoch) for epoch in epochs],
            "throughput from time stamps",
            "samples/s",
            leaf,
            method.rate_note,
        )
    if epochs and len(epochs) == len(au):
        yield from _worst(
            au,
            [method.utilization(epoch) for epoch in epochs],
            "utilization from time stamps (rules 3.3.2)",
            "%",
            leaf,
            method.utilization_note,
        )
    if len(au) == len(rates):
        yield from _worst(
            au,
            [method.utilization_at(rate) for rate in rates],
            "utilization from throughput",
            "%",
            leaf,
            method.link_note,
        )
    yield from _durations(leaf)


class _Method:
    """How the DLIO that wrote a run counts, as ranges around recomputed values."""

    def __init__(self, setup: TrainingSetup, leaf: Leaf, *, whole_block: bool) -> None:
        """`whole_block`: throughput over all of a block, as DLIO of v1.0."""
        self._setup, self._whole = setup, whole_block
        all_ranks = len(leaf.per_epoch) == setup.accelerators
        self._skew = 0.0 if all_ranks else _SKEW
        oversleep = 1 + _OVERSLEEP_S / setup.computation_time_s
        self._oversleep = oversleep + EXACT

    def rate(self, epoch: _Epoch) -> _Range:
        """Throughput in samples/s."""
        s = self._setup
        per_step = s.batch_size * s.accelerators
        recomputed = s.steps * per_step / epoch.time_s
        left = 0 if self._whole else _LEFT_OUT_STEPS * epoch.blocks
        gain = 1.0 if self._whole else self._gain(epoch)
        margin = self._margin(epoch)
        return _Range(
            low=max(s.least_steps - left, 0) * per_step / epoch.time_s * (1 - margin),
            recomputed=recomputed,
            high=recomputed * gain * (1 + margin),
        )

    def utilization(self, epoch: _Epoch) -> _Range:
        """Utilization in percent."""
        s = self._setup
        recomputed = 100 * s.steps * s.computation_time_s / epoch.time_s
        margin = self._margin(epoch)
        least = max(s.least_steps - epoch.blocks, 0) / max(s.steps, 1)
        return _Range(
            low=recomputed * least * (1 - margin),
            recomputed=recomputed,
            high=recomputed * self._gain(epoch) * self._oversleep * (1 + margin),
        )

    def utilization_at(self, rate: float) -> _Range:
        """Utilization in percent of a throughput: no time stamp is needed."""
        s = self._setup
        per_step = s.batch_size * s.accelerators
        recomputed = 100 * rate * s.computation_time_s / per_step
        steps = max(s.least_steps, _LEFT_OUT_STEPS + 1)
        if self._whole:
            time_s = s.steps * per_step / rate if rate > 0 else 0.0
            gain = self._gain(_Epoch(blocks=1, time_s=time_s, idle_s=0.0, where=""))
            low = recomputed * (steps - 1) / steps
        else:
            gain = (steps - 1) / (steps - _LEFT_OUT_STEPS)
            low = recomputed
        return _Range(
            low=low * (1 - EXACT),
            recomputed=recomputed,
            high=recomputed * gain * self._oversleep,
        )

    def _margin(self, epoch: _Epoch) -> float:
        """Relative error of a time, by rounding and by ranks not published."""
        skew = max(self._skew, epoch.idle_s / epoch.time_s) if self._skew else 0.0
        return skew + _STAMPS_S / epoch.time_s

    def _gain(self, epoch: _Epoch) -> float:
        """How much a rate may rise when the first step is left out."""
        s = self._setup
        if epoch.time_s <= 0 or s.steps <= epoch.blocks:
            return 1.0
        queue = (s.read_threads or 0) * max(s.prefetch_batches, 1) + 1
        filled = min(queue / s.steps, 1.0) * epoch.time_s
        first_s = min(filled + _START_S, epoch.time_s / 2) * epoch.blocks
        rest_s = max(epoch.time_s - first_s, epoch.time_s / 4)
        return epoch.time_s / rest_s

    @property
    def rate_note(self) -> str:
        counted = (
            "over the whole block"
            if self._whole
            else "without the first step of each block, as later DLIO counts"
        )
        return (
            f"steps x batch x accelerators / time of the blocks; official {counted};"
            f" tolerance: {self._skew:.0%}, or what the published rank waited, for"
            " ranks whose times are not published"
            + ("" if self._whole else ", 2 steps less, and what the first step took")
        )

    @property
    def utilization_note(self) -> str:
        return (
            "steps x nominal compute / time of the blocks; official leaves out the"
            " first step and counts compute as measured; tolerance: below, that step"
            " and rounding only; above, the first step (queue of threads x prefetch"
            f" batches, {_START_S:g} s to start) and {1000 * _OVERSLEEP_S:g} ms of"
            f" oversleep a step; {self._skew:.0%}, or what the published rank waited,"
            " for ranks whose times are missing"
        )

    @property
    def link_note(self) -> str:
        return (
            "official throughput x nominal compute / (batch x accelerators);"
            f" tolerance: above, {1000 * _OVERSLEEP_S:g} ms of oversleep a step"
            + (
                " and the first step, which only utilization leaves out"
                if self._whole
                else " and the step that some versions count less"
            )
        )


def _epochs(leaf: Leaf) -> list[_Epoch]:
    """Epochs of which every per-epoch file of the leaf has whole blocks, in order."""
    readable = [document for document in leaf.per_epoch if document.readable]
    ranks = [_blocks(document) for document in readable]
    if not ranks:
        return []
    return [
        _Epoch(
            blocks=len(ranks[0][key]),
            time_s=fmean(sum(rank[key]) for rank in ranks),
            idle_s=max(_idle(document, key) for document in readable),
            where=leaf.where,
        )
        for key in sorted(ranks[0], key=int)
        if all(key in rank for rank in ranks)
    ]


def _blocks(document: Document) -> dict[str, list[float]]:
    """Seconds of each block by epoch; epochs without a whole block are left out."""
    found: dict[str, list[float]] = {}
    content = document.content
    for key, epoch in content.items() if isinstance(content, dict) else ():
        if not isinstance(epoch, dict) or not str(key).isdecimal():
            continue
        times = [_seconds(b) for name, b in epoch.items() if _BLOCK.fullmatch(name)]
        if times and all(time is not None and time > 0 for time in times):
            found[str(key)] = [time for time in times if time is not None]
    return found


def _idle(document: Document, key: str) -> float:
    """Seconds of an epoch that are in none of its parts."""
    content = document.content
    epoch = content.get(key) if isinstance(content, dict) else None
    whole_s = _seconds(epoch)
    if whole_s is None or not isinstance(epoch, dict):
        return 0.0
    parts = [_seconds(part) for part in epoch.values() if isinstance(part, dict)]
    return max(whole_s - sum(part for part in parts if part is not None), 0.0)


def _seconds(block: object) -> float | None:
    """End less start of a block; None when a stamp can't be read."""
    if not isinstance(block, dict):
        return None
    try:
        start = datetime.fromisoformat(str(block.get("start")))
        end = datetime.fromisoformat(str(block.get("end")))
        return (end - start).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None


def _worst(  # noqa: PLR0913, PLR0917 - one for each part of a comparison
    official: tuple[float, ...],
    ranges: list[_Range],
    metric: str,
    unit: str,
    leaf: Leaf,
    note: str,
) -> Iterator[Comparison]:
    if not ranges:
        return
    at = max(range(len(ranges)), key=lambda n: ranges[n].excess(official[n]))
    yield Comparison(
        metric=f"{metric}, epoch {at + 1} of {len(ranges)}",
        unit=unit,
        official=official[at],
        recomputed=ranges[at].recomputed,
        tolerance=ranges[at].tolerance(official[at]),
        where=f"{leaf.summary.where}; *per_epoch_stats.json",
        note=f"{note}; the epoch that differs most",
        estimated=True,
    )


def _count(leaf: Leaf, official: int, recomputed: int) -> Comparison:
    return Comparison(
        metric="epochs",
        unit="",
        official=official,
        recomputed=recomputed,
        tolerance=0.0,
        where=f"{leaf.summary.where}; *per_epoch_stats.json",
        note="epochs of the summary against those with a whole block",
    )


def _durations(leaf: Leaf) -> Iterator[Comparison]:
    """Durations that the file states beside the stamps, the worst of them."""
    worst: Comparison | None = None
    for document in leaf.per_epoch:
        content = document.content if isinstance(document.content, dict) else {}
        for key, epoch in content.items():
            for part, block in epoch.items() if isinstance(epoch, dict) else ():
                stated = as_number(block.get("duration")) if _timed(block) else None
                time_s = _seconds(block)
                if stated is None or time_s is None or not _BLOCK.fullmatch(part):
                    continue
                found = Comparison(
                    metric=f"duration of a block, epoch {key} {part}",
                    unit="s",
                    official=stated,
                    recomputed=time_s,
                    tolerance=_STAMPS_S,
                    where=document.where,
                    note="end less start; tolerance: two decimals; the block that"
                    " differs most",
                )
                if worst is None or _off(found) > _off(worst):
                    worst = found
    if worst is not None:
        yield worst


def _timed(block: object) -> bool:
    return isinstance(block, dict) and "duration" in block


def _off(found: Comparison) -> float:
    return abs(found.official - found.recomputed)


def block_times(leaf: Leaf) -> list[float]:
    """Seconds of the blocks of each epoch; NotRecordedError when none is whole."""
    epochs = _epochs(leaf)
    if not epochs:
        raise NotRecordedError(f"{leaf.where}: no whole block in *per_epoch_stats.json")
    return [epoch.time_s for epoch in epochs]
