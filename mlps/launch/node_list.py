"""Lists of hosts as people, Slurm and node files write them: text in, names out."""

import re
from collections import Counter
from itertools import product

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_OUTSIDE_BRACKETS = re.compile(r",(?![^\[\]]*\])")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_RANGE = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")
_REPEATED = re.compile(r"([0-9]{1,9})(?:\(x([0-9]{1,9})\))?")
_MOST = 100_000


def expand(text: str) -> tuple[str, ...]:
    """Expand `n[001-003,7],gpu-a`; ValueError says which part is wrong."""
    names: list[str] = []
    for item in _OUTSIDE_BRACKETS.split(text):
        names.extend(_expand_item(item.strip()))
        _within_bounds(len(names), text)
    return tuple(names)


def expand_counts(text: str) -> tuple[int, ...]:
    """Expand `8(x2),4` into one count for each node."""
    counts: list[int] = []
    for item in text.split(","):
        match = _REPEATED.fullmatch(item)
        if match is None:
            raise ValueError(f"{item!r} in {text!r} is not a count such as 8 or 8(x2)")
        count, times = int(match[1]), int(match[2] or 1)
        _within_bounds(len(counts) + times, text)
        counts.extend([count] * times)
    return tuple(counts)


def lines_of(data: bytes) -> tuple[str, ...]:
    """Read one name a line; empty lines and what follows a `#` are skipped."""
    names = []
    text = data.decode("utf-8", "backslashreplace")
    for number, line in enumerate(text.splitlines(), 1):
        name = line.partition("#")[0].strip()
        if name and not _NAME.fullmatch(name):
            raise ValueError(
                f"line {number}: {name!r} is not a host name alone; the plan says how"
                " many ranks a host gets, so leave out slots and counts"
            )
        if name:
            names.append(name)
    return tuple(names)


def twice(names: tuple[str, ...]) -> tuple[str, ...]:
    """Give the names that occur more than once."""
    return tuple(name for name, count in Counter(names).items() if count > 1)


def _expand_item(item: str) -> list[str]:
    pieces = _BRACKETS.split(item)
    choices: list[list[str]] = []
    for number, piece in enumerate(pieces):
        inside = number % 2 == 1
        choices.append(_numbers(piece, item) if inside else [piece])
    count = 1
    for choice in choices:
        count *= len(choice)
        _within_bounds(count, item)
    names = ["".join(parts) for parts in product(*choices)]
    if not all(_NAME.fullmatch(name) for name in names):
        raise ValueError(f"{item!r} is not a host name" if item else "a name is empty")
    return names


def _numbers(ranges: str, item: str) -> list[str]:
    """Expand `001-003,7`: leading zeros of the first number are its width."""
    found: list[str] = []
    for piece in ranges.split(","):
        match = _RANGE.fullmatch(piece)
        if match is None:
            raise ValueError(f"[{ranges}] in {item!r} is not a list of numbers")
        first, last = match[1], match[2] or match[1]
        if int(last) < int(first):
            raise ValueError(f"{piece!r} in {item!r} runs backwards")
        _within_bounds(int(last) - int(first), item)
        found.extend(
            str(number).zfill(len(first)) for number in range(int(first), int(last) + 1)
        )
    return found


def _within_bounds(count: int, text: str) -> None:
    if count > _MOST:
        raise ValueError(f"{text[:40]!r} names more than {_MOST} hosts")
