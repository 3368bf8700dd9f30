"""Where results were taken, and how two such places differ."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Facts = Mapping[str, frozenset[str]]
"""Name of a fact to the values it had, over all runs, hosts and ranks."""

_HARMLESS = frozenset({"boots", "data path", "results path"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FactDifference:
    """One fact that is not the same on both sides; sorted values."""

    name: str
    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def is_unfair(self) -> bool:
        """Whether the fact can make one side faster; a name or a reboot does not."""
        return self.name not in _HARMLESS


def merged(runs: Iterable[Facts]) -> Facts:
    """Facts of several runs together."""
    whole: dict[str, frozenset[str]] = {}
    for run in runs:
        for name, values in run.items():
            whole[name] = whole.get(name, frozenset()) | values
    return whole


def fact_differences(old: Facts, new: Facts) -> tuple[FactDifference, ...]:
    """Every fact that differs, in the order of the facts."""
    none: frozenset[str] = frozenset()
    return tuple(
        FactDifference(
            name=name,
            old=tuple(sorted(old.get(name, none))),
            new=tuple(sorted(new.get(name, none))),
        )
        for name in dict.fromkeys((*old, *new))
        if old.get(name, none) != new.get(name, none)
    )
