"""Finds our own plans, runs and campaigns by the names of their files."""

import re
from collections.abc import Iterator
from pathlib import Path

from rules.package.layout import SIGNATURE, STATEMENT
from rules.sources import checksums, ledger
from rules.sources.folder import Folder

PLAN = "plan.yaml"
RUNS = "runs"
EVIDENCE = "evidence.h5"
SUMMARY = "summary.json"
RUN_NAME = re.compile(r"([0-9]{2,6})-([a-z]{1,16})-([0-9A-Za-z]{1,64})")
_CAMPAIGN = (ledger.NAME, STATEMENT, SIGNATURE)
_MAX_DEPTH = 6


def has_ours(path: Path) -> bool:
    """Whether a plan, a run or a campaign of ours is at or below `path`."""
    return next(places(path), None) is not None


def places(path: Path, depth: int = 0) -> Iterator[Path]:
    """Go through the plans, runs and campaigns at and below `path`."""
    if not path.is_dir():
        yield path.parent if path.name == EVIDENCE else path
        return
    folder = Folder(path)
    if is_campaign(folder) or folder.has(PLAN) or is_run(folder):
        yield path
        return
    if depth < _MAX_DEPTH:
        for name in folder.names():
            if not name.startswith("."):
                yield from _inside(path / name, depth + 1)


def _inside(path: Path, depth: int) -> Iterator[Path]:
    return (place for place in places(path, depth))


def is_campaign(folder: Folder) -> bool:
    """Whether a folder is a campaign; published trees have `runs` folders too."""
    if any(folder.has(name) for name in _CAMPAIGN):
        return True
    if folder.has(PLAN) and folder.has(checksums.NAME):
        return True
    names = folder.names(RUNS)
    ours = [name for name in names if RUN_NAME.fullmatch(name)]
    return folder.has(RUNS) and (bool(ours) or not names)


def is_run(folder: Folder) -> bool:
    """Whether a folder is a run; published ones have a summary.json too."""
    return folder.has(EVIDENCE) or (
        folder.has(SUMMARY) and RUN_NAME.fullmatch(folder.root.name) is not None
    )
