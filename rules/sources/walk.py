"""Lists a stranger's folder: names only, no link followed, bounded in every way."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from rules.stored import Directory

MAX_ENTRIES = 1_000_000
MAX_PATH_BYTES = 96 * 2**20
MAX_DEPTH = 40
_JUNK = frozenset(
    {".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX", ".AppleDouble", ".Trashes"}
)


@dataclass(slots=True)
class _Count:
    """Entries seen so far, and what was left out."""

    entries: int = 0
    path_bytes: int = 0
    unread: list[str] = field(default_factory=list)


def walk(root: Path) -> tuple[Directory, tuple[str, ...]]:
    """List the folder `root` and all below it, and say what was left out.

    At most `MAX_ENTRIES` names of `MAX_PATH_BYTES` and `MAX_DEPTH` levels are taken.
    """
    count = _Count()
    return _listed(root, "", count, 0), tuple(count.unread)


def is_junk(name: str) -> bool:
    """Whether an operating system left this behind, and nobody submitted it."""
    return name in _JUNK or name.startswith("._")


def _listed(path: Path, where: str, count: _Count, depth: int) -> Directory:
    files, folders, odd, junk = [], [], [], 0
    try:
        with os.scandir(path) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        count.unread.append(f"{where or '.'}: can't be listed: {error.strerror}")
        return Directory(name=path.name, where=where, odd=(f"{path.name}: unreadable",))
    count.entries += len(found)
    count.path_bytes += sum(len(entry.name) + len(where) for entry in found)
    if count.entries > MAX_ENTRIES or count.path_bytes > MAX_PATH_BYTES:
        count.unread.append(
            f"{where or '.'}: left out: with it the tree has more than {MAX_ENTRIES}"
            f" files and folders, or {MAX_PATH_BYTES // 2**20} MiB of names"
        )
        found = []
    for entry in found:
        inside = f"{where}/{entry.name}" if where else entry.name
        if is_junk(entry.name):
            junk += 1
        elif entry.is_dir(follow_symlinks=False):
            if depth < MAX_DEPTH:
                folders.append(_listed(Path(entry.path), inside, count, depth + 1))
            else:
                count.unread.append(f"{inside}: deeper than {MAX_DEPTH} folders")
        elif entry.is_file(follow_symlinks=False):
            files.append(entry.name)
        else:
            kind = "a link; links are not followed" if entry.is_symlink() else "no file"
            odd.append(f"{entry.name}: {kind}")
    return Directory(
        name=path.name,
        where=where,
        files=tuple(files),
        folders=tuple(folders),
        odd=tuple(odd),
        junk=junk,
    )
