"""Golden plans: what is asked for gives exactly this plan, today and next year."""

import pytest

from mlps.plan import parse
from tests.compiler.cases import CASES, DIGESTS, GOLDEN, pinned, short, without_versions


@pytest.mark.parametrize("name", CASES)
def test_a_plan_is_the_golden_one(compiler, name):
    doc = compiler.compile(CASES[name])
    golden = (GOLDEN / f"{name}.yaml").read_bytes()
    assert doc.plan.name == name
    assert without_versions(pinned(doc)) == without_versions(golden)


@pytest.mark.parametrize("name", CASES)
def test_digests_are_pinned(name):
    golden = (GOLDEN / f"{name}.yaml").read_bytes()
    assert short(parse(golden).digest) == DIGESTS[name]


def test_every_golden_file_has_a_case():
    assert {path.stem for path in GOLDEN.iterdir()} == set(CASES) == set(DIGESTS)
