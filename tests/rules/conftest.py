"""Campaigns that are written once for all tests of the rules."""

from pathlib import Path

import pytest

from mlps.plan import PlanDocument
from tests.rules import campaigns, plans
from tests.rules.bench import Bench
from tests.rules.mutation import Hunt, Original, claimed


@pytest.fixture(scope="session")
def originals(tmp_path_factory) -> dict[str, tuple[PlanDocument, Path]]:
    folder = tmp_path_factory.mktemp("campaigns")
    taste = campaigns.Taste(memory_bytes=plans.SMALL_MEMORY)
    docs = {
        "demo": (plans.frozen(plans.demo_plan()), campaigns.Taste()),
        "closed": (plans.frozen(plans.small_closed_plan()), taste),
    }
    return {
        name: (doc, campaigns.write(folder / name, doc, taste))
        for name, (doc, taste) in docs.items()
    }


@pytest.fixture
def bench(originals, tmp_path) -> Bench:
    return Bench(tmp_path, originals)


@pytest.fixture(scope="session")
def hunt(mutants) -> Hunt:
    """What all mutants of the session did to the rules."""
    return Hunt(mutants)


@pytest.fixture(scope="session")
def claim(tmp_path_factory) -> Original:
    """A closed claim on local disks, read once."""
    return claimed(tmp_path_factory.mktemp("claim"), "ext4")
