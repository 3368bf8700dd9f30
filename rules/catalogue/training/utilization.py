"""Rule 3.3.2 on published trees: whether the accelerators were kept busy."""

from collections.abc import Sequence
from statistics import fmean

from mlps.errors import NotRecordedError
from rules.catalogue.leaves import concluded, label, over
from rules.catalogue.utilization import utilization as recorded_utilization
from rules.finding import Outcome
from rules.recomputation.training.epochs import block_times
from rules.recomputation.training.summary import per_epoch
from rules.rule import Scope, StoredCase
from rules.stored import Document, Leaf, as_number
from rules.training_setup import parameter, setup_of


@recorded_utilization.also(
    Scope.TRAINING,
    ours="Of published runs every one is judged, the warm-up too, as the checker does."
    " What decides is the mean of DLIO's list of epochs, since no step is published;"
    " the nominal compute time over the running time stands beside it.",
)
def utilization(case: StoredCase) -> Outcome:
    """Check the utilization of every published run by its list of epochs.

    The mean of the list must reach the edition's minimum; neither the stated mean nor
    the word "success" is believed, but a stated failure counts. The target that the
    run's own configuration names must not be lower either.
    """
    minimum = _minimum(case)
    runs = case.workload.runs
    said: list[str] = []

    def check(leaf: Leaf) -> Sequence[str]:
        numbers = per_epoch(leaf.summary, "train_au_percentage")
        if not numbers:
            raise NotRecordedError(f"{leaf.summary.where}: no epoch in the list")
        mean = fmean(numbers)
        said.append(f"{label(leaf)}: {mean:.2f} %{_beside(case, leaf)}")
        faults = [said[-1].partition(": ")[2]] if mean < 100 * minimum else []
        return [*faults, *_words(leaf, minimum)]

    return concluded(
        over(runs, check),
        runs,
        expected=f"at least {100 * minimum:g} % in every run; no target below that",
        actual="; ".join(said),
        where="summary.json: metric.train_au_percentage; metric.au of the"
        " configuration",
        fix="take the runs with fewer accelerators, and the official template",
    )


def _minimum(case: StoredCase) -> float:
    name = case.workload.model
    row = case.edition.row(name)
    known = next((f for f in case.figures if f.name == name), None)
    if row is None and known is None:
        raise NotRecordedError(
            f"{case.workload.where}: no minimum is known for model {name!r}"
        )
    return row.au if row else known.au if known else 0.0


def _words(leaf: Leaf, minimum: float) -> list[str]:
    """Name what the run itself says that speaks against it."""
    faults = []
    target = as_number(parameter(leaf, "metric.au"))
    if target is not None and target < minimum:
        faults.append(f"its configuration asks for {100 * target:g} % only")
    verdict = _stated(leaf.summary, "train_au_meet_expectation")
    if verdict not in (None, "success"):
        faults.append(f"DLIO's own verdict is {verdict!r}")
    return faults


def _stated(summary: Document, key: str) -> object:
    return summary.value("metric", key) if summary.has("metric", key) else None


def _beside(case: StoredCase, leaf: Leaf) -> str:
    """Nominal compute over running time, where time stamps are there."""
    try:
        setup = setup_of(case.workload, leaf, case.figures)
        times_s = block_times(leaf)
    except NotRecordedError:
        return ""
    nominal_s = setup.steps * setup.computation_time_s
    text = fmean(100 * nominal_s / time_s for time_s in times_s)
    return f" ({text:.2f} % nominal compute over running time)"
