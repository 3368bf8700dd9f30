"""A small sealed campaign that is written once for all tests of reports."""

import shutil
from pathlib import Path

import pytest

from mlps.plan import PlanDocument
from rules.report.chapter import Chapter
from rules.report.source import chapter
from rules.sources.campaign import subjects
from tests.report import crowd
from tests.rules import campaigns, plans


@pytest.fixture(scope="session")
def doc() -> PlanDocument:
    return plans.frozen(plans.demo_plan())


@pytest.fixture(scope="session")
def original(tmp_path_factory, doc) -> Path:
    path = campaigns.write(tmp_path_factory.mktemp("report"), doc)
    kernel = crowd.kernel(hosts=1, seconds=5)

    def watched(rows: campaigns.Tables) -> None:
        rows |= kernel

    campaigns.rewrite(path, doc, 2, watched)
    return path


@pytest.fixture
def campaign(original, tmp_path) -> Path:
    """Copy to write into."""
    path = tmp_path / original.name
    shutil.copytree(original, path)
    return path


@pytest.fixture(scope="session")
def demo(original) -> Chapter:
    (found,) = subjects(original)
    return chapter(found)
