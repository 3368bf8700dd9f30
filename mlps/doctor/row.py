"""A row of the table: what was looked at, how it stands, what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a thing stands; only ERROR keeps the machine from being ready."""

    OK = "OK"
    WARN = "WARN"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One finding; `fix` holds lines to do or to paste, none where all is well."""

    status: Status
    subject: str
    what: str
    fix: tuple[str, ...] = ()


def ok(subject: str, what: str) -> Row:
    """Say that all is well."""
    return Row(status=Status.OK, subject=subject, what=what)


def warn(subject: str, what: str, *fix: str) -> Row:
    """Say that a run works, but loses something here."""
    return Row(status=Status.WARN, subject=subject, what=what, fix=fix)


def error(subject: str, what: str, *fix: str) -> Row:
    """Say that no run works here until this is fixed."""
    return Row(status=Status.ERROR, subject=subject, what=what, fix=fix)


def errors(rows: Iterable[Row]) -> list[Row]:
    """Give the rows that must be fixed."""
    return [row for row in rows if row.status is Status.ERROR]
