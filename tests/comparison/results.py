"""Campaigns that differ as told: one utilization for each measured run."""

import zlib
from collections.abc import Sequence
from pathlib import Path

from mlps.plan import Plan, PlanDocument, Run, RunKind, render
from tests.rules import campaigns, plans
from tests.rules.campaigns import Edit, Tables, Taste


def demo(measured_runs: int = 3, epochs: int = 2) -> Plan:
    plan = plans.demo_plan(epochs=epochs)
    plan = plans.changed(plan, "submission.measured_runs", measured_runs)
    return plans.consistent(plan)


def campaign(
    folder: Path,
    utilizations: Sequence[float],
    plan: Plan | None = None,
    edit: Edit = lambda _: None,
) -> Path:
    """Write a campaign whose measured runs have these utilizations (shares of one).

    The ids of its runs are those of no other folder's.
    """
    doc = plans.frozen(plan or demo(len(utilizations)))
    path = folder / doc.campaign_name
    path.mkdir(parents=True)
    (path / "plan.yaml").write_bytes(render(doc))
    events, shares = [campaigns.event("start")], iter(utilizations)
    for run in doc.plan.campaign.runs:
        au = next(shares) if run.kind is RunKind.MEASURED else 0.95
        run_id = f"{zlib.crc32(str(folder).encode()):08x}{run.number}"
        head = _run(path, doc, run, run_id, Taste(au=au, slowest_au=au), edit)
        events.append(campaigns.event("run_started", run.number, run_id))
        events.append(campaigns.event("run_sealed", run.number, run_id, head))
    campaigns.write_ledger(path, [*events, campaigns.event("end")])
    campaigns.write_sums(path)
    return path


def _run(  # noqa: PLR0913, PLR0917 - each is something else of a run
    path: Path, doc: PlanDocument, run: Run, run_id: str, taste: Taste, edit: Edit
) -> str:
    def own(tables: Tables) -> None:
        tables["run"]["run_id"] = run_id.encode()
        edit(tables)

    written = campaigns.write_run(path, doc, run, edit=own, taste=taste)
    written.rename(written.with_name(f"{run.label}-{run_id}"))
    return campaigns.chain_head(written.with_name(f"{run.label}-{run_id}"))


def run_of(path: Path, number: int) -> Path:
    (found,) = (path / "runs").glob(f"{number:02d}-*")
    return found
