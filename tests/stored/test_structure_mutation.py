"""Folders of sound trees are changed: what matters trips a rule, the rest none."""

import shutil
from pathlib import Path

import pytest

from rules.finding import Verdict
from tests.stored.mutation import verdicts
from tests.stored.sound import SOUND
from tests.stored.structure_edits import (
    HARMFUL,
    HARMFUL_IN_V1,
    HARMLESS,
    Edit,
    another_submitter,
)

V1 = "training v1.0"
NEWEST = [name for name, sound in SOUND.items() if sound.edition == "3.0"]


@pytest.fixture
def loud(tmp_path):
    """Loud findings that a tree has after an edit, and did not have before."""

    def found(name: str, edit: Edit, *, at: Path = tmp_path / "tree"):
        tree = SOUND[name].make().write(at)
        sound = verdicts(tree, SOUND[name].edition)
        edit(tree)
        return verdicts(tree, SOUND[name].edition) - sound

    return found


@pytest.mark.parametrize("name", NEWEST)
@pytest.mark.parametrize("edit", HARMFUL.values(), ids=HARMFUL)
def test_what_is_out_of_place_is_noticed(name, edit, loud, mutants):
    found = loud(name, edit)
    mutants["caught" if found else "wrong"] += 1
    assert found
    assert Verdict.ERROR not in {verdict for _, _, _, verdict in found}


@pytest.mark.parametrize("edit", HARMFUL_IN_V1)
def test_what_is_out_of_place_in_v1_is_noticed(edit, loud, mutants):
    found = loud(V1, HARMFUL[edit])
    mutants["caught" if found else "wrong"] += 1
    assert found
    assert Verdict.ERROR not in {verdict for _, _, _, verdict in found}


@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize("edit", HARMLESS.values(), ids=HARMLESS)
def test_what_means_nothing_is_let_through(name, edit, loud, mutants):
    if name == V1 and edit is another_submitter:
        pytest.skip("no edition judges both")
    found = loud(name, edit)
    mutants["wrong" if found else "harmless"] += 1
    assert not found


@pytest.mark.parametrize("name", SOUND)
def test_a_tree_that_was_moved_is_judged_alike(name, loud, tmp_path, mutants):
    def moved(tree: Path) -> None:
        target = tmp_path / "results of closed" / "2026"
        shutil.copytree(tree, target)
        here, there = (verdicts(t, SOUND[name].edition) for t in (tree, target))
        assert {(s, r, v) for s, _, r, v in here} == {(s, r, v) for s, _, r, v in there}

    assert not loud(name, moved)
    mutants["harmless"] += 1
