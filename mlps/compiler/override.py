"""Overrides of the command line: parsed by Hydra, held against groups and schema.

Every override is checked before anything is composed, because Hydra takes a
misspelt group or key with `+` for a new value.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser import types as grammar
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from mlps.compiler import schema
from mlps.errors import ConfigError
from mlps.plan import nearest

MAX_PLANS = 10_000
Options = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One checked override; `path` is the config key, or the group alone."""

    text: str
    path: schema.Path
    group: bool
    value: Any
    parsed: grammar.Override


def parse(parser: OverridesParser, text: str) -> grammar.Override:
    """Parse one override."""
    text = plain_submission(text)
    try:
        return parser.parse_overrides([text])[0]
    except HydraException as error:
        raise _ungrammatical(text, error) from error


def plain_submission(text: str) -> str:
    """Take `+submission=` for `submission=`: there is a default to replace."""
    bare = text.lstrip("+")
    return bare if bare.startswith("submission=") else text


def _ungrammatical(text: str, error: HydraException) -> ConfigError:
    if "=" not in text:
        return ConfigError(
            f"command line: {text!r} is no override; write KEY=VALUE"
            " (system.hosts=4) or +GROUP=NAME (+workload=unet3d)"
        )
    lines = [line.strip() for line in str(error).splitlines()]
    reasons = [line for line in lines if line.strip("^ ") and "http" not in line]
    return ConfigError(
        f"command line: {text!r} does not parse ({reasons[-1][:120]});"
        " quote a value with special characters: 'KEY=\"VALUE\"'"
    )


def expand(overrides: Sequence[grammar.Override]) -> list[tuple[str, ...]]:
    """Expand choice and range sweeps: one tuple of overrides for each plan."""
    axes = [list(_axis(override)) for override in overrides]
    count = math.prod(len(axis) for axis in axes)
    if count > MAX_PLANS:
        raise ConfigError(
            f"command line: the sweep has more than {MAX_PLANS} plans; split it"
        )
    return list(itertools.product(*axes))


def _axis(override: grammar.Override) -> Iterator[str]:
    text = override.input_line or ""
    value = override.value()
    if not override.is_sweep_override():
        yield text
    elif not override.is_discrete_sweep():
        raise ConfigError(
            f"command line: {text}: an interval has no end of values;"
            " sweep over values (1,2,4) or range(1,5)"
        )
    elif getattr(value, "shuffle", False):
        raise ConfigError(
            f"command line: {text}: a plan must not depend on chance; leave shuffle out"
        )
    else:
        for item in itertools.islice(override.sweep_string_iterator(), MAX_PLANS + 1):
            yield f"{override.get_key_element()}={item}"


def check(parsed: grammar.Override, options: Options) -> Override:
    """Hold one override against groups and schema; ConfigError says what is wrong."""
    text = parsed.input_line or ""
    key = parsed.key_or_group
    if parsed.is_sweep_override():
        raise ConfigError(
            f"command line: {text}: several values; add -m for one plan each,"
            " or quote them if they are one text"
        )
    if parsed.package is not None:
        raise ConfigError(
            f"command line: {text}: groups keep their place here; leave '@' out"
        )
    if key.split(".")[0].split("/")[0] == "hydra":
        raise ConfigError(
            f"command line: {text}: Hydra's own settings don't reach a plan;"
            " use --config-dir DIR for your configs and --output DIR for plans"
        )
    value = parsed.value()
    if key in schema.GROUPS:
        _check_choice(parsed, value, options(key))
        return Override(text=text, path=(key,), group=True, value=value, parsed=parsed)
    path = tuple(key.split("."))
    _check_key(text, path, value)
    return Override(text=text, path=path, group=False, value=value, parsed=parsed)


def _check_choice(
    parsed: grammar.Override, value: object, options: Sequence[str]
) -> None:
    text, group = parsed.input_line, parsed.key_or_group
    if parsed.is_delete():
        raise ConfigError(f"command line: {text}: a plan needs a {group}")
    if parsed.is_force_add():
        raise ConfigError(
            f"command line: {text}: a group is chosen with one plus: +{group}={value}"
        )
    if isinstance(value, list):
        names = ",".join(str(name) for name in value)
        raise ConfigError(
            f"command line: {text}: a plan has one {group};"
            f" for one plan each: +{group}={names} -m"
        )
    if value not in options:
        raise ConfigError(
            f"command line: {text}: there is no {group} {str(value)!r};"
            f" {nearest(str(value), options)} ({group}: {', '.join(options)})"
        )


def _check_key(text: str, path: schema.Path, value: object) -> None:
    problem = schema.unknown(path)
    if problem:
        raise ConfigError(f"command line: {text}: {problem}")
    if isinstance(value, Mapping):
        for name, below in value.items():
            _check_key(text, (*path, str(name)), below)


def check_together(overrides: Sequence[Override]) -> None:
    """Refuse to be told the same thing twice: the order would decide."""
    ordered = sorted(overrides, key=lambda override: (override.group, override.path))
    for first, second in itertools.pairwise(ordered):
        overlap = second.path[: len(first.path)] == first.path
        if overlap and first.group == second.group:
            raise ConfigError(
                f"command line: {'.'.join(second.path)} is given twice:"
                f" {first.text} and {second.text}; keep one"
            )
