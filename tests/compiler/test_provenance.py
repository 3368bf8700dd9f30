"""Where each value came from: named, true, and shown by `mlps explain`."""

from importlib import resources

import pytest
import yaml

from mlps.explanation import explain
from mlps.plan import leaves, parse, plain, render
from mlps.units import parse_size
from tests.compiler.cases import CASES

OK = ["+workload=unet3d", "+system=b200x8"]


def written_at(place):
    """Value as it is written on a line of a built-in file."""
    file, _, number = place.rpartition(":")
    text = (resources.files("conf") / file.removeprefix("pkg://conf/")).read_text()
    line = text.splitlines()[int(number) - 1]
    return yaml.safe_load(line.partition(": ")[2])


@pytest.mark.parametrize("name", CASES)
def test_every_value_has_an_origin_that_is_true(compiler, name):
    doc = parse(render(compiler.compile(CASES[name])))
    origins, checked = doc.provenance["values"], 0
    for group in plain(doc.plan):
        assert "does not say" not in explain(doc, group), group
    for key, value in leaves(plain(doc.plan)):
        place = origins.get(key, {}).get("from")
        # Columns and the longest source stand on several lines.
        if place is None or "columns" in key or key.endswith(".source"):
            continue
        written = written_at(place)
        if "_bytes" in key:
            written = float(parse_size(written))
        assert value == written, key
        checked += 1
    assert checked > 40


def test_overrides_and_groups_are_named(compiler):
    doc = compiler.compile(
        [*OK, "system.hosts=4", "++workload.reader={read_threads: 9}"]
    )
    provenance = doc.provenance
    assert provenance["choices"] == {
        "submission": "closed",
        "system": "b200x8",
        "workload": "unet3d",
    }
    assert provenance["overrides"] == sorted(
        [*OK, "system.hosts=4", "++workload.reader={read_threads: 9}"]
    )
    origins = provenance["values"]
    assert origins["system.hosts"] == {"override": "system.hosts=4"}
    assert origins["workload.reader.read_threads"] == {
        "override": "++workload.reader={read_threads: 9}"
    }
    assert set(provenance["versions"]) == {"mlps", "hydra-core", "omegaconf"}
    assert all(len(file["sha256"]) == 64 for file in provenance["files"].values())


def test_a_file_of_the_user_is_named_without_its_place(say, tmp_path):
    folder = tmp_path / "site" / "system"
    folder.mkdir(parents=True)
    (folder / "big.yaml").write_text(
        "defaults: [b200x8, _self_]\nhosts: 8\nname: big\n"
    )
    say("+workload=unet3d", "+system=big", "--config-dir", str(tmp_path / "site"))
    (path,) = tmp_path.glob("*.yaml")
    values = parse(path.read_bytes()).provenance["values"]
    assert values["system.hosts"] == {"from": "config-dir/system/big.yaml:2"}
    assert values["system.accelerator"] == {"from": "pkg://conf/system/b200x8.yaml:3"}


@pytest.fixture
def plan_file(say, tmp_path):
    say(*OK, "system.hosts=4", "--write-to", "plan.yaml")
    return "plan.yaml"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("system.hosts", "system.hosts = 4\n    override system.hosts=4\n"),
        (
            "workload.reader.batch_size",
            "= 7\n    from pkg://conf/workload/unet3d.yaml:",
        ),
        ("workload.dataset.files", "computed as many as rule 3.1.2 requires"),
        ("derived.ranks", "computed system.hosts x system.accelerators_per_host"),
        ("campaign.runs[2].seed", "computed submission.seed + number of the run"),
        ("campaign.runs[2].phases[0].name", "computed train.epochs"),
        ("submission.edition", "submission.edition = '3.0'"),
        ("system", "system.data_path = 'data'"),
    ],
)
def test_explain(say, plan_file, key, expected):
    said = say("explain", plan_file, key)
    assert said.status == 0, said
    assert expected in said.out


def test_explain_names_the_nearest_key(say, plan_file):
    said = say("explain", plan_file, "workload.reader.batchsize")
    assert said.status == 2
    assert "did you mean 'workload.reader.batch_size'?" in said.err


def test_a_plan_without_provenance_is_explained_as_such(compiler):
    doc = compiler.compile(OK)
    doc.provenance.clear()
    assert "does not say" in explain(doc, "name")
