"""One published tree whose verdict by one rule is known."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rules.finding import Verdict
from rules.rule import Scope


@dataclass(frozen=True, kw_only=True)
class StoredSpecimen:
    """`build` writes a tree below a folder and returns the path to judge.

    `edition` is the one to judge by; "" leaves it to the tree. `why` names what is
    special, and is part of the test's name; `says` must stand in the finding.
    """

    rule_id: str
    verdict: Verdict
    why: str
    build: Callable[[Path], Path]
    scope: Scope
    edition: str = "3.0"
    partial: bool = False
    says: str = ""
