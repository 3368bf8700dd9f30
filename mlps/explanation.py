"""Explains a plan key: its value, and where that came from."""

from collections.abc import Iterator, Mapping
from typing import Any

from mlps.errors import ConfigError
from mlps.plan import PlanDocument, leaves, nearest, plain


def explain(doc: PlanDocument, key: str) -> str:
    """Explain a key, or every key below it; ConfigError names the nearest one."""
    values = dict(leaves(plain(doc.plan)))
    chosen = [name for name in values if _is_or_below(name, key)]
    if not chosen:
        raise ConfigError(
            f"plan {doc.plan.name!r}: no key {key!r};"
            f" {nearest(key, _with_groups(values))}"
        )
    origins = doc.provenance.get("values")
    known: Mapping[str, Any] = origins if isinstance(origins, Mapping) else {}
    return "".join(
        f"{name} = {_say_value(values[name])}\n    {_say_origin(known, name)}\n"
        for name in chosen
    )


def _is_or_below(name: str, key: str) -> bool:
    return name == key or name.startswith((f"{key}.", f"{key}["))


def _with_groups(values: Mapping[str, object]) -> set[str]:
    names = set(values)
    for name in values:
        while "." in name:
            name = name[: name.rindex(".")]  # noqa: PLW2901 - walks up to the root
            names.add(name)
    return names


def _say_value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, str) else str(value)


def _say_origin(origins: Mapping[str, Any], key: str) -> str:
    for name in _lookups(key):
        origin = origins.get(name)
        if isinstance(origin, Mapping) and origin:
            return ", ".join(
                f"{_clean(kind)} {_clean(text)}" for kind, text in origin.items()
            )
    return "the plan does not say where this came from"


def _lookups(key: str) -> Iterator[str]:
    """Names to look a key up by: itself, its list's entry, then what is around it."""
    yield key
    pattern = "[]".join(key.replace("]", "[").split("[")[::2])
    while pattern:
        yield pattern
        yield pattern.removesuffix("[]")
        pattern = pattern[: max(pattern.rfind("."), 0)]


def _clean(text: object) -> str:
    return "".join(c if c.isprintable() else "?" for c in str(text))
