"""Reads values that a fact is recorded with; what says nothing of it is None."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from posixpath import normpath

from rules.sources.layout import STAMP
from rules.sources.naming import KINDS
from rules.stored import as_number

GIB = 2**30
_MEMORY_PART = 0.01
_START_S = 60.0
_OTHER = re.compile(r"[^a-z0-9]+")
_DIGEST = re.compile(r"(?:[a-z0-9-]+:)?([0-9a-f]{32,64})")

Read = Callable[[object], object]


def word(value: object) -> str | None:
    """Name in lower case, with one kind of separator."""
    return (_OTHER.sub("-", value.lower()) if isinstance(value, str) else "") or None


def kind(value: object) -> object:
    """Category of a benchmark, by any of its names."""
    return KINDS.get(value.lower(), value) if isinstance(value, str) else None


def phase(value: object) -> str | None:
    """Phase of a command; older tools had another name for runs."""
    found = word(value)
    return "run" if found == "run-benchmark" else found


def gib(value: object) -> float | None:
    """Bytes in GiB."""
    found = as_number(value)
    return found / GIB if found else None


def count(value: object) -> int | None:
    """Entries of a list."""
    return len(value) if isinstance(value, list) else None


def total(value: object) -> float | None:
    """Sum of a list; DLIO adds hosts up in its first entries and leaves zeros."""
    found = [as_number(v) for v in value] if isinstance(value, list) else []
    known = [one for one in found if one is not None]
    return (sum(known) if len(known) == len(found) else 0.0) or None


def of_hosts(
    *keys: str, combine: Callable[[list[float]], float], unit: float = 1.0
) -> Read:
    """Combine one number of each host of a snapshot."""

    def read(value: object) -> float | None:
        hosts = value if isinstance(value, list) else []
        found = [as_number(_inside(host, keys)) for host in hosts]
        known = [one / unit for one in found if one is not None]
        return combine(known) if known and len(known) == len(found) else None

    return read


def _inside(found: object, keys: tuple[str, ...]) -> object:
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def names(value: object) -> list[str] | None:
    """Host names of a snapshot, in whatever order they answered."""
    hosts = value if isinstance(value, list) else []
    found = [host.get("hostname") for host in hosts if isinstance(host, Mapping)]
    return sorted(str(name) for name in found) or None


def moment(value: object) -> object:
    """Local time; a folder's stamp or ISO. Stamps with a zone can't be compared."""
    if not isinstance(value, str):
        return None
    try:
        if STAMP.fullmatch(value):
            return datetime.strptime(value, "%Y%m%d_%H%M%S")
        found = datetime.fromisoformat(value)
    except ValueError:
        return value
    return None if found.tzinfo else found


def claimable(folder_name: object, mode: object) -> bool:
    """Whether a run of the mode may lie in the division: OPEN takes closed runs."""
    return mode in (folder_name, "closed" if folder_name == "open" else folder_name)


def soon(one: object, other: object) -> bool:
    """Whether two moments are those of one start."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return abs((one - other).total_seconds()) <= _START_S
    return False


def near(one: object, other: object) -> bool:
    """Whether two amounts of memory are one but for what the kernel keeps."""
    first, second = as_number(one), as_number(other)
    if first is None or second is None:
        return False
    return abs(first - second) <= _MEMORY_PART * abs(first)


def folder(value: object) -> str | None:
    """Absolute path of a folder; relative ones depend on where the tool ran."""
    if not isinstance(value, str) or not value.startswith("/"):
        return None
    return f"{normpath(value).rstrip('/')}/"


def nested(one: object, other: object) -> bool:
    """Whether one folder is the other, or lies in it."""
    return str(one).startswith(str(other)) or str(other).startswith(str(one))


def digest(value: object) -> str | None:
    """Digest of a code image, with or without the way it was made."""
    named = _DIGEST.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    return named[1] if named else None


def mapping(value: object) -> object:
    """Plain mapping, to be compared as a whole."""
    return value if isinstance(value, Mapping) else None
