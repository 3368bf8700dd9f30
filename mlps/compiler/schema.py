"""What may be asked for: every config key, derived from the plan's own types.

A plan field `x_bytes` (or `x_bytes_per_s`) is asked for as a size with its unit
under the name `x`; all other keys carry the name they have in the plan.
"""

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeVar

from mlps.plan import Submission, System, TrainingWorkload, TypedError, build, nearest
from mlps.plan.typed import at_least
from mlps.units import SIZE_HELP, parse_size

GROUPS = ("workload", "system", "submission")
EDITIONS = ("1.0", "2.0", "3.0")
T = TypeVar("T")
Path = tuple[str, ...]
Tree = Mapping[str, "Tree | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """Official figures of a workload on one accelerator, and where they stand."""

    official: bool
    editions: tuple[str, ...]
    source: str
    batch_size: int = field(metadata=at_least(1))
    computation_time_s: float = field(metadata=at_least(0))
    epochs: int = field(metadata=at_least(1))
    au: float = field(metadata=at_least(0))
    read_threads: int = field(metadata=at_least(1))
    computation_threads: int = field(metadata=at_least(0))
    prefetch_batches: int = field(metadata=at_least(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What a demo submission takes instead of the official figures."""

    batch_size: int = field(metadata=at_least(1))
    min_steps: int = field(metadata=at_least(1))
    epochs: int = field(metadata=at_least(1))
    samples_per_file: int = field(metadata=at_least(1))


def asked_name(plan_field: str) -> str:
    """Name under which a plan field is asked for: `transfer` for `transfer_bytes`."""
    return plan_field.removesuffix("_per_s").removesuffix("_bytes")


def asked_path(plan_path: str) -> Path:
    """Config path of a plan path such as `workload.dataset.columns[0].read`."""
    parts = plan_path.replace("[", ".").replace("]", "").split(".")
    return tuple(asked_name(part) for part in parts)


def _tree(cls: type[Any]) -> dict[str, "Tree | None"]:
    tree: dict[str, Tree | None] = {}
    for name, hint in typing.get_type_hints(cls).items():
        item = typing.get_args(hint)[0] if typing.get_origin(hint) is tuple else None
        if dataclasses.is_dataclass(hint):
            tree[asked_name(name)] = _tree(typing.cast("type[Any]", hint))
        elif dataclasses.is_dataclass(item):
            tree[asked_name(name)] = {"#": _tree(typing.cast("type[Any]", item))}
        else:
            tree[asked_name(name)] = None
    return tree


KEYS: Tree = types.MappingProxyType(
    {
        "workload": _tree(TrainingWorkload)
        | {
            "accelerators": {"*": _tree(Accelerator)},
            "checkpoint_by_edition": {"*": None},
            "demo": _tree(Demo),
        },
        "system": _tree(System),
        "submission": _tree(Submission),
    }
)


def unknown(path: Path) -> str | None:
    """Say what is wrong with a config path, None when it is (part of) a valid key."""
    here: Tree | None = KEYS
    for depth, part in enumerate(path):
        if here is None:
            return f"unknown key: {'.'.join(path[:depth])!r} is a value, not a group"
        if part in here:
            here = here[part]
        elif "*" in here:
            here = here["*"]
        elif "#" in here and part.isdigit():
            here = here["#"]
        else:
            return f"unknown key; {_suggest(path, depth, here)}"
    return None


def _suggest(path: Path, depth: int, siblings: Tree) -> str:
    own = (key for key in _keys(KEYS) if not {"*", "demo"} & set(key))
    elsewhere = [key for key in own if key[-1] == path[-1]]
    if len(elsewhere) == 1:
        return f"did you mean {'.'.join(elsewhere[0])!r}?"
    names = {".".join((*path[:depth], name)) for name in siblings}
    return nearest(".".join(path[: depth + 1]), names)


def _keys(tree: Tree, path: Path = ()) -> Iterator[Path]:
    for name, below in tree.items():
        if below is None:
            yield (*path, name)
        else:
            yield from _keys(below, (*path, name))


def typed(cls: type[T], data: Mapping[str, Any], path: str) -> T:
    """Build a plan part from config data; TypedError carries the config path."""
    shaped = _shaped(cls, data, path)
    try:
        return build(cls, shaped, path)
    except TypedError as error:
        raise TypedError(".".join(asked_path(error.path)), error.problem) from error


def _shaped(cls: type[Any], data: object, path: str) -> object:
    if not isinstance(data, Mapping):
        return data
    shaped: dict[str, object] = {}
    for name, hint in typing.get_type_hints(cls).items():
        asked = asked_name(name)
        if asked not in data:
            continue
        where = f"{path}.{asked}"
        if asked != name:
            shaped[name] = _size(data[asked], hint, where)
        elif dataclasses.is_dataclass(hint):
            shaped[name] = _shaped(typing.cast("type[Any]", hint), data[asked], where)
        else:
            shaped[name] = data[asked]
    return shaped


def _size(value: object, hint: type[Any], path: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypedError(path, f"{value!r} is not a size; {SIZE_HELP}, e.g. '512GiB'")
    try:
        size: Fraction = parse_size(str(value))
    except ValueError as error:
        raise TypedError(path, str(error)) from error
    if hint is float:
        return float(size)
    if size.denominator != 1:
        raise TypedError(path, f"{value!r} is not a whole number of bytes")
    return int(size)
