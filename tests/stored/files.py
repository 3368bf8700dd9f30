"""Published trees in memory, for tests to spoil before they are written.

A tree is a `Files`: path to content. Contents of `.json` and `.yaml` are plain data.
Take a whole tree, change or drop what the test is about, write it:

    files = training_v3()
    files.change("*/run/*/summary.json", lambda s: s["metric"].clear())
    files.drop("*/datasize/*")
    return files.write(tmp_path)
"""

import json
from collections.abc import Callable
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml


class Files(dict[str, Any]):
    """A tree in memory: path to content."""

    def matching(self, pattern: str) -> list[str]:
        """Paths that match; a pattern that matches nothing is a broken test."""
        found = [path for path in self if fnmatchcase(path, pattern)]
        assert found, f"nothing matches {pattern}"
        return found

    def change(self, pattern: str, edit: Callable[[Any], object]) -> "Files":
        """Edit the content of every matching file in place."""
        for path in self.matching(pattern):
            edit(self[path])
        return self

    def put(self, pattern: str, content: object) -> "Files":
        """Replace the content of every matching file."""
        for path in self.matching(pattern):
            self[path] = content
        return self

    def drop(self, *patterns: str) -> "Files":
        """Remove every matching file."""
        for pattern in patterns:
            for path in self.matching(pattern):
                del self[path]
        return self

    def move(self, old: str, new: str) -> "Files":
        """Replace a part of every path that has it."""
        moved = {path: path.replace(old, new) for path in self if old in path}
        assert moved, f"no path has {old}"
        for before, after in moved.items():
            self[after] = self.pop(before)
        return self

    def first(self, pattern: str) -> str:
        """First matching path."""
        return sorted(self.matching(pattern))[0]

    def write(self, root: Path) -> Path:
        """Write every file below `root`, and return it."""
        for path, content in self.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_bytes(path, content))
        return root


def _bytes(path: str, content: object) -> bytes:
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode()
    if path.endswith((".yaml", ".yml")):
        return yaml.safe_dump(content, sort_keys=False).encode()
    return json.dumps(content, indent=2).encode()


def stamp(moment: datetime) -> str:
    """Time stamp as folders are named."""
    return moment.strftime("%Y%m%d_%H%M%S")


def iso(moment: datetime) -> str:
    """Time stamp as files have it."""
    return moment.isoformat(timespec="microseconds")
