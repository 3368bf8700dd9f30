"""Values of any kind in a training result are told; no rule breaks on them."""

import random
from collections.abc import Iterator
from copy import deepcopy

import pytest

from rules.finding import Verdict
from rules.recomputation import compare
from rules.review import Asked, review
from rules.rule import Scope
from rules.sources.tree import TreeReader
from tests.stored.trees import training_v1, training_v3

ODD = (
    None,
    "",
    "text",
    "nan",
    "1e308",
    -1,
    0,
    1e308,
    10**30,
    True,
    [],
    [None],
    ["x", 1],
    [1e308, -1e308],
    {},
    {"a": {}},
    "9999-99-99T00:00:00",
    "2026-07-24T12:00:00+14:00",
)


def _places(content: object) -> Iterator[tuple[object, object]]:
    """Every container and key of nested data."""
    pairs = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content)
        if isinstance(content, list)
        else ()
    )
    for key, value in list(pairs):
        yield content, key
        yield from _places(value)


def _spoiled(make, seed: int):
    chance = random.Random(seed)
    files = make()
    paths = [
        p for p in files if isinstance(files[p], dict | list) and "systems" not in p
    ]
    for path in chance.sample(paths, 12):
        places = list(_places(files[path]))
        for container, key in chance.sample(places, min(4, len(places))):
            container[key] = deepcopy(chance.choice(ODD))
    return files


@pytest.mark.parametrize("make", [training_v3, training_v1])
@pytest.mark.parametrize("seed", range(20))
def test_no_rule_breaks(make, seed, tmp_path):
    reader = TreeReader(_spoiled(make, seed).write(tmp_path))
    for workload in reader.workloads():
        compare(workload)
    for part in review(reader, Asked()):
        if part.scope is not Scope.TRAINING:
            continue
        broken = [f for f in part.judgement.findings if f.verdict is Verdict.ERROR]
        assert not broken, broken
