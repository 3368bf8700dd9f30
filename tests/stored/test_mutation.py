"""Every value of a published tree is judged, or named harmless with the reason.

Files of a sound tree are changed as by one who wants to deceive, or by an accident.
What no rule notices must be in `harmless`, and what is there must not trip a rule.
"""

from collections.abc import Iterable

import pytest

from rules.catalogue import CATALOGUE
from rules.finding import Verdict
from rules.rule import Scope
from tests.stored.harmless import LATER, Reasons
from tests.stored.mutation import (
    Bench,
    Mutant,
    absurd_mutants,
    file_mutants,
    matching,
    value_mutants,
    volleys,
)
from tests.stored.plain_trees import hashed_training
from tests.stored.sound import SOUND, Sound
from tests.stored.test_specimens import SPECIMENS

# Rules that nothing in a tree can trip, and why.
UNTRIPPED: dict[str, tuple[frozenset[Scope], str]] = {
    "EV-21": (
        frozenset({Scope.CHECKPOINTING}),
        "it reports the slowest rank and demands nothing",
    ),
    "EDN-02": (
        frozenset({Scope.VECTOR_DATABASE, Scope.KV_CACHE}),
        "the hashes of these categories are in no public table",
    ),
}
# By the round's edition a run is tried once more, where the rules differ most.
ROUND = ("training", "3.0-round")


@pytest.fixture(scope="module")
def benches(tmp_path_factory):
    """Each tree on disk, once."""
    made: dict[tuple[str, str], Bench] = {}

    def bench(name: str, edition: str = "") -> Bench:
        edition = edition or SOUND[name].edition
        if (name, edition) not in made:
            root = SOUND[name].make().write(tmp_path_factory.mktemp("sound"))
            made[name, edition] = Bench(root, edition)
        return made[name, edition]

    return bench


def judged(
    bench: Bench, tried: Iterable[Mutant], harmless: Reasons, mutants
) -> list[str]:
    """Tally the mutants, and name those that are judged wrongly."""
    wrong = []
    for mutant in tried:
        found = bench.noticed(mutant)
        pattern = matching(mutant.name, harmless)
        broken = any(verdict is Verdict.ERROR for _, _, _, verdict in found)
        if bool(found) is (pattern is None) and not broken:
            mutants["harmless" if pattern else "caught"] += 1
            continue
        rules = ", ".join(sorted({rule for _, _, rule, _ in found}))
        wrong.append(f"{mutant.name}: {rules or 'unnoticed'}")
        mutants["wrong"] += 1
    return wrong


def said(wrong: list[str]) -> None:
    """Fail with all that is wrong, line by line."""
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def values_of(sound: Sound) -> list[Mutant]:
    return list(value_mutants(sound.make(), sound.data()))


def removals_of(sound: Sound) -> list[Mutant]:
    return [m for m in file_mutants(sound.make()) if m.path in sound.tried()]


@pytest.mark.parametrize("name", SOUND)
def test_every_changed_value_is_noticed(name, benches, mutants):
    wrong = judged(benches(name), values_of(SOUND[name]), SOUND[name].values, mutants)
    said(wrong)


def test_every_changed_value_of_a_run_is_noticed_by_the_round(benches, mutants):
    name, edition = ROUND
    tried = [mutant for mutant in values_of(SOUND[name]) if "/run/" in mutant.path]
    reasons = {**SOUND[name].values, **LATER}
    wrong = judged(benches(name, edition), tried, reasons, mutants)
    said(wrong)


@pytest.mark.parametrize("name", SOUND)
def test_every_removed_file_is_noticed(name, benches, mutants):
    tried = removals_of(SOUND[name])
    wrong = judged(benches(name), tried, SOUND[name].removed, mutants)
    said(wrong)


def test_the_hash_of_a_workload_can_not_be_changed(tmp_path, mutants):
    files = hashed_training()
    path = files.first("*/run/20260724_121600/provenance.json")
    tried = [m for m in value_mutants(files, [path]) if ": core_config." in m.name]
    bench = Bench(files.write(tmp_path), "3.0")
    wrong = judged(bench, tried, {"*: core_config.keys.0": "not hashed"}, mutants)
    assert tried
    said(wrong)


@pytest.mark.parametrize("name", SOUND)
def test_every_harmless_entry_names_something(name):
    sound = SOUND[name]
    for tried, reasons in (
        (values_of(sound), sound.values),
        (removals_of(sound), sound.removed),
    ):
        named = {matching(mutant.name, reasons) for mutant in tried}
        said(sorted(set(reasons) - named))
        assert all(reasons.values())


@pytest.mark.parametrize("name", SOUND)
def test_absurd_values_break_no_rule(name, benches, mutants):
    sound, broken = SOUND[name], []
    for volley in volleys(absurd_mutants(sound.make(), sound.data())):
        found = benches(name).noticed(*volley)
        errors = {rule for _, _, rule, verdict in found if verdict is Verdict.ERROR}
        mutants["wrong" if errors else "caught" if found else "harmless"] += 1
        if errors:
            broken.append(f"{errors} by one of {[m.name for m in volley]}")
    said(broken)


@pytest.mark.parametrize(
    "rule", [rule for rule in CATALOGUE if rule.stored], ids=lambda rule: rule.id
)
def test_every_rule_can_be_tripped_in_each_of_its_scopes(rule):
    tripping = (Verdict.FAIL, Verdict.WARN)
    tripped = {
        s.scope for s in SPECIMENS if s.rule_id == rule.id and s.verdict in tripping
    }
    untripped, _ = UNTRIPPED.get(rule.id, (frozenset(), ""))
    assert set(rule.stored) - tripped == untripped
