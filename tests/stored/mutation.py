"""Changes a published tree one value at a time, and asks whether a rule noticed.

Every value of every file is a mutant, unless the list of harmless ones names it. A
harmful mutant that no rule notices, a harmless one that a rule trips on, and an entry
of the list that names nothing, each fail the build.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from itertools import zip_longest
from pathlib import Path
from typing import Any

import yaml

from rules.finding import Verdict
from rules.review import Asked, review
from rules.sources.tree import TreeReader

LOUD = (Verdict.FAIL, Verdict.WARN, Verdict.NO_EVIDENCE)
SCALARS = (None, "", "x", -1, 1e308, True, "2026-99-99")
COLLECTIONS = ([], {}, [None], {"a": 1})
Keys = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One changed file: `name` is file and key, `content` None when it is gone."""

    name: str
    path: str
    content: bytes | None


def verdicts(root: Path, edition: str) -> Counter[tuple[str, str, str, Verdict]]:
    """Loud findings of all parts of a tree, by place and rule."""
    return Counter(
        (part.scope.value, part.where, finding.rule_id, finding.verdict)
        for part in review(TreeReader(root), Asked(edition=edition))
        for finding in part.judgement.findings
        if finding.verdict in LOUD or finding.verdict is Verdict.ERROR
    )


def value_mutants(files: Mapping[str, Any], chosen: list[str]) -> Iterator[Mutant]:
    """Change each scalar of each chosen data file to another of its kind."""
    for path in chosen:
        for keys, value in _scalars(files[path]):
            changed = _other(value)
            if changed is not None:
                name = f"{path}: {_dotted(keys)}"
                yield _mutant(files, path, {keys: changed}, name)


def absurd_mutants(files: Mapping[str, Any], chosen: list[str]) -> Iterator[Mutant]:
    """Put absurd values in place of whole files, and of each value in them.

    In one file two values at a time: one scalar, and one collection far from it.
    """
    for path in chosen:
        for value in (*SCALARS, *COLLECTIONS):
            yield _mutant(files, path, {(): value}, f"{path} is {value!r}")
        places = list(_places(files[path]))
        for number, keys in enumerate(places):
            other = places[(number + len(places) // 2) % len(places)]
            changes = {keys: SCALARS[number % len(SCALARS)]}
            if not _related(keys, other):
                changes[other] = COLLECTIONS[number % len(COLLECTIONS)]
            told = ", ".join(f"{_dotted(k)} is {v!r}" for k, v in changes.items())
            yield _mutant(files, path, changes, f"{path}: {told}")


def file_mutants(files: Mapping[str, Any]) -> Iterator[Mutant]:
    """Remove each file."""
    for path in files:
        yield Mutant(name=f"{path} removed", path=path, content=None)


def volleys(mutants: Iterable[Mutant]) -> Iterator[list[Mutant]]:
    """Mutants of different files, to be tried together: the n-th of each file."""
    by_path: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in mutants:
        by_path[mutant.path].append(mutant)
    for some in zip_longest(*by_path.values()):
        yield [mutant for mutant in some if mutant is not None]


def is_data(path: str) -> bool:
    """Whether a file holds plain data."""
    return path.endswith((".json", ".yaml"))


def matching(name: str, patterns: Mapping[str, str]) -> str | None:
    """Find the first pattern of the harmless list that names a mutant."""
    return next((p for p in patterns if fnmatchcase(name, p)), None)


class Bench:
    """A tree on disk in which one file at a time is another."""

    def __init__(self, root: Path, edition: str) -> None:
        """Judge the sound tree once."""
        self.root, self.edition = root, edition
        self.sound = verdicts(root, edition)

    def noticed(self, *mutants: Mutant) -> Counter[tuple[str, str, str, Verdict]]:
        """Loud findings that the sound tree does not have."""
        paths = {self.root / mutant.path: mutant.content for mutant in mutants}
        before = {path: path.read_bytes() for path in paths}
        try:
            for path, content in paths.items():
                if content is None:
                    path.unlink()
                else:
                    path.write_bytes(content)
            return verdicts(self.root, self.edition) - self.sound
        finally:
            for path, content in before.items():
                path.write_bytes(content)


def _mutant(
    files: Mapping[str, Any], path: str, changes: Mapping[Keys, object], name: str
) -> Mutant:
    # Anew from text: trees share parts, of which one alone is to be changed.
    changed = {"": json.loads(json.dumps(files[path]))}
    for keys, value in changes.items():
        target = changed
        for key in ("", *keys)[:-1]:
            target = target[key]
        target[("", *keys)[-1]] = value
    return Mutant(name=name, path=path, content=_bytes(path, changed[""]))


def _dotted(keys: Keys) -> str:
    return ".".join(str(key) for key in keys)


def _related(one: Keys, other: Keys) -> bool:
    """Whether one place is the other, or in it."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _bytes(path: str, content: object) -> bytes:
    if path.endswith(".json"):
        return json.dumps(content).encode()
    return yaml.safe_dump(content, sort_keys=False).encode()


def _scalars(data: object, keys: Keys = ()) -> Iterator[tuple[Keys, object]]:
    """Every scalar; of a list only the first item, the others are alike."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _scalars(value, (*keys, key))
    elif isinstance(data, list):
        if data:
            yield from _scalars(data[0], (*keys, 0))
    elif keys:
        yield keys, data


def _places(data: object, keys: Keys = ()) -> Iterator[Keys]:
    """Every key, of mappings and lists too."""
    if keys:
        yield keys
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _places(value, (*keys, key))
    elif isinstance(data, list) and data:
        yield from _places(data[0], (*keys, 0))


def _other(value: object) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return type(value)(value * 1.5 + 1)
    return _other_text(value) if isinstance(value, str) else None


def _other_text(value: str) -> str:
    """Change text to another word, number, digest or time of its kind."""
    found = (change for kind, change in _KINDS.items() if re.fullmatch(kind, value))
    return next(found, lambda text: f"{text}x")(value)


def _later(text: str, form: str) -> str:
    return (datetime.strptime(text, form) + timedelta(hours=1)).strftime(form)


# Kinds of text, and how each is changed.
_KINDS: dict[str, Callable[[str], str]] = {
    "True|False": lambda text: str(text != "True"),
    "[0-9]+": lambda text: str(int(int(text) * 1.5 + 1)),
    r"[0-9]+\.[0-9]+": lambda text: f"{float(text) * 1.5 + 1:.2f}",
    "(.*:)?[0-9a-f]{32}": lambda text: f"{text[:-1]}{(int(text[-1], 16) + 1) % 16:x}",
    "[0-9]{8}_[0-9]{6}": lambda text: _later(text, "%Y%m%d_%H%M%S"),
    "[0-9-]{10}T[0-9:.]{15}": lambda text: _later(text, "%Y-%m-%dT%H:%M:%S.%f"),
    "[0-9-]{10}T[0-9:]{8}Z": lambda text: _later(text, "%Y-%m-%dT%H:%M:%SZ"),
}
