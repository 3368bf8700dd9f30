"""Trees as `mlps verify` and `mlps report` judge and show them."""

import json
import shutil

import pytest
from click.testing import CliRunner

from mlps.plan import render
from rules.command import verify
from rules.report.command import report
from tests.rules import plans
from tests.stored.trees import training_v1, training_v3


def run(command, *args):
    done = CliRunner().invoke(command, [str(arg) for arg in args])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done


@pytest.fixture
def tree(tmp_path):
    return training_v3().write(tmp_path / "tree")


def data(*args):
    return json.loads(run(verify, *args, "--json").output)["subjects"]


def test_a_sound_tree_of_each_era_passes(tmp_path):
    for name, files in (("v1", training_v1()), ("v3", training_v3())):
        done = run(verify, files.write(tmp_path / name))
        assert done.exit_code == 0, done.output
        assert "all agree with the official ones" in done.output


def test_the_edition_is_the_stamped_one_or_the_one_asked_for(tree, tmp_path):
    (part,) = [p for p in data(tree) if p["scope"] == "training"]
    assert (part["edition"], part["edition_reason"]) == (
        "3.0",
        "stamped in provenance.json",
    )
    asked = {p["edition"] for p in data(tree, "--edition", "3.0-round")}
    assert asked == {"3.0-round"}
    hand_made = training_v1().write(tmp_path / "v1")
    assert {p["edition"] for p in data(hand_made)} == {"1.0"}


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5, 6, 7, 8])
def test_a_tree_is_known_from_any_level(tree, depth):
    leaf = sorted(tree.glob("*/*/results/*/training/*/run/*/summary.json"))[0].parent
    part = tree.joinpath(*leaf.relative_to(tree).parts[:depth])
    (found,) = [p for p in data(part, "--partial") if p["scope"] == "training"]
    assert "unet3d b200" in found["title"]
    assert found["comparisons"]


def test_a_leaf_taken_out_of_its_tree_is_known_by_its_contents(tree, tmp_path):
    leaf = sorted(tree.glob("*/*/results/*/training/*/run/*/summary.json"))[0].parent
    alone = tmp_path / "elsewhere" / leaf.name
    shutil.copytree(leaf, alone)
    (found,) = [p for p in data(alone, "--partial") if p["scope"] == "training"]
    assert "acme rig training unet3d b200" in found["title"]


def test_an_excerpt_is_no_fault(tree):
    for path in [*tree.rglob("*.log"), *tree.rglob("*.pdf")]:
        path.unlink()
    assert run(verify, tree).exit_code == 1
    done = run(verify, tree, "--partial")
    assert done.exit_code == 0, done.output
    assert "an excerpt" in done.output


def test_merged_trees_are_judged_apart(tree):
    training_v3(org="other", name="rack").write(tree)
    (tree / "closed/other/systems/rack.pdf").unlink()
    verdicts = {p["where"]: p["exit_status"] for p in data(tree)}
    assert verdicts["closed/acme"] == 0
    assert verdicts["closed/other"] == 1


def test_options_of_trees_are_refused_for_ours(bench_plan):
    done = run(verify, bench_plan, "--partial")
    assert done.exit_code == 2
    assert run(verify, bench_plan, "--edition", "3.0").exit_code == 2
    assert run(report, bench_plan, "--partial").exit_code == 2


@pytest.fixture
def bench_plan(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_bytes(render(plans.frozen(plans.demo_plan())))
    return path


def test_an_unknown_edition_is_named(tree):
    for command in (verify, report):
        done = CliRunner().invoke(command, [str(tree), "--edition", "9"])
        assert "'9' is no edition" in str(done.exception)


def test_the_report_of_a_tree(tree, tmp_path):
    page, junit = tmp_path / "page.html", tmp_path / "junit.xml"
    done = run(report, tree, "--html", page, "--junit", junit)
    assert done.exit_code == 0, done.output
    html = page.read_text()
    assert "Official and recomputed" in html
    assert "train_au_mean_percentage" in html
    assert "testcase" in junit.read_text()
