"""Where a config value came from: an override, or a line of a file.

References (`${workload.accelerators...}`) are followed to the value they name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlps.compiler import schema
from mlps.compiler.composition import Composition
from mlps.compiler.declared import found_names
from mlps.compiler.override import Override
from mlps.compiler.source import Source
from mlps.errors import ConfigError
from mlps.plan import TypedError

_INNERMOST = re.compile(r"\$\{([^${}:]*)\}")
_PART = re.compile(r"\[([^\]]*)\]|([^.\[\]]+)")
_MAX_REFERENCES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place: `text` for provenance, `shown` for the user who typed it."""

    text: str
    shown: str
    file: str = ""
    line: int = 0
    written: str | None = None


class Origins:
    """Finds the origin of any key of one composed config."""

    def __init__(self, composition: Composition, raw: Any, data: Any) -> None:  # noqa: ANN401
        """`raw` and `data`: the config before and after references are followed."""
        self._sources: Sequence[Source] = tuple(reversed(composition.sources))
        self._choices = composition.choices
        self._overrides = {o.path: o for o in composition.overrides if not o.group}
        self._demo = composition.demo
        self._raw = raw
        self._data = data

    def override(self, path: schema.Path) -> Override | None:
        """Override that set a key, or a group of keys around it."""
        for depth in range(len(path), 0, -1):
            if path[:depth] in self._overrides:
                return self._overrides[path[:depth]]
        return None

    def place(self, path: schema.Path) -> Place:
        """Where a key itself was last set."""
        override = self.override(path)
        if override is not None:
            shown = f"command line: {override.text}"
            return Place(text=override.text, shown=shown)
        if path in self._demo:
            return Place(text="submission demo", shown="submission demo")
        for depth in range(len(path), 0, -1):
            for source in self._sources:
                mark = source.mark(path[:depth])
                if mark is not None:
                    return _line(source, path, depth)
        return self._chosen(path[0])

    def _chosen(self, group: str) -> Place:
        name = f"/{group}/{self._choices.get(group)}.yaml"
        for source in self._sources:
            if source.name.endswith(name):
                return Place(text=source.name, shown=source.shown, file=source.name)
        return Place(text="config files", shown="config files", file="config files")

    def of(self, path: schema.Path) -> dict[str, str]:
        """Provenance of a key: where its value is written, and through what."""
        own = self.place(path)
        found = self._found(path)
        if found:
            return {"found": found, "through": own.text}
        end = self.written(path)
        kind = "from" if end.file else "override"
        if end == own:
            return {kind: own.text}
        through = f"line {own.line}" if own.file and own.file == end.file else own.text
        return {kind: end.text, "through": through}

    def written(self, path: schema.Path) -> Place:
        """Where the value of a key is written, references followed."""
        for _ in range(_MAX_REFERENCES):
            target = self._target(path)
            if target is None:
                break
            path = target
        return self.place(path)

    def error(self, error: TypedError) -> ConfigError:
        """Say a misfit with its place: `file:line: key: problem`."""
        path = tuple(error.path.split("."))
        place = self.written(path)
        problem = error.problem
        if " where " in problem and place.written and place.written not in problem:
            problem += f"; the file says {place.written}"
        if self.override(path) is not None and place.shown.startswith("command line"):
            quoted = problem.replace("quote it in YAML", "quote it: 'KEY=\"VALUE\"'")
            return ConfigError(f"{place.shown}: {quoted}")
        return ConfigError(f"{place.shown}: {error.path}: {problem}")

    def _found(self, path: schema.Path) -> str:
        raw = _select(self._raw, path)
        names = found_names(raw) if isinstance(raw, str) else []
        if not names:
            return ""
        return f"{', '.join(names)} = {_select(self._data, path)}"

    def _target(self, path: schema.Path) -> schema.Path | None:
        raw = _select(self._raw, path)
        if not isinstance(raw, str) or not raw.startswith("${"):
            return None
        text = raw
        while (match := _INNERMOST.search(text)) is not None:
            if match.span() == (0, len(text)):
                target = _parts(match.group(1))
                return target if _select(self._raw, target) is not None else None
            value = _select(self._data, _parts(match.group(1)))
            text = f"{text[: match.start()]}{value}{text[match.end() :]}"
        return None


def say(origin: dict[str, str]) -> str:
    """Say an origin in one line: `FILE:LINE through line 3`."""
    through = origin.get("through")
    for kind in ("from", "override", "computed", "found"):
        if kind in origin:
            text = origin[kind] if kind == "from" else f"{kind}: {origin[kind]}"
            return f"{text} through {through}" if through else text
    return "unknown"


def _line(source: Source, path: schema.Path, depth: int) -> Place:
    mark = source.marks[path[:depth]]
    if depth < len(path) and not path[depth].isdigit():
        # The key itself stands nowhere: the file it is missing from.
        return Place(text=source.name, shown=source.shown, file=source.name)
    return Place(
        text=f"{source.name}:{mark.line}",
        shown=f"{source.shown}:{mark.line}",
        file=source.name,
        line=mark.line,
        written=mark.written,
    )


def _parts(reference: str) -> schema.Path:
    return tuple(bracket or name for bracket, name in _PART.findall(reference))


def _select(data: Any, path: schema.Path) -> Any:  # noqa: ANN401
    for part in path:
        if isinstance(data, dict) and part in data:
            data = data[part]
        elif isinstance(data, list) and part.isdigit() and int(part) < len(data):
            data = data[int(part)]
        else:
            return None
    return data
