"""Which workload on which accelerator counts, and whether its figures are official."""

from collections.abc import Sequence

from mlps.plan import Division
from rules.edition import Edition, WorkloadRow
from rules.finding import Outcome
from rules.rule import Case, judged, rule

_WHERE = "plan: workload.name, system.accelerator, submission.edition"


def legal_accelerators(row: WorkloadRow | None, division: Division) -> tuple[str, ...]:
    """Accelerators that count in a division; whatif takes any that is known."""
    if row is None:
        return ()
    by_division = {Division.CLOSED: row.closed, Division.OPEN: row.open}
    every = dict.fromkeys((*row.closed, *row.open, *row.whatif))
    return by_division.get(division, tuple(every))


def _numbers(edition: Edition) -> Sequence[str]:
    return [
        f"{row.name}: CLOSED {', '.join(row.closed) or 'nowhere'};"
        f" OPEN {', '.join(row.open) or 'nowhere'};"
        f" whatif {', '.join(row.whatif) or 'nowhere else'}"
        for row in edition.workloads
    ]


@rule("2.1.11", "trainingWorkloads", numbers=_numbers)
def workload(case: Case) -> Outcome:
    """Check that the edition knows the workload on this accelerator in the division.

    A combination that is whatif in an edition can't be claimed closed or open in
    it; the finding names the editions in which it can.
    """
    name, accelerator = case.plan.workload.name, case.plan.system.accelerator
    edition = case.edition
    legal = legal_accelerators(edition.row(name), case.division)
    standing = [
        f"{e.standing(name, accelerator)} in edition {e.edition}"
        for e in (edition, *(e for e in reversed(case.editions) if e != edition))
    ]
    return judged(
        accelerator in legal,
        expected=f"{name} on {' or '.join(legal)}" if legal else _known(case),
        actual=f"{name} on {accelerator}: {', '.join(standing)}",
        where=_WHERE,
        fix=_way_out(case, legal),
        waiver=case.waiver,
    )


def _known(case: Case) -> str:
    names = [
        row.name
        for row in case.edition.workloads
        if legal_accelerators(row, case.division)
    ]
    return (
        f"a workload of division {case.division.value} in edition"
        f" {case.edition.edition}: {', '.join(names)}"
    )


def _way_out(case: Case, legal: tuple[str, ...]) -> str:
    name, accelerator = case.plan.workload.name, case.plan.system.accelerator
    ways = [f"claim nothing (division whatif) for {name} on {accelerator}"]
    counts = [
        e.edition
        for e in reversed(case.editions)
        if accelerator in legal_accelerators(e.row(name), case.division)
    ]
    if counts:
        ways.append(
            f"claim edition {' or '.join(counts)}, where it is"
            f" {case.division.value.upper()}"
        )
    if legal:
        ways.append(f"take a system with {' or '.join(legal)}")
    return "; or ".join(ways)


@rule("EV-02", "officialFigures")
def figures(case: Case) -> Outcome:
    """Check that batch size and compute time are published for this accelerator.

    Without published figures nobody can compare the result, so closed and open
    need them. The plan's own word (`workload.figures.official`) is not enough: the
    table of the rules must hold the combination too.
    """
    plan = case.plan
    name, accelerator = plan.workload.name, plan.system.accelerator
    known = next((f for f in case.figures if f.name == name), None)
    published = known.accelerator(accelerator) if known else None
    if known is None or published is None:
        have = [a.name for a in known.accelerators] if known else []
        actual = (
            f"no figures were published for {name} on {accelerator}"
            f" (published for: {', '.join(have) or 'no accelerator'})"
        )
    elif plan.workload.figures.official:
        actual = f"published: {known.source}"
    else:
        actual = "the plan itself says its figures are not official"
    return judged(
        published is not None and plan.workload.figures.official,
        expected=f"published figures for {name} on {accelerator}",
        actual=actual,
        where="plan: workload.figures.official; table of official figures",
        fix="take an accelerator with published figures, or claim nothing"
        " (division whatif)",
        waiver=case.waiver,
    )
