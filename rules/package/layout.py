"""The files of a package, and which files of a campaign belong in one."""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUMS = "SHA256SUMS"
VERDICT = "verdict.json"
STATEMENT = "statement.json"
SIGNATURE = "statement.json.sig"
SEAL = (VERDICT, STATEMENT, SIGNATURE)
"""What sealing adds to a campaign."""

_MAX_ENTRIES = 100_000
_MAX_DEPTH = 8
_RUN = r"runs/[0-9]{2,6}-[a-z]{1,16}-[0-9A-Za-z]{1,64}"
_OURS = re.compile(
    rf"plan\.yaml|campaign\.jsonl|{SUMS}|{_RUN}/(evidence\.h5|summary\.json|runner\.log)"
)
_FOLDER = re.compile(rf"runs|{_RUN}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """All that is below a folder, by name: ordinary files, folders, and the rest.

    `strange` are links, devices and the like, and what was too much to look at.
    """

    files: tuple[str, ...]
    folders: tuple[str, ...]
    strange: tuple[str, ...]


def survey(root: Path) -> Survey:
    """Walk a folder, following nothing; sorted names relative to it."""
    files: list[str] = []
    folders: list[str] = []
    strange: list[str] = []
    for number, (name, mode) in enumerate(_walk(root, "", 0)):
        if number == _MAX_ENTRIES:
            strange.append(f"{name} and more: over {_MAX_ENTRIES} names")
            break
        if stat.S_ISREG(mode):
            files.append(name)
        elif stat.S_ISDIR(mode):
            folders.append(name)
        else:
            strange.append(name)
    return Survey(
        files=tuple(sorted(files)),
        folders=tuple(sorted(folders)),
        strange=tuple(sorted(strange)),
    )


def belongs(name: str) -> bool:
    """Whether a file of this name is part of a campaign."""
    return _OURS.fullmatch(name) is not None


def belongs_as_folder(name: str) -> bool:
    """Whether a folder of this name is part of a campaign."""
    return _FOLDER.fullmatch(name) is not None


def _walk(root: Path, inside: str, depth: int) -> Iterator[tuple[str, int]]:
    """Names and modes; a folder that can't be entered has the mode 0."""
    try:
        with os.scandir(root / inside) as entries:
            found = [(e.name, e.stat(follow_symlinks=False).st_mode) for e in entries]
    except OSError:
        yield inside, 0
        return
    for name, mode in found:
        path = f"{inside}/{name}" if inside else name
        yield path, mode
        if stat.S_ISDIR(mode):
            if depth == _MAX_DEPTH:
                yield f"{path}/...", 0
            else:
                yield from _walk(root, path, depth + 1)
