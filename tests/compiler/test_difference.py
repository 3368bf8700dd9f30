"""`mlps diff`: what differs, and whether the rules care."""

import pytest

from mlps.difference import Concern, concern, differences
from mlps.plan import Division
from rules.edition import edition_named

OK = ["+workload=unet3d", "+system=b200x8"]


def concerns(compiler, *overrides):
    old, new = compiler.compile(OK), compiler.compile([*OK, *overrides])
    return {d.key: d.concern for d in differences(old.plan, new.plan)}


@pytest.mark.parametrize(
    ("override", "key", "expected"),
    [
        ("workload.reader.read_threads=8", "", Concern.TUNABLE),
        ("workload.reader.odirect=true", "", Concern.TUNABLE),
        ("workload.dataset.files=30000", "", Concern.TUNABLE),
        ("workload.train.epochs=2", "", Concern.FIXED),
        ("workload.reader.batch_size=4", "", Concern.FIXED),
        ("system.hosts=2", "", Concern.CLAIM),
        ("submission.division=open", "", Concern.CLAIM),
        ("submission.stall_report_s=5", "", Concern.NONE),
        ("system.data_path=/mnt", "", Concern.TUNABLE),
        (
            "workload.reader.read_threads=8",
            "derived.rank_memory_bytes",
            Concern.FOLLOWS,
        ),
        ("workload.train.epochs=2", "campaign.runs[1].phases[9].name", Concern.FOLLOWS),
    ],
)
def test_a_difference_is_of_concern(compiler, override, key, expected):
    assert concerns(compiler, override)[key or override.split("=")[0]] is expected


@pytest.mark.parametrize("edition", ["1.0", "2.0", "3.0"])
def test_what_may_change_in_closed_is_what_the_rules_let_change(edition):
    """Two tables in two packages that must not import each other: held together."""
    closed = edition_named(edition).parameters(Division.CLOSED)
    assert closed
    for parameter in closed:
        assert concern(f"workload.{parameter.key}", "unet3d") is Concern.TUNABLE


def test_odirect_is_free_for_unet3d_alone():
    assert concern("workload.reader.odirect", "retinanet") is Concern.FIXED


def test_diff_command(say):
    say(*OK, "--write-to", "a.yaml")
    say(
        *OK,
        "workload.train.epochs=4",
        "workload.reader.read_threads=8",
        "--write-to",
        "b.yaml",
    )
    said = say("diff", "a.yaml", "b.yaml")
    assert said.status == 0
    assert (
        "official value needed in CLOSED:\n  workload.train.epochs: 5 -> 4" in said.out
    )
    assert (
        "may be changed in CLOSED:\n  workload.reader.read_threads: 4 -> 8" in said.out
    )
    assert "campaign: " in said.out
    assert "the rules care about 1" in said.out
    assert say("diff", "a.yaml", "a.yaml").out.startswith("no difference")
