"""What was asked for: a composed config, checked and resolved to plain data.

References are followed, declared inputs looked up; whatever does not fit is one
ConfigError that names the key and the place it came from.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mlps.compiler import schema
from mlps.compiler.composition import Composition
from mlps.compiler.declared import Inputs, found_names, impure
from mlps.compiler.loader import one_line
from mlps.compiler.origin import Origins
from mlps.errors import ConfigError
from mlps.plan import TypedError, nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Plain config data of one plan; `inputs`: what was found, by name."""

    data: dict[str, Any]
    composition: Composition
    origins: Origins
    inputs: dict[str, str]


def resolve(composition: Composition, inputs: Inputs) -> Asked:
    """Check a composed config and resolve it."""
    config = composition.config
    # 2.0 is a number to YAML and to Hydra, and everyone writes it so.
    edition = OmegaConf.select(config, "submission.edition")
    if type(edition) is float:
        OmegaConf.update(config, "submission.edition", str(edition))
    raw = OmegaConf.to_container(config, resolve=False)
    origins = Origins(composition, raw, raw)
    try:
        used = _check_keys(raw)
        _check_edition(config)
        _check_accelerator(config, raw)
        data = _resolved(composition)
    except TypedError as error:
        raise origins.error(error) from error
    return Asked(
        data=data,
        composition=composition,
        origins=Origins(composition, raw, data),
        inputs={name: inputs.find(name) for name in used},
    )


def _check_keys(raw: object) -> list[str]:
    """Refuse unknown keys and look-ups; return the inputs that are looked up."""
    for group in schema.GROUPS:
        if not isinstance(raw, Mapping) or not isinstance(raw.get(group), Mapping):
            raise TypedError(group, "a mapping of keys is needed")
    used: set[str] = set()
    for path, value in _nodes(raw):
        problem = schema.unknown(path)
        if problem is not None:
            raise TypedError(".".join(path), problem)
        if isinstance(value, str) and "${" in value:
            resolver = impure(value)
            if resolver is not None:
                raise TypedError(
                    ".".join(path),
                    f"{value} looks up what a plan can't freeze; give the value itself",
                )
            used.update(found_names(value))
    return sorted(used)


def _nodes(raw: object, path: schema.Path = ()) -> Iterator[tuple[schema.Path, object]]:
    items: Iterator[tuple[object, object]] = iter(())
    if isinstance(raw, Mapping):
        items = iter(raw.items())
    elif isinstance(raw, list) and any(isinstance(item, Mapping) for item in raw):
        items = enumerate(raw)
    for key, value in items:
        yield (*path, str(key)), value
        yield from _nodes(value, (*path, str(key)))


def _check_edition(config: Any) -> None:  # noqa: ANN401 - OmegaConf's own type
    edition = _select(config, "submission.edition")
    if edition not in schema.EDITIONS:
        known = ", ".join(schema.EDITIONS)
        raise TypedError(
            "submission.edition",
            f"edition {edition!r} is unknown;"
            f" {nearest(str(edition), schema.EDITIONS)} (known: {known})",
        )


def _check_accelerator(config: Any, raw: Any) -> None:  # noqa: ANN401 - as above
    figures = raw["workload"].get("accelerators")
    name = _select(config, "system.accelerator")
    if isinstance(figures, Mapping) and name not in figures:
        workload = raw["workload"].get("name")
        raise TypedError(
            "system.accelerator",
            f"workload {workload!r} has no figures for {name!r};"
            f" it has figures for {', '.join(sorted(figures))}",
        )


def _select(config: Any, key: str) -> object:  # noqa: ANN401 - as above
    try:
        return OmegaConf.select(config, key)
    except OmegaConfBaseException as error:
        raise TypedError(key, one_line(error)) from error


def _resolved(composition: Composition) -> dict[str, Any]:
    try:
        data = OmegaConf.to_container(
            composition.config, resolve=True, throw_on_missing=True
        )
    except OmegaConfBaseException as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, ConfigError):
            cause = cause.__cause__ or cause.__context__
        if cause is not None:
            raise TypedError(error.full_key or "", str(cause)) from error
        raise TypedError(error.full_key or "", one_line(error)) from error
    return cast("dict[str, Any]", data)
