"""For each rule: one case that passes, one that fails, one that lacks evidence."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from mlps.plan import Division, Plan, render
from rules.finding import Verdict
from tests.rules import plans
from tests.rules.bench import Bench, Campaign
from tests.rules.campaigns import Tables
from tests.rules.spoiling import (
    changed_row,
    changed_summary,
    dropped_rank,
    edited,
    edited_ledger,
    emptied,
    forgotten_last_run,
    having,
    hurried,
    paused,
    resealed,
    slow,
    untouched,
    without,
    without_anything,
    without_chain,
    without_last_run,
)

JUDGED_ON_THE_PLAN_ALONE = frozenset(
    {"2.1.11", "3.3.3", "3.4.2", "EV-02", "EV-08", "EV-09"}
)
"""Rules without evidence as an input: nothing they ask for can be missing."""
SHOWN_ONLY = frozenset({"3.3.3", "3.3.7", "EV-20"})
"""Rules that show numbers or give advice, and never fail."""


@dataclass(frozen=True, slots=True)
class Specimen:
    """A case, and the verdict of one rule on it; `says` stands in the finding."""

    rule_id: str
    verdict: Verdict
    about: str
    make: Callable[[Bench], Path]
    says: str = ""


def of_plan(plan: Callable[[], Plan]) -> Callable[[Bench], Path]:
    def make(bench: Bench) -> Path:
        path = bench.folder / "plan.yaml"
        path.write_bytes(render(plans.frozen(plan())))
        return path

    return make


def of_demo(spoil: Callable[[Campaign], None]) -> Callable[[Bench], Path]:
    def make(bench: Bench) -> Path:
        campaign = bench.demo
        spoil(campaign)
        return campaign.path

    return make


def of_closed(spoil: Callable[[Campaign], None]) -> Callable[[Bench], Path]:
    def make(bench: Bench) -> Path:
        campaign = bench.closed
        spoil(campaign)
        return campaign.path

    return make


def claimed(division: Division, **values: object) -> Callable[[], Plan]:
    def make() -> Plan:
        plan = plans.official_plan(division=division)
        for key, value in values.items():
            plan = plans.changed(plan, key.replace("__", "."), value)
        return plans.consistent(plan)

    return make


def on(accelerator: str, division: Division = Division.CLOSED) -> Callable[[], Plan]:
    return claimed(division, system__accelerator=accelerator)


def _shortened(rows: Tables) -> None:
    """The last step of each rank's calibration never was."""
    last = rows["steps"]["step"] == 5
    lost = rows["steps"][last][:1]
    rows["steps"] = rows["steps"][~last]
    calibrated = rows["phases"]["name"] == b"calibration"
    for column in ("samples", "delivered_bytes"):
        rows["phases"][column][calibrated] -= lost[column][0]
    rows["phases"]["steps"][calibrated] -= 1


def lowered_au() -> Plan:
    return claimed(Division.CLOSED, workload__metric__au=0.8)()


PASS, FAIL, NONE = Verdict.PASS, Verdict.FAIL, Verdict.NO_EVIDENCE
official = of_plan(plans.official_plan)
demo = of_demo(untouched)
closed = of_closed(untouched)

SPECIMENS = (
    Specimen("2.1.11", PASS, "b200 in 3.0", official),
    Specimen(
        "2.1.11",
        FAIL,
        "h100 in 3.0",
        of_plan(on("h100")),
        "whatif in edition 3.0, CLOSED in edition 2.0",
    ),
    Specimen("2.1.17", PASS, "planned runs", official),
    Specimen("2.1.17", PASS, "sealed runs", closed),
    Specimen(
        "2.1.17",
        FAIL,
        "four measured runs planned",
        of_plan(claimed(Division.CLOSED, submission__measured_runs=4)),
        "1 warm-up, 4 measured",
    ),
    Specimen("2.1.17", FAIL, "a run less than planned", of_demo(forgotten_last_run)),
    Specimen("2.1.17", NONE, "nothing there", of_demo(without_anything)),
    Specimen("2.1.18", PASS, "no pause", closed),
    Specimen(
        "2.1.18",
        FAIL,
        "a pause longer than a run",
        of_closed(edited(6, paused)),
        "05-measured to 06-measured: 1201.0 s",
    ),
    Specimen("2.1.18", NONE, "a run without an end", of_demo(emptied(2, "outcome"))),
    Specimen("3.1.2", PASS, "declared memory", official),
    Specimen("3.1.2", PASS, "collected memory", closed),
    Specimen(
        "3.1.2",
        FAIL,
        "a file less than 500 steps need",
        of_plan(claimed(Division.CLOSED, workload__dataset__files=27999)),
        "28000 files",
    ),
    Specimen(
        "3.1.2",
        FAIL,
        "more memory found than declared",
        of_closed(having(2, "hosts", "memory_bytes", 2**40)),
        "collected",
    ),
    Specimen("3.1.2", NONE, "no hosts recorded", of_demo(emptied(2, "hosts"))),
    Specimen("3.3.1", PASS, "as planned", demo),
    Specimen(
        "3.3.1",
        FAIL,
        "files missing",
        of_demo(having(2, "dataset", "files", 83)),
        "83 of 84 files",
    ),
    Specimen(
        "3.3.1",
        FAIL,
        "truncated files",
        of_demo(having(2, "dataset", "dataset_bytes", 84 * 4096)),
        "bytes",
    ),
    Specimen(
        "3.3.1",
        FAIL,
        "truncated reads",
        of_closed(having(2, "phases", "delivered_bytes", 10**11, slice(None))),
        "got",
    ),
    Specimen(
        "3.3.1",
        FAIL,
        "a short epoch",
        of_demo(having(2, "phases", "steps", 5, -1)),
        "rank 1 in epoch-2",
    ),
    Specimen("3.3.1", NONE, "no dataset recorded", of_demo(emptied(2, "dataset"))),
    Specimen("3.3.2", PASS, "target", official),
    Specimen("3.3.2", PASS, "reached", demo),
    Specimen("3.3.2", FAIL, "lowered target", of_plan(lowered_au), "80 %"),
    Specimen("3.3.2", FAIL, "slow storage", of_demo(slow), "slowest rank 1: 50.00 %"),
    Specimen(
        "3.3.2", FAIL, "hurried compute", of_demo(edited(2, hurried)), "less than"
    ),
    Specimen("3.3.2", NONE, "no epochs", of_demo(emptied(2, "steps", "phases"))),
    Specimen("3.3.3", PASS, "eight accelerators", official),
    Specimen(
        "3.3.3",
        Verdict.WARN,
        "three accelerators on one host",
        of_plan(claimed(Division.CLOSED, system__accelerators_per_host=3)),
        "3 accelerators on 1 host",
    ),
    Specimen("3.3.7", PASS, "one host", demo),
    Specimen("3.3.7", NONE, "no hosts recorded", of_demo(emptied(2, "hosts"))),
    Specimen("3.3.6", PASS, "one host", demo),
    Specimen(
        "3.3.6",
        FAIL,
        "another host took a rank",
        of_demo(having(2, "ranks", "node", 1, 1)),
        "ran 1 ranks",
    ),
    Specimen("3.3.6", NONE, "no ranks recorded", of_demo(emptied(2, "ranks"))),
    Specimen("3.4.2", PASS, "apart", official),
    Specimen(
        "3.4.2",
        FAIL,
        "results beside the data",
        of_plan(claimed(Division.CLOSED, system__results_on_data_path=True)),
        "share the file system",
    ),
    Specimen("3.6.2", PASS, "all official", official),
    Specimen(
        "3.6.2",
        FAIL,
        "batch size",
        of_plan(claimed(Division.CLOSED, workload__reader__batch_size=8)),
        "reader.batch_size is 8, official 7",
    ),
    Specimen("3.6.2", NONE, "no figures", of_plan(on("mi355"))),
    Specimen("3.6.3", PASS, "all official", of_plan(claimed(Division.OPEN))),
    Specimen(
        "3.6.3",
        FAIL,
        "compute time",
        of_plan(claimed(Division.OPEN, workload__train__computation_time_s=0.2)),
        "train.computation_time_s is 0.2, official 0.162",
    ),
    Specimen("3.6.3", NONE, "no figures", of_plan(on("mi355", Division.OPEN))),
    Specimen("EV-01", PASS, "a plan file", official),
    Specimen("EV-01", PASS, "everywhere", demo),
    Specimen(
        "EV-01",
        FAIL,
        "a rank with another plan",
        of_demo(having(2, "ranks", "plan_digest", b"sha256:other", 1)),
        "rank 1 had another plan",
    ),
    Specimen(
        "EV-01",
        FAIL,
        "other plan bytes in a run",
        of_demo(having(2, "plan", "byte", ord(" "), 5)),
        "other plan bytes",
    ),
    Specimen("EV-01", NONE, "no plan recorded", of_demo(emptied(2, "plan"))),
    Specimen("EV-02", PASS, "published", official),
    Specimen(
        "EV-02", FAIL, "mi355 was never published", of_plan(on("mi355")), "a100, h100"
    ),
    Specimen(
        "EV-02",
        FAIL,
        "own figures",
        of_plan(claimed(Division.CLOSED, workload__figures__official=False)),
        "not official",
    ),
    Specimen("EV-03", PASS, "all closed", demo),
    Specimen(
        "EV-03",
        FAIL,
        "a dropped rank",
        of_demo(edited(2, dropped_rank)),
        "02-measured: rank 1 has no closing record",
    ),
    Specimen(
        "EV-03",
        FAIL,
        "a deleted run",
        of_demo(without_last_run),
        "runs/03-measured-00000003 is missing",
    ),
    Specimen(
        "EV-03",
        FAIL,
        "dropped steps",
        of_demo(edited(2, lambda rows: rows.update(steps=rows["steps"][1:]))),
        "rank 0 closed epoch-1 with 6 steps",
    ),
    Specimen(
        "EV-03",
        FAIL,
        "a shorter calibration",
        of_demo(edited(0, _shortened)),
        "closed calibration with 5 steps and 35 samples, 6 and 42 are planned",
    ),
    Specimen("EV-03", NONE, "nothing there", of_demo(without_anything)),
    Specimen("EV-04", PASS, "whole", demo),
    Specimen("EV-04", FAIL, "a changed row", of_demo(changed_row), "/steps"),
    Specimen("EV-04", NONE, "no chain", of_demo(without_chain)),
    Specimen("EV-05", PASS, "recomputes", demo),
    Specimen(
        "EV-05",
        FAIL,
        "a changed number",
        of_demo(changed_summary),
        "training.au_rules_percent is 95",
    ),
    Specimen(
        "EV-05",
        NONE,
        "no summary",
        of_demo(lambda c: (c.run(2) / "summary.json").unlink()),
    ),
    Specimen("EV-06", PASS, "matches", demo),
    Specimen(
        "EV-06",
        FAIL,
        "a changed file",
        of_demo(lambda c: (c.run(2) / "summary.json").write_text("{}")),
        "runs/02-measured-00000002/summary.json changed",
    ),
    Specimen("EV-06", NONE, "no sums", of_demo(without("SHA256SUMS"))),
    Specimen("EV-07", PASS, "unbroken", demo),
    Specimen("EV-07", FAIL, "an edited line", of_demo(edited_ledger), "line"),
    Specimen(
        "EV-07",
        FAIL,
        "a deleted run",
        of_demo(without_last_run),
        "sealed run 00000003 (run 3) has no directory",
    ),
    Specimen(
        "EV-07",
        FAIL,
        "evidence made again after it was sealed",
        of_demo(resealed),
        "other evidence than was sealed",
    ),
    Specimen("EV-07", NONE, "no ledger", of_demo(without("campaign.jsonl"))),
    Specimen("EV-08", PASS, "recomputes", official),
    Specimen(
        "EV-08",
        FAIL,
        "a derived value set by hand",
        of_plan(
            lambda: plans.changed(plans.official_plan(), "derived.required_files", 1)
        ),
        "derived.required_files is 1, recomputed 28000",
    ),
    Specimen(
        "EV-08",
        FAIL,
        "a run less than claimed",
        of_plan(
            lambda: plans.changed(
                plans.official_plan(),
                "campaign.runs",
                plans.official_plan().campaign.runs[:-1],
            )
        ),
        "not as many",
    ),
    Specimen("EV-09", PASS, "official scale", official),
    Specimen(
        "EV-09",
        FAIL,
        "scaled down",
        of_plan(
            claimed(
                Division.CLOSED,
                submission__scale=replace(plans.LAPTOP, compute_factor=1.0),
            )
        ),
        "6 steps, 0 x memory",
    ),
    Specimen("EV-10", PASS, "one code", demo),
    Specimen(
        "EV-10",
        FAIL,
        "a rank with other code",
        of_demo(having(2, "ranks", "software_digest", b"sha256:other", 1)),
        "other code on rank 1",
    ),
    Specimen(
        "EV-10", NONE, "not recorded", of_demo(having(2, "run", "software_digest", b""))
    ),
)
