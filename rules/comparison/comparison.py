"""Two sides compared: plans first, then surroundings, then numbers with intervals."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from mlps.difference import Concern, Difference, differences
from mlps.plan import RunKind
from rules.comparison.contrast import Contrast, Units, contrasts
from rules.comparison.environment import FactDifference, fact_differences
from rules.comparison.side import Side
from rules.rule import Stage, first_of

_LEAST_RUNS = 2
_LEAST_EPOCHS = 3
_TOLD = (Concern.CLAIM, Concern.FIXED, Concern.TUNABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All that differs. `unfair` says why the numbers should not be set side by side.

    `units` is None when nothing was measured on one side.
    """

    old: Side
    new: Side
    unfair: tuple[str, ...]
    config: tuple[Difference, ...]
    facts: tuple[FactDifference, ...]
    units: Units | None
    contrasts: tuple[Contrast, ...]


def compare(old: Side, new: Side) -> Comparison:
    """Compare two sides; a plan on one of them leaves only the plans."""
    config = differences(old.doc.plan, new.doc.plan)
    facts: tuple[FactDifference, ...] = ()
    unfair: tuple[str, ...] = ()
    units = None
    if Stage.PLAN not in (old.stage, new.stage):
        facts = fact_differences(old.facts, new.facts) if old.runs and new.runs else ()
        unfair = tuple(_unfair(old, new, config, facts))
        units = _units(old, new)
    return Comparison(
        old=old,
        new=new,
        unfair=unfair,
        config=config,
        facts=facts,
        units=units,
        contrasts=contrasts(units) if units else (),
    )


def _units(old: Side, new: Side) -> Units | None:
    wholes = [[unit for run in side.runs for unit in run.whole] for side in (old, new)]
    epochs = [[unit for run in side.runs for unit in run.epochs] for side in (old, new)]
    if not all(wholes):
        return None
    by_run = min(map(len, wholes)) >= _LEAST_RUNS
    before, after = wholes if by_run else epochs
    return Units(
        name="run" if by_run else "epoch",
        least=_LEAST_RUNS if by_run else _LEAST_EPOCHS,
        old=tuple(before),
        new=tuple(after),
    )


def _unfair(
    old: Side,
    new: Side,
    config: tuple[Difference, ...],
    facts: tuple[FactDifference, ...],
) -> Iterator[str]:
    counts = Counter(d.concern for d in config)
    if any(counts[concern] for concern in _TOLD):
        told = [f"{counts[c]} {_WORDS[c]}" for c in _TOLD if counts[c]]
        yield f"the plans differ: {', '.join(told)}"
    strange = [fact.name for fact in facts if fact.is_unfair]
    if strange:
        yield f"taken elsewhere: other {first_of(strange, 12, between=', ')}"
    if old.stage is not new.stage:
        yield f"A is a {_KINDS[old.stage]}, B a {_KINDS[new.stage]}"
    if {run.run_id for run in old.runs} & {run.run_id for run in new.runs}:
        yield "A and B hold the same run: it is compared with itself"
    for letter, side in (("A", old), ("B", new)):
        yield from (f"{letter} {text}" for text in _weak(side))


def _weak(side: Side) -> Iterator[str]:
    if side.faults:
        yield f"is {side.verdict}: {first_of(side.faults, 4, between=', ')}"
    if not side.runs:
        yield "has no sealed measured run"
    other = {run.kind for run in side.runs} - {RunKind.MEASURED.value}
    if other:
        yield f"is a {first_of(sorted(other), 1)} run, not a measured one"


_WORDS = {
    Concern.CLAIM: "in what is claimed",
    Concern.FIXED: "in official values",
    Concern.TUNABLE: "in what CLOSED lets change",
}
_KINDS = {Stage.PLAN: "plan", Stage.RUN: "single run", Stage.CAMPAIGN: "campaign"}
