"""Recomputes the numbers of a training result: lists, time stamps, tables.

Nothing here believes a derived number: means come from the lists, rates from time
stamps, tables from the runs.
"""

from dataclasses import replace

from mlps.errors import NotRecordedError
from rules.figures import figures
from rules.recomputation.order import order_comparison
from rules.recomputation.training.epochs import epoch_comparisons
from rules.recomputation.training.size import size_comparisons
from rules.recomputation.training.summary import run_label, summary_comparisons
from rules.recomputation.training.tables import table_comparisons
from rules.stored import Comparison, Leaf, Workload
from rules.training_setup import TrainingSetup, setup_of


def compare(workload: Workload) -> tuple[Comparison, ...]:
    """Compare what the files of the runs allow; what can't be read is left out."""
    found: list[Comparison] = []
    for leaf in workload.runs:
        setup = _setup(workload, leaf)
        of_leaf = [*summary_comparisons(leaf, setup), *order_comparison(leaf)]
        if setup is not None:
            of_leaf += epoch_comparisons(workload, leaf, setup)
            of_leaf += size_comparisons(leaf, setup)
        found += [replace(c, place=run_label(workload, leaf)) for c in of_leaf]
    return (*found, *table_comparisons(workload))


def _setup(workload: Workload, leaf: Leaf) -> TrainingSetup | None:
    try:
        return setup_of(workload, leaf, figures())
    except NotRecordedError:
        return None
