"""Parses JSON and YAML of strangers: size, depth, count and alias limits first."""

import json
from collections.abc import Callable

import yaml

from rules.sources.folder import Folder, UnreadableError
from rules.stored import MISSING, PRUNED, Document

MAX_JSON_BYTES = 24 * 2**20
MAX_JSON_VALUES = 1_500_000
MAX_YAML_BYTES = 2 * 2**20
MAX_YAML_NODES = 100_000
MAX_DEPTH = 64
MAX_TEXT_BYTES = 4096
_PRUNED = b"PRUNED BY STAFF"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Parser = Callable[[bytes], object]


class _OddError(ValueError):
    """Content that is refused, with the reason."""


def json_document(folder: Folder, name: str, where: str) -> Document:
    """One JSON file of a folder; `where` is what it is called in findings."""
    return _document(folder.read, (name, where), MAX_JSON_BYTES, parse_json)


def yaml_document(folder: Folder, name: str, where: str) -> Document:
    """One YAML file of a folder."""
    return _document(folder.read, (name, where), MAX_YAML_BYTES, parse_yaml)


def text_document(folder: Folder, name: str, where: str) -> Document:
    """One short text file of a folder, stripped."""
    return _document(folder.read, (name, where), MAX_TEXT_BYTES, parse_text)


def missing(where: str) -> Document:
    """Stand for a file that is not there."""
    return Document(where=where, fault=MISSING)


def _document(
    read: Callable[[str, int], bytes],
    names: tuple[str, str],
    limit: int,
    parse: Parser,
) -> Document:
    name, where = names
    try:
        data = read(name, limit)
        if data.lstrip()[: len(_PRUNED)] == _PRUNED:
            return Document(where=where, fault=PRUNED)
        return Document(where=where, content=parse(data))
    except UnreadableError as error:
        return Document(where=where, fault=str(error))
    except _OddError as error:
        return Document(where=where, fault=f"can't be used: {error}")


def parse_json(data: bytes) -> object:
    """Parse JSON; the number of values is bounded before any is made."""
    values = sum(data.count(mark) for mark in (b",", b"[", b"{", b":"))
    if values > MAX_JSON_VALUES:
        raise _OddError(f"{values} values, more than {MAX_JSON_VALUES}")
    try:
        content: object = json.loads(data, parse_int=_whole)
    except RecursionError as error:
        raise _OddError("nested too deep") from error
    except (ValueError, UnicodeDecodeError) as error:
        raise _OddError(f"no JSON: {_short(error)}") from error
    return content


def _whole(digits: str) -> int:
    if len(digits) > 40:
        raise _OddError(f"a whole number of {len(digits)} digits")
    return int(digits)


def parse_yaml(data: bytes) -> object:
    """Parse YAML by the safe loader; expanded size and depth are bounded before."""
    try:
        _measure(data)
        content: object = yaml.load(data, Loader=_LOADER)
    except RecursionError as error:
        raise _OddError("nested too deep") from error
    except _OddError:
        raise
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, TypeError) as error:
        raise _OddError(f"no YAML: {_short(error)}") from error
    return content


def _measure(data: bytes) -> None:
    """Refuse documents too deep, or too large once their aliases are expanded."""
    size = _Size()
    for event in yaml.parse(data, Loader=_LOADER):
        size.take(event)
        if size.nodes > MAX_YAML_NODES:
            raise _OddError(
                f"more than {MAX_YAML_NODES} values once aliases are expanded"
            )
        if len(size.open) > MAX_DEPTH:
            raise _OddError(f"nested deeper than {MAX_DEPTH} levels")


class _Size:
    """Nodes of a document with its aliases expanded, and collections still open."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self.nodes = 0
        self.open: list[tuple[str | None, int]] = []
        self._anchored: dict[str | None, int] = {}

    def take(self, event: yaml.Event) -> None:
        """Count one event of the parser."""
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchored:
                raise _OddError("an alias of what holds it")
            self.nodes += self._anchored[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            self.nodes += 1
            self._anchored[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            self.nodes += 1
            self.open.append((event.anchor, self.nodes))
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = self.open.pop()
            self._anchored[anchor] = self.nodes - before + 1


def parse_text(data: bytes) -> object:
    """Short text, stripped."""
    try:
        return data.decode().strip()
    except UnicodeDecodeError as error:
        raise _OddError("no text") from error


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
