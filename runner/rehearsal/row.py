"""One line of a rehearsal: what was looked at, what was found, how to mend it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """An ERROR keeps a plan from starting; a WARN will cost, and is told."""

    OK = "OK"
    WARN = "WARN"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one check found; `says` can be read without the name of the check."""

    check: str
    verdict: Verdict
    says: str
    fix: str = ""


def ok(check: str, says: str) -> Row:
    """Tell that all is well, and how it is."""
    return Row(check=check, verdict=Verdict.OK, says=says)


def warn(check: str, says: str, fix: str) -> Row:
    """Warn: it will run, but not as it should."""
    return Row(check=check, verdict=Verdict.WARN, says=says, fix=fix)


def error(check: str, says: str, fix: str) -> Row:
    """Refuse: it can't start like this."""
    return Row(check=check, verdict=Verdict.ERROR, says=says, fix=fix)


def errors(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Pick the rows that keep a plan from starting."""
    return tuple(row for row in rows if row.verdict is Verdict.ERROR)
