"""Specimens of the rules about the client: its ceiling, its software, its waits."""

from pathlib import Path

import numpy as np

from mlps import histogram
from mlps.plan import document
from rules.finding import Verdict
from tests.rules import campaigns, plans
from tests.rules.bench import Bench, Campaign
from tests.rules.campaigns import SOFTWARE, Tables
from tests.rules.specimens import (
    FAIL,
    NONE,
    PASS,
    Specimen,
    closed,
    demo,
    of_closed,
    of_demo,
)
from tests.rules.spoiling import edited, emptied, having, hurried

ALL = slice(None)
LONG_READS = int(histogram.bucket_of(np.array([200_000_000]))[0])
UNCALIBRATED = "submission.calibration_s"


def waited(part: float):
    """Calibrated steps that wait for a part of their compute."""

    def edit(rows: Tables) -> None:
        steps = rows["steps"]
        steps["wait_ns"] = steps["compute_requested_ns"] * part
        steps["start_ns"] = rows["phases"]["start_ns"].max() + steps["step"] * (
            steps["wait_ns"] + steps["compute_ns"]
        )
        rows["phases"]["end_ns"][-1] = (
            steps["start_ns"] + steps["wait_ns"] + steps["compute_ns"]
        ).max()

    return edited(0, edit)


def uncalibrated(plan):
    def make(bench: Bench) -> Path:
        made = plans.consistent(plans.changed(plan(), UNCALIBRATED, 0.0))
        return campaigns.write(bench.folder / "own", plans.frozen(made))

    return make


def locked(*, spoil=None, **others: object):
    """A campaign whose plan has a lock: that of the runs, but for some versions."""

    def make(bench: Bench) -> Path:
        packages = [
            {"name": name, "version": others.get(name, version), "digest": digest}
            for name, version, digest in SOFTWARE[1:]
        ]
        lock = {"platform": "cpython 3.11 Linux x86_64", "packages": packages}
        doc = document(plans.demo_plan(), {"software": lock})
        path = campaigns.write(bench.folder / "own", doc)
        if spoil is not None:
            for number in range(len(doc.plan.campaign.runs)):
                spoil(number)(Campaign(doc, path))
        return path

    return make


def unreadable(bench: Bench) -> Path:
    doc = document(plans.demo_plan(), {"software": {"packages": "none"}})
    return campaigns.write(bench.folder / "own", doc)


def forgotten(rows: Tables) -> None:
    """Readers at work in all the long waits, and none of it told."""
    steps = rows["steps"]
    steps["wait_storage_ns"] = steps["wait_starved_ns"] = 0
    latency = rows["latency"]
    latency["bucket"][latency["operation"] == b"read"] = LONG_READS


CLIENT_SPECIMENS = (
    Specimen("EV-23", PASS, "above the target", closed),
    Specimen(
        "EV-23",
        FAIL,
        "a client that can't",
        of_closed(waited(0.2)),
        "ceiling 83.33 %",
    ),
    Specimen(
        "EV-23", Verdict.WAIVED, "a laptop that can't", of_demo(waited(0.2)), "83.33 %"
    ),
    Specimen(
        "EV-23",
        FAIL,
        "a run beyond it",
        of_closed(waited(0.1)),
        "02-measured: 93.00 % of a possible 90.91 %",
    ),
    Specimen(
        "EV-23",
        FAIL,
        "a hurried calibration",
        of_closed(edited(0, hurried)),
        "calibration: rank 0 computed 81 ms in a step",
    ),
    Specimen("EV-23", NONE, "not recorded", of_demo(emptied(0, "steps"))),
    Specimen("EV-23", NONE, "a claim without", uncalibrated(plans.small_closed_plan)),
    Specimen(
        "EV-23", Verdict.NOT_APPLICABLE, "a demo without", uncalibrated(plans.demo_plan)
    ),
    Specimen("EV-24", PASS, "the same in all runs", demo),
    Specimen("EV-24", PASS, "as locked", locked()),
    Specimen("EV-24", PASS, "absent where it was compiled", locked(h5py="absent")),
    Specimen(
        "EV-24",
        FAIL,
        "another version in one run",
        of_demo(having(2, "software", "version", b"9.9", 2)),
        "02-measured: other software than 00-datagen: h5py",
    ),
    Specimen(
        "EV-24",
        FAIL,
        "another version than locked",
        locked(numpy="2.0.0"),
        "00-datagen: numpy 2.1.3, the plan locks 2.0.0",
    ),
    Specimen(
        "EV-24",
        FAIL,
        "other files of our own",
        locked(spoil=lambda n: having(n, "software", "digest", b"sha256:o", 1)),
        "other files of mlps 0.1.0",
    ),
    Specimen("EV-24", FAIL, "no lock, but junk", unreadable, "can't be read"),
    Specimen("EV-24", NONE, "not recorded", of_demo(emptied(2, "software"))),
    Specimen("EV-25", PASS, "parts of the waits", demo),
    Specimen(
        "EV-25",
        FAIL,
        "more for storage than was waited",
        of_demo(having(2, "steps", "wait_storage_ns", 10**9, 3)),
        "rank 0 in epoch-1: step 3 waited",
    ),
    Specimen(
        "EV-25",
        FAIL,
        "together more than was waited",
        of_demo(edited(2, lambda rows: _starved(rows["steps"]))),
        "rank 0 in epoch-1: step 0 waited",
    ),
    Specimen(
        "EV-25",
        FAIL,
        "less than nothing",
        of_demo(having(2, "steps", "wait_starved_ns", -1, 3)),
        "-1 ns for a CPU",
    ),
    Specimen(
        "EV-25",
        FAIL,
        "more than all reads took",
        of_demo(edited(2, lambda rows: _quick(rows["latency"]))),
        "for storage, its opens and reads took at most",
    ),
    Specimen(
        "EV-25",
        FAIL,
        "nothing told of long reads",
        of_closed(edited(2, forgotten)),
        "0.000 s for storage or a CPU, its opens and reads leave at least",
    ),
    Specimen("EV-25", NONE, "not recorded", of_demo(emptied(2, "steps"))),
)


def _starved(steps) -> None:
    steps["wait_starved_ns"] = steps["wait_ns"] - steps["wait_storage_ns"] + 1


def _quick(latency) -> None:
    latency["bucket"][latency["operation"] != b"sample"] = 10
