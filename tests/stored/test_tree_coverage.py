"""No official check of the list is without a rule here."""

import pytest

from rules.catalogue import CATALOGUE
from rules.catalogue.tree import RULES
from rules.catalogue.tree.coverage import IN_TOOL
from rules.edition import editions

IDS = {rule.id for rule in CATALOGUE}
STRUCTURE = [
    "1.1",
    "1.2",
    "1.3",
    "2.1.1",
    "2.1.2",
    "2.1.3",
    "2.1.4",
    "2.1.5",
    "2.1.6",
    "CHECK-01",
    "CHECK-02",
    "CHECK-03",
    "CHECK-04",
    "CHECK-05",
    "2.1.7",
    "2.1.8",
    "2.1.9",
    "2.1.10",
    "2.1.11",
    "2.1.12",
    "2.1.13",
    "2.1.14",
    "2.1.15",
    "2.1.16",
    "2.1.17",
    "2.1.18",
    "2.1.18a",
    "2.1.19",
    "2.1.20",
    "2.1.21",
    "2.1.22",
    "2.1.23",
    "2.1.24",
    "2.1.24a",
    "2.1.25",
    "2.1.26",
    "2.1.27",
    "2.29",
    "PROV-01",
    "PROV-02",
    "LEAF-01",
    "RPT-01",
    "EDN-01",
    "EDN-02",
    "EDN-03",
    "EDN-04",
]
TRAINING = [
    "3.1.1",
    "3.1.2",
    "3.2.1",
    "3.3.1",
    "3.3.2",
    "3.3.3",
    "3.3.4",
    "3.3.5",
    "3.3.6",
    "3.3.7",
    "3.3.8",
    "3.4.1",
    "3.4.2",
    "3.6.1",
    "3.6.2",
    "3.6.3",
]
CHECKPOINTING = [
    "4.3.1",
    "4.3.2",
    "4.3.3",
    "4.3.4",
    "4.3.5",
    "4.3.6",
    "4.4.1",
    "4.4.2",
    "4.6.1",
    "4.6.2",
    "4.6.3",
    "4.6.4",
    "4.7.1",
    "4.7.2",
    "4.7.3",
    "4.7.4",
]
VECTOR_DATABASE = [
    "5.1.1",
    "5.1.2",
    "5.2.1",
    "5.2.2",
    "5.3.1",
    "5.3.2",
    "5.3.3",
    "5.3.4",
    "5.3.5",
    "5.4.1",
    "5.4.2",
    "5.5.1",
    "5.6.1",
    "5.6.2",
    "5.6.3",
    "5.6.4",
    "5.6.5",
]
KV_CACHE = [
    "6.3.1.1",
    "6.3.2.1",
    "6.3.2.2",
    "6.3.3.1",
    "6.3.3.2",
    "6.3.3.3",
    "6.3.3.4",
    "6.3.4.1",
    "6.3.4.2",
    "6.3.4.3",
    "6.3.4.4",
    "6.3.4.5",
    "6.4.1",
    "6.4.2",
    "6.5.1",
    "6.5.2",
    "6.6.1",
    "6.6.2",
    "6.6.3",
]
IN_TOOL_IDS = ["CAP-01", "CAP-02", "CAP-03"]
ALL = [
    *STRUCTURE,
    *TRAINING,
    *CHECKPOINTING,
    *VECTOR_DATABASE,
    *KV_CACHE,
    *IN_TOOL_IDS,
]
LATER = {"2.1.11", "2.1.17", "2.1.18", "2.1.24"}
"""Structure rules that stand with the training and checkpointing rules."""


@pytest.mark.parametrize("rule_id", ALL)
def test_every_official_check_has_a_rule(rule_id):
    assert rule_id in IDS


def test_the_structure_rules_are_all_here():
    assert {rule.id for rule in RULES} == {*STRUCTURE, *IN_TOOL_IDS} - LATER


def test_every_rule_is_a_check_or_says_why_not():
    for rule in RULES:
        assert bool(rule.stored) != bool(rule.definition), rule.id


@pytest.mark.parametrize("row", IN_TOOL)
def test_every_check_inside_the_tool_is_answered_by_rules(row):
    assert set(IN_TOOL[row]) <= IDS


def test_no_row_is_left_out():
    numbers = [row.split()[0] for row in IN_TOOL]
    wanted = [str(number) for number in range(100, 114)]
    parts = [f"108{part}" for part in "abcd"]
    at = wanted.index("108")
    assert numbers == wanted[:at] + parts + wanted[at + 1 :]


@pytest.mark.parametrize("edition", editions(), ids=lambda e: e.edition)
def test_editions_name_rules_that_exist(edition):
    assert set(edition.absent) <= IDS
    assert {entry.id for entry in edition.strictness} <= IDS


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_first_rounds_had_no_such_rules(rule):
    assert all(rule.id in e.absent for e in editions() if e.edition in ("1.0", "2.0"))
