"""Plain data to frozen dataclasses and back, strictly.

One builder serves the config schema and the plan file: unknown keys, missing
keys, wrong types and values out of range are errors that name the key and the
nearest valid one. Nothing is converted except an int where a float is declared.
"""

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

T = TypeVar("T")


class TypedError(ValueError):
    """A value that does not fit: `path` is the dotted key, `problem` the reason."""

    def __init__(self, path: str, problem: str) -> None:
        """Keep path and problem apart so that callers can add the file."""
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path = path
        self.problem = problem


def at_least(minimum: float) -> dict[str, float]:
    """Field metadata: the smallest legal value."""
    return {"min": minimum}


def share(*, above_zero: bool) -> dict[str, float | bool]:
    """Field metadata: a share of one, at most 1, and 0 only if it may be."""
    return {"min": 0, "max": 1, "above": above_zero}


def nearest(name: str, valid: typing.Iterable[str]) -> str:
    """Say the nearest valid name, or all of them when none is near."""
    names = sorted(valid)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"valid: {', '.join(names)}" if names else "none is valid here"


def build(cls: type[T], data: object, path: str = "") -> T:
    """Build the dataclass `cls` from plain data; TypedError on any misfit."""
    if not isinstance(data, Mapping):
        raise TypedError(path, f"{_say(data)} where a mapping is needed")
    hints = typing.get_type_hints(cls)
    fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for key in data:
        if not isinstance(key, str) or key not in fields:
            raise TypedError(
                _join(path, str(key)), f"unknown key; {nearest(str(key), fields)}"
            )
    values: dict[str, Any] = {}
    for name, field in fields.items():
        where = _join(path, name)
        if name in data:
            value = _convert(hints[name], data[name], where)
            _check_range(field, value, where)
            values[name] = value
        elif field.default is dataclasses.MISSING:
            raise TypedError(where, "missing; it must be given")
    try:
        return cls(**values)
    except ValueError as error:
        raise TypedError(path, str(error)) from error


def plain(value: Any) -> Any:  # noqa: ANN401 - any dataclass field
    """Turn a dataclass tree into dicts, lists and scalars."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value


def leaves(data: object, path: str = "") -> typing.Iterator[tuple[str, object]]:
    """Walk plain data, yielding (dotted key, scalar); lists index as `[i]`."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from leaves(value, _join(path, str(key)))
    elif isinstance(data, list) and any(isinstance(v, dict | list) for v in data):
        for index, value in enumerate(data):
            yield from leaves(value, f"{path}[{index}]")
    else:
        yield path, data


def _convert(hint: Any, value: object, path: str) -> object:  # noqa: ANN401
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        options = [arg for arg in typing.get_args(hint) if arg is not type(None)]
        return None if value is None else _convert(options[0], value, path)
    if origin is tuple:
        return _convert_tuple(typing.get_args(hint)[0], value, path)
    if dataclasses.is_dataclass(hint):
        return build(typing.cast("type[Any]", hint), value, path)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _convert_enum(hint, value, path)
    return _convert_scalar(hint, value, path)


def _convert_tuple(item: Any, value: object, path: str) -> tuple[object, ...]:  # noqa: ANN401
    if not isinstance(value, list | tuple):
        raise TypedError(path, f"{_say(value)} where a list is needed")
    return tuple(_convert(item, v, f"{path}[{i}]") for i, v in enumerate(value))


def _convert_enum(hint: type[Enum], value: object, path: str) -> Enum:
    names = [str(member.value) for member in hint]
    if isinstance(value, str) and value in names:
        return hint(value)
    if isinstance(value, str):
        raise TypedError(path, f"{value!r} is unknown; {nearest(value, names)}")
    raise TypedError(path, f"{_say(value)} where one of {', '.join(names)} is needed")


def _convert_scalar(hint: Any, value: object, path: str) -> object:  # noqa: ANN401
    if hint is float and type(value) in (int, float):
        number = float(typing.cast("float", value))
        if math.isfinite(number):
            return number
        raise TypedError(path, f"{value!r} is not a finite number")
    if type(value) is hint:
        return value
    raise TypedError(path, f"{_say(value)} where {_TYPE_NAMES[hint]} is needed")


_TYPE_NAMES = {
    int: "a whole number",
    float: "a number",
    str: "text (quote it in YAML)",
    bool: "true or false",
}


def _check_range(field: "dataclasses.Field[Any]", value: object, path: str) -> None:
    if not isinstance(value, int | float):
        return
    minimum, maximum = field.metadata.get("min"), field.metadata.get("max")
    if field.metadata.get("above") and minimum is not None and value <= minimum:
        raise TypedError(path, f"is {value}; it must be above {minimum}")
    if minimum is not None and value < minimum:
        raise TypedError(path, f"is {value}; it must be at least {minimum}")
    if maximum is not None and value > maximum:
        raise TypedError(path, f"is {value}; it must be at most {maximum}")


def _say(value: object) -> str:
    if value is None:
        return "nothing (null)"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    kind = {bool: "true/false", int: "whole number", float: "number", str: "text"}
    return f"{kind.get(type(value), type(value).__name__)} {value!r}"


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
