"""Packages that are sealed once, and copied for each test."""

import shutil
from pathlib import Path

import pytest

from tests.package.packages import sealed
from tests.rules.bench import Campaign
from tests.rules.conftest import bench, originals

__all__ = ["bench", "originals"]


@pytest.fixture(scope="session")
def sealed_once(originals, tmp_path_factory) -> dict[str, Path]:
    """A package of the demo campaign, and a signed one with its key."""
    doc, original = originals["demo"]
    folders = {n: tmp_path_factory.mktemp(n) for n in ("plain", "signed")}
    for name, folder in folders.items():
        sealed(Campaign(doc, original), folder, signed=name == "signed")
    return folders


@pytest.fixture
def made(sealed_once, tmp_path) -> Path:
    """A private copy of the package."""
    shutil.copytree(sealed_once["plain"], tmp_path, dirs_exist_ok=True)
    return tmp_path / "package"


@pytest.fixture
def signed(sealed_once, tmp_path) -> Path:
    """A private copy of the signed package; the key is beside it."""
    shutil.copytree(sealed_once["signed"], tmp_path, dirs_exist_ok=True)
    return tmp_path / "package"
