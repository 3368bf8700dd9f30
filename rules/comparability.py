"""Official editions of the rules and the classes of workloads that compare.

A class is named by the hash of the parameters that make a workload, which can be
computed again from what a run recorded.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from mlps.plan import build

_FILE = Path(__file__).parent / "editions" / "comparability.yaml"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialEdition:
    """An edition by its official name; `checkable` ones have a checker of their own."""

    name: str
    checkable: bool
    dlio_commits: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowlist:
    """Parameters that make a workload: `keys`, all below `prefixes`, none `without`."""

    id: str
    keys: tuple[str, ...]
    prefixes: tuple[str, ...]
    without: tuple[str, ...]

    def has(self, key: str) -> bool:
        """Whether a dotted key is hashed."""
        below = any(key.startswith(f"{prefix}.") for prefix in self.prefixes)
        return key not in self.without and (below or key in self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparabilityClass:
    """Runs with one of the `hashes` executed the same workload in the `editions`."""

    id: str
    category: str
    model: str
    accelerator: str
    editions: tuple[str, ...]
    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparability:
    """The whole table."""

    editions: tuple[OfficialEdition, ...]
    allowlists: tuple[Allowlist, ...]
    classes: tuple[ComparabilityClass, ...]

    def edition(self, name: str) -> OfficialEdition | None:
        """Official edition of that name, None when there is none."""
        return next((e for e in self.editions if e.name == name), None)

    def allowlist(self, category: str) -> Allowlist | None:
        """Allowlist of a category, None when it has none."""
        return next((a for a in self.allowlists if a.id == f"{category}@1"), None)

    def matching(
        self, category: str, model: str, accelerator: str, edition: str
    ) -> tuple[ComparabilityClass, ...]:
        """Classes of a model on an accelerator in an edition."""
        return tuple(
            found
            for found in self.classes
            if (found.category, found.model) == (category, model)
            and found.accelerator in ("any", accelerator)
            and edition in found.editions
        )


@cache
def comparability() -> Comparability:
    """Read the official table."""
    data = yaml.load(_FILE.read_bytes(), Loader=_LOADER)
    return build(Comparability, data, _FILE.name)


def workload_hash(parameters: Mapping[str, object], allowlist: Allowlist) -> str:
    """Hash of the parameters that make a workload (core-config-v1), 16 hex digits.

    Empty when none of them is there. 7, 7.0 and "7" hash alike.
    """
    found = {
        key: _plain(value) for key, value in _flat(parameters) if allowlist.has(key)
    }
    if not found:
        return ""
    text = json.dumps(found, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _flat(data: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    stack: list[tuple[str, Mapping[str, object]]] = [("", data)]
    while stack:
        path, found = stack.pop()
        for key, value in found.items():
            if isinstance(value, Mapping):
                stack.append((f"{path}{key}.", value))
            else:
                yield f"{path}{key}", value


def _plain(value: object) -> object:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        text = value.strip()
        return _WORDS[text.lower()] if text.lower() in _WORDS else _number(text)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _number(text: str) -> object:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number
