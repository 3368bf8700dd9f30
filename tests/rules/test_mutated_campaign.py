"""Whatever is changed in a campaign's plan, ledger or files trips a rule.

Where a deceiver can, everything that depends on a change is made to agree with it.
What no rule has to notice is named here, with the reason.
"""

import json
import os
import shutil
from collections.abc import Iterator
from fnmatch import fnmatchcase

import pytest

from mlps.errors import PlanError
from mlps.plan import Plan, TypedError, build, leaves, parse, plain, render
from rules.engine import judge, judge_plan
from rules.sources import checksums, ledger
from rules.sources.campaign import subjects
from rules.sources.folder import Folder
from rules.subject import Subject
from tests.rules import campaigns, plans
from tests.rules.bench import Campaign
from tests.rules.mutation import Hunt, Original

FLIPS = 64
_NAMES = "names choose nothing"
_TOLD = "told to people; the official table is asked"
_FREE = "a submitter may choose it"
_CARE = "how careful and patient the runner was"

HARMLESS_IN_A_PLAN = {
    "name": _NAMES,
    "system.name": _NAMES,
    "submission.name": _NAMES,
    "workload.figures.editions": _TOLD,
    "workload.figures.source": _TOLD,
    "workload.dataset.subfolders": _FREE,
    "workload.dataset.seed": "no official figure: any content will do",
    "workload.reader.computation_threads": _FREE,
    "system.data_path": _FREE,
    "system.observers": "hosts that are watched, too, and take no part",
    "system.data_shared": "judged before the run, on the hosts",
    "submission.division": "open allows what closed allows",
    "submission.verify_fraction": _CARE,
    "submission.stall_report_s": _CARE,
    "submission.stall_limit_s": _CARE,
    "submission.sampler.interval_s": "the samples are closer than it asks",
    "submission.sampler.max_samples": "not as many were taken",
}
"""Leaves of a plan that may change together with all evidence, and why."""

HARMLESS_WHEN_RECOMPILED = {
    **HARMLESS_IN_A_PLAN,
    "workload.reader.read_threads": _FREE,
    "workload.reader.transfer_bytes": _FREE,
    "system.host_memory_bytes": "what the hosts say they have counts",
    "submission.seed": _FREE,
    "submission.min_rate_bytes_per_s": _CARE,
}
"""Those, and what other leaves are derived from."""

OTHERWISE = {
    "workload.dataset.format": "jpeg",
    "workload.reader.file_shuffle": "off",
    "workload.reader.sample_shuffle": "off",
    "workload.metric.au": 0.8,
    "submission.edition": "2.0",
    "submission.division": "open",
}
"""Another legal value of leaves that take only a few."""

DERIVED = ("derived.", "campaign.")
ALIKE = tuple(f"campaign.runs[{number}]" for number in range(3, 7))
"""Measured runs but for the first two and the last: the same leaves once more."""


def changed_plans() -> Iterator[tuple[str, Plan | None]]:
    """The plan with one leaf changed; None where the change is refused."""
    whole = plain(plans.two_hosts_plan())
    for key, _ in leaves(whole):
        if key.startswith(ALIKE):
            continue
        data = json.loads(json.dumps(whole))
        _change(data, key)
        try:
            plan = build(Plan, data)
            if not key.startswith(DERIVED):
                parse(render(plans.frozen(plan)))
        except (TypedError, PlanError):
            yield key, None
        else:
            yield key, plan


def _change(data: object, key: str) -> None:
    *steps, last = key.replace("[", ".[").split(".")
    for step in steps:
        data = data[int(step[1:-1])] if step[0] == "[" else data[step]
    data[last] = OTHERWISE.get(key, _otherwise(data[last]))


def _otherwise(value: object) -> object:
    match value:
        case bool():
            return not value
        case int() | float():
            return value * 3 // 2 + 1
        case list():
            return value[:-1] if value else ["other"]
        case _:
            return f"{value}x"


@pytest.fixture(scope="module")
def changed() -> dict[str, Plan | None]:
    return dict(changed_plans())


def _fault(claim: Original, hunt: Hunt, key: str, plan: Plan | None, known) -> str:
    """Say how a changed plan was judged wrongly, as that of all runs of the claim."""
    judgement = None
    if plan is not None:
        doc = plans.frozen(plan)
        # EV-08 alone recomputes these, with or without runs: no need to forge them.
        is_derived = key.startswith(DERIVED)
        judgement = judge_plan(doc, render(doc)) if is_derived else claim.judged_as(doc)
    fault = hunt.fault(judgement, is_harmless=key in known)
    return f"{key} {fault}\n" if fault else ""


def test_each_change_of_the_plan_is_noticed(claim, hunt, changed):
    """The digest is right and the evidence of all runs holds this very plan."""
    known = HARMLESS_IN_A_PLAN
    wrong = [_fault(claim, hunt, *each, known) for each in changed.items()]
    assert "".join(wrong) == ""


def test_each_change_of_a_recompiled_plan_is_noticed(claim, hunt, changed):
    """What follows from the change was computed anew, too."""
    wrong, known = [], HARMLESS_WHEN_RECOMPILED
    for key, plan in changed.items():
        if plan and key.startswith(("workload.", "system.", "submission.")):
            made = plans.consistent(plan)
            wrong.append(_fault(claim, hunt, key, made, known))
    assert "".join(wrong) == ""


def test_each_harmless_change_of_a_plan_is_there(changed):
    assert set(HARMLESS_WHEN_RECOMPILED) <= set(changed)
    assert set(OTHERWISE) <= set(changed)


HARMLESS_IN_A_LEDGER = {
    "line 10 removed": "an end may be lost to a crash",
    "line 10 removed, hashed anew": "an end may be lost to a crash",
    "line 10 run": "no line follows that would know its hash",
    "line 10 run_id": "no line follows that would know its hash",
    "line 10 wall_ns": "no line follows that would know its hash",
    "line 10 detail": "no line follows that would know its hash",
    "line * wall_ns, hashed anew": "pauses are judged by the evidence",
    "line 1 run*, hashed anew": "a start is of no run",
    "line 10 run*, hashed anew": "an end is of no run",
    "line 1 detail, hashed anew": "told to people",
    "line 10 detail, hashed anew": "told to people",
    "line [2468] detail, hashed anew": "told to people",
}


def changed_ledgers(events: list[dict[str, object]]) -> Iterator[tuple[str, list]]:
    for place, event in enumerate(events):
        line = f"line {place + 1}"
        rest = [*events[:place], *events[place + 1 :]]
        yield f"{line} removed", rest
        if place:
            yield f"{line} before the one before it", _swapped(events, place)
        for key, value in event.items():
            other = "other" if isinstance(value, str) else (value or 0) + 1
            changed = {**event, key: other}
            yield f"{line} {key}", [*events[:place], changed, *events[place + 1 :]]


def _swapped(events: list, place: int) -> list:
    before, event = events[place - 1 : place + 1]
    return [*events[: place - 1], event, before, *events[place + 1 :]]


@pytest.fixture
def demo(bench) -> tuple[Campaign, Original]:
    campaign = bench.demo
    (found,) = subjects(campaign.path)
    assert isinstance(found, Subject), found
    return campaign, Original(found)


def _known_in_a_ledger(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in HARMLESS_IN_A_LEDGER)


def test_each_change_of_the_ledger_is_noticed(demo, hunt):
    """Edited as it lies there, and with all lines bound to each other anew."""
    campaign, original = demo
    path = campaign.path / "campaign.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    events = [{k: v for k, v in line.items() if k != "previous"} for line in lines]
    wrong = []
    for name, changed in [*changed_ledgers(lines), *changed_ledgers(events)]:
        path.write_text("".join(json.dumps(line) + "\n" for line in changed))
        if "previous" not in changed[0]:
            campaigns.write_ledger(campaign.path, changed)
            name += ", hashed anew"  # noqa: PLW2901 - another mutant of that name
        judgement = original.judged_by(ledger.parse(path.read_bytes()))
        fault = hunt.fault(judgement, is_harmless=_known_in_a_ledger(name))
        wrong += [f"{name} {fault}"] if fault else []
    assert not wrong, "\n".join(wrong)


def test_each_number_of_a_summary_is_recomputed(demo, hunt):
    campaign, original = demo
    whole = json.loads((campaign.run(2) / "summary.json").read_text())
    wrong = []
    for key, _ in leaves(whole):
        data = json.loads(json.dumps(whole))
        _change(data, key)
        fault = hunt.fault(original.judged_saying(2, data))
        wrong += [f"{key} {fault}"] if fault else []
    assert not wrong, "\n".join(wrong)


def test_each_change_of_the_checksums_is_noticed(demo, hunt):
    campaign, original = demo
    path = campaign.path / "SHA256SUMS"
    lines = path.read_text().splitlines(keepends=True)
    wrong = []
    for place, line in enumerate(lines):
        flipped = f"{int(line[0], 16) ^ 1:x}{line[1:]}"
        for text in ("", flipped, line.replace(".", "_")):
            path.write_text("".join([*lines[:place], text, *lines[place + 1 :]]))
            sums = checksums.read(Folder(campaign.path))
            fault = hunt.fault(original.judged_over(sums))
            wrong += [f"{text!r} for {line!r} {fault}"] if fault else []
    assert not wrong, "\n".join(wrong)


def _misjudged(campaign: Campaign, hunt: Hunt, name: str) -> list[str]:
    fault = hunt.fault(campaign.judged())
    return [f"{name} {fault}"] if fault else []


@pytest.mark.parametrize("number", range(4))
def test_each_change_of_the_run_directories_is_noticed(bench, hunt, number):
    campaign, wrong = bench.demo, []
    place, aside = campaign.run(number), campaign.path.parent / "aside"
    shutil.move(place, aside)
    wrong += _misjudged(campaign, hunt, "removed")
    for name in ("99-measured-00000009", f"{place.name}x", "05-warmup-00000002"):
        shutil.copytree(aside, place.with_name(name))
        wrong += _misjudged(campaign, hunt, f"renamed to {name}")
        shutil.move(aside, place)
        wrong += _misjudged(campaign, hunt, f"copied to {name}")
        shutil.move(place, aside)
        shutil.rmtree(place.with_name(name))
    assert not wrong, "\n".join(wrong)


def test_each_flipped_bit_of_the_evidence_is_noticed(bench, hunt):
    """In a lone run, which no checksum covers."""
    campaign, wrong = bench.demo, []
    path = campaign.run(2) / "evidence.h5"
    whole = path.read_bytes()
    for number in range(FLIPS):
        place = (2 * number + 1) * len(whole) // (2 * FLIPS)
        data = bytearray(whole)
        data[place] ^= 1 << number % 8
        path.write_bytes(data)
        (found,) = subjects(campaign.run(2))
        judgement = None
        if isinstance(found, Subject):
            judgement = judge(found.doc, found.stage, found.stored, found.record)
        fault = hunt.fault(judgement)
        wrong += [f"byte {place} {fault}"] if fault else []
    assert not wrong, "\n".join(wrong)


def _touched(campaign: Campaign) -> None:
    for path in campaign.path.rglob("*"):
        os.utime(path, (0, 0))


def _logged(campaign: Campaign) -> None:
    (campaign.run(2) / "runner.log").write_text("talk\n")


def _junk(campaign: Campaign) -> None:
    for folder in (campaign.path, campaign.path / "runs", campaign.run(2)):
        (folder / ".DS_Store").write_bytes(b"\0")
        (folder / "._summary.json").write_bytes(b"\0")


def _beside(campaign: Campaign) -> None:
    (campaign.path / "notes.txt").write_text("mine\n")
    (campaign.path / "runs" / "old").mkdir()


@pytest.mark.parametrize("change", [_touched, _logged, _junk, _beside])
def test_what_belongs_to_nobody_trips_nothing(bench, hunt, change):
    campaign = bench.demo
    change(campaign)
    assert hunt.fault(campaign.judged(), is_harmless=True) == ""
