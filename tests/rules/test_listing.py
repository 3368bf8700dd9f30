"""The list of rules, and the page made from it."""

from pathlib import Path

import pytest

from rules.catalogue import CATALOGUE
from rules.edition import edition_named, editions
from rules.listing import judges, reference, state

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_up_to_date():
    page = (DOCS / "rules.md").read_text(encoding="utf-8")
    assert page == reference(CATALOGUE), "write it anew: make docs"


@pytest.mark.parametrize("edition", editions(), ids=lambda e: e.edition)
def test_every_rule_has_a_state(edition):
    known = {rule.id for rule in CATALOGUE}
    assert set(edition.absent) <= known
    assert {entry.id for entry in edition.strictness} <= known
    states = {rule.id: state(rule, edition) for rule in CATALOGUE}
    assert set(states.values()) <= {"error", "warning", "absent", "definition"}
    for rule in CATALOGUE:
        assert bool(rule.definition) != bool(rule.judge or rule.stored), rule.id
        assert judges(rule)
        if states[rule.id] == "absent":
            assert edition.absent_reading


def test_the_round_is_never_stricter_than_what_came_after():
    order = {"absent": 0, "definition": 0, "warning": 1, "error": 2}
    round_, now = edition_named("3.0-round"), edition_named("3.0")
    replaced = {"2.1.6"}
    for rule in CATALOGUE:
        if rule.id not in replaced:
            assert order[state(rule, round_)] <= order[state(rule, now)], rule.id
