"""Ways to spoil a copy of a campaign, each in one respect only."""

import json
import shutil
from collections.abc import Callable

import h5py

from tests.rules import campaigns
from tests.rules.bench import Campaign
from tests.rules.campaigns import Tables, Taste


def untouched(_: Campaign) -> None:
    return


def edited(number: int, edit: Callable[[Tables], None]) -> Callable[[Campaign], None]:
    return lambda campaign: campaign.edit(number, edit)


def emptied(number: int, *tables: str) -> Callable[[Campaign], None]:
    def edit(rows: Tables) -> None:
        for table in tables:
            rows[table] = rows[table][:0]

    return edited(number, edit)


def having(number: int, table: str, column: str, value: object, row: object = 0):
    def edit(rows: Tables) -> None:
        rows[table][column][row] = value

    return edited(number, edit)


def slow(campaign: Campaign) -> None:
    campaign.edit(2, lambda rows: None, Taste(au=0.8, slowest_au=0.5))


def hurried(rows: Tables) -> None:
    """Emulated compute shorter than nominal, so that waiting hides in it."""
    steps = rows["steps"]
    cut = steps["compute_ns"] // 2
    steps["compute_ns"] -= cut
    steps["wait_ns"] += cut


def paused(rows: Tables) -> None:
    """Start and end later by as long as a run takes."""
    rows["run"]["wall_start_ns"] += campaigns.RUN_NS
    rows["outcome"]["wall_end_ns"] += campaigns.RUN_NS


def dropped_rank(rows: Tables) -> None:
    for table in ("steps", "phases"):
        rows[table] = rows[table][rows[table]["rank"] != 1]


def without(name: str) -> Callable[[Campaign], None]:
    def spoil(campaign: Campaign) -> None:
        path = campaign.path / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return spoil


def without_anything(campaign: Campaign) -> None:
    without("runs")(campaign)
    without("campaign.jsonl")(campaign)


def without_last_run(campaign: Campaign) -> None:
    shutil.rmtree(campaign.run(3))


def forgotten_last_run(campaign: Campaign) -> None:
    """The last run never happened: no directory, no line, no checksum."""
    without_last_run(campaign)
    events = campaigns.ledger_events(campaign.path)
    number = campaign.doc.plan.campaign.runs[3].number
    campaigns.write_ledger(campaign.path, [e for e in events if e["run"] != number])
    campaigns.write_sums(campaign.path)


def changed_summary(campaign: Campaign) -> None:
    path = campaign.run(2) / "summary.json"
    data = json.loads(path.read_text())
    data["training"]["au_rules_percent"] += 1
    path.write_text(json.dumps(data))
    campaigns.write_sums(campaign.path)


def changed_row(campaign: Campaign) -> None:
    """One value changed inside the file, all checksums outside made right again."""
    path = campaign.run(2) / "evidence.h5"
    with h5py.File(path, "r+") as file:
        file["steps/wait_ns"][3] //= 2
    campaigns.write_summary(campaign.run(2), campaign.doc.plan)
    campaigns.reseal(campaign.path, campaign.run(2))


def without_chain(campaign: Campaign) -> None:
    with h5py.File(campaign.run(2) / "evidence.h5", "r+") as file:
        for dataset in file["chain"].values():
            dataset.resize((0,))
    campaigns.write_summary(campaign.run(2), campaign.doc.plan)
    campaigns.reseal(campaign.path, campaign.run(2))


def resealed(campaign: Campaign) -> None:
    """A better run in place of the sealed one; only the ledger still knows."""
    ledger = campaign.path / "campaign.jsonl"
    kept = ledger.read_bytes()
    campaign.edit(2, lambda _: None, Taste(au=0.99, slowest_au=0.98))
    ledger.write_bytes(kept)


def edited_ledger(campaign: Campaign) -> None:
    path = campaign.path / "campaign.jsonl"
    path.write_text(path.read_text().replace('"run": 2', '"run": 3', 1))
