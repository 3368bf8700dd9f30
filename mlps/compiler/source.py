"""Config files as they were read: name, digest, and the line of every key.

Comes in: a file and the config package it was composed into. Goes out: where each
key stands, for error messages and for the provenance of a plan.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import yaml

from mlps.compiler import schema

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PACKAGE, _FILE = "pkg://", "file://"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Line of a key's value, 1-based, and the scalar as it is written there."""

    line: int
    written: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One composed file: `name` is the same on every machine, `shown` finds it."""

    name: str
    shown: str
    sha256: str
    marks: Mapping[schema.Path, Mark]

    def mark(self, path: schema.Path) -> Mark | None:
        """Where a key stands in this file, None when it is not there."""
        return self.marks.get(path)


def read_source(root: str, config_path: str, package: str, config_dir: str) -> Source:
    """Read a composed file; `root` is its search path entry, e.g. `pkg://conf`."""
    relative = f"{config_path}.yaml"
    if root.startswith(_PACKAGE):
        module = root.removeprefix(_PACKAGE)
        data = (resources.files(module) / relative).read_bytes()
        name = shown = f"{root}/{relative}"
    else:
        data = (Path(root.removeprefix(_FILE)) / relative).read_bytes()
        # The folder's own place differs between machines; the plan must not.
        name, shown = f"config-dir/{relative}", f"{config_dir}/{relative}"
    prefix = tuple(package.split(".")) if package else ()
    marks: dict[schema.Path, Mark] = {}
    _collect(yaml.compose(data, Loader=_LOADER), prefix, marks)
    return Source(
        name=name,
        shown=shown,
        sha256=hashlib.sha256(data).hexdigest(),
        marks=marks,
    )


def _collect(
    node: yaml.Node | None, path: schema.Path, marks: dict[schema.Path, Mark]
) -> None:
    if node is None:
        return
    scalar = node.value if isinstance(node, yaml.ScalarNode) else None
    marks[path] = Mark(line=node.start_mark.line + 1, written=scalar)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _collect(value, (*path, str(key.value)), marks)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _collect(value, (*path, str(index)), marks)
