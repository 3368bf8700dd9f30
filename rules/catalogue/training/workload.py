"""Rule 2.1.11 on published trees: whether the workload counts."""

from collections.abc import Sequence

from rules.catalogue.leaves import concluded, over
from rules.catalogue.workload import legal_accelerators
from rules.catalogue.workload import workload as planned_workload
from rules.finding import Outcome
from rules.rule import Scope, StoredCase, judged
from rules.stored import Leaf

_TEMPLATE = "workload="


@planned_workload.also(Scope.TRAINING)
def workload(case: StoredCase) -> Sequence[Outcome]:
    """Check that a published model and accelerator count in the division.

    Both are taken from the path, the metadata or the chosen template; each run must
    have been taken with the template of that model and accelerator.
    """
    known = _known(case)
    return [known, _templates(case)] if case.workload.runs else [known]


def _known(case: StoredCase) -> Outcome:
    model, accelerator = case.workload.model, case.workload.accelerator
    edition, division = case.edition, case.division
    legal = legal_accelerators(edition.row(model), division)
    names = [row.name for row in edition.workloads if legal_accelerators(row, division)]
    claimed = f"division {division.value} in edition {edition.edition}"
    return judged(
        accelerator in legal or (bool(legal) and not accelerator),
        expected=f"{model} on {' or '.join(legal)}, {claimed}"
        if legal
        else f"a workload of {claimed}: {', '.join(names)}",
        actual=f"{model or 'no known model'} on {accelerator or 'no accelerator'}:"
        f" {edition.standing(model, accelerator)}",
        where=f"{case.workload.where}; *_metadata.json: model, accelerator;"
        " dlio_config: workload=",
        fix="submit what the edition knows, or claim nothing (division whatif)",
    )


def _templates(case: StoredCase) -> Outcome:
    wanted = (case.workload.model, case.workload.accelerator)
    runs = case.workload.runs

    def check(leaf: Leaf) -> Sequence[str]:
        named = [
            text.removeprefix(_TEMPLATE)
            for text in leaf.overrides.items()
            if isinstance(text, str) and text.startswith(_TEMPLATE)
        ]
        return [f"template {name[:40]}" for name in named if name != "_".join(wanted)]

    return concluded(
        over(runs, check),
        runs,
        expected=f"every run with template {wanted[0]}_{wanted[1]}",
        actual=f"in {len(runs)} runs",
        where="dlio_config/overrides.yaml, hydra.yaml: workload=",
        fix="put runs of another model or accelerator into a folder of their own",
    )
