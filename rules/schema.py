"""Checks plain data of strangers against a shape, and names everything that is wrong.

A shape is a tree of small values: `Text`, `Number`, `Flag`, `Choice`, `Many`, `Shape`.
Nothing is converted and nothing raises.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rules.stored import as_number

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at a path of keys and list positions."""

    path: Path
    text: str

    def __str__(self) -> str:
        """Dotted path and text, as findings show them."""
        return f"{dotted(self.path)} {self.text}"


def dotted(path: Path) -> str:
    """Path as people write it: `clients[0].quantity`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".") or "the document"


@dataclass(frozen=True, slots=True)
class Text:
    """Text of at least one character."""

    def problems(self, value: object, path: Path) -> Iterator[Problem]:
        """Say what is wrong with a value."""
        if not isinstance(value, str):
            yield Problem(path, f"is {said(value)}, not text; quote it")
        elif not value:
            yield Problem(path, "is empty")


@dataclass(frozen=True, slots=True)
class Number:
    """Number of at least `least`, whole unless said otherwise."""

    least: float
    whole: bool = True

    def problems(self, value: object, path: Path) -> Iterator[Problem]:
        """Say what is wrong with a value; text that is a number counts."""
        number = as_number(value)
        kind = "a whole number" if self.whole else "a number"
        if number is None or (self.whole and number != int(number)):
            yield Problem(path, f"is {said(value)}, not {kind}")
        elif number < self.least:
            yield Problem(path, f"is {said(value)}, less than {self.least:g}")


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def problems(self, value: object, path: Path) -> Iterator[Problem]:
        """Say what is wrong with a value."""
        if not isinstance(value, bool):
            yield Problem(path, f"is {said(value)}, not true or false")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words; `any_case` where official sources spell them differently."""

    names: tuple[str, ...]
    any_case: bool = False

    def problems(self, value: object, path: Path) -> Iterator[Problem]:
        """Say what is wrong with a value."""
        known = value in self.names
        if isinstance(value, str) and self.any_case:
            known = value.lower() in [name.lower() for name in self.names]
        if not known:
            yield Problem(path, f"is {said(value)}, none of {', '.join(self.names)}")


@dataclass(frozen=True, slots=True)
class Many:
    """List of at least `least` values of one kind."""

    item: "Check"
    least: int = 0

    def problems(self, value: object, path: Path) -> Iterator[Problem]:
        """Say what is wrong with a value and what is in it."""
        if not isinstance(value, list):
            yield Problem(path, f"is {said(value)}, not a list")
            return
        if len(value) < self.least:
            yield Problem(path, "is an empty list")
        for place, item in enumerate(value):
            yield from self.item.problems(item, (*path, place))


@dataclass(frozen=True, slots=True)
class Shape:
    """Mapping of keys; others than these are wrong, unless it is `loose`."""

    needed: Mapping[str, "Check"]
    optional: Mapping[str, "Check"]
    loose: bool = False

    def problems(self, value: object, path: Path) -> Iterator[Problem]:
        """Say what is wrong with a value and what is in it."""
        if not isinstance(value, Mapping):
            yield Problem(path, f"is {said(value)}, not a mapping")
            return
        for key, check in self.needed.items():
            if key in value:
                yield from check.problems(value[key], (*path, key))
            else:
                yield Problem((*path, key), "is missing")
        for key, check in self.optional.items():
            if value.get(key) is not None:
                yield from check.problems(value[key], (*path, key))
        for key in () if self.loose else value:
            if key not in self.needed and key not in self.optional:
                yield Problem((*path, str(key)[:40]), "is no key of the schema")


Check = Text | Number | Flag | Choice | Many | Shape


def said(value: object) -> str:
    """Short word for a value, safe to show."""
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return repr(value)[:40]
