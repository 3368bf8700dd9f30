"""A folder of strangers' files: no links, no devices, bounded sizes."""

import hashlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

_HASH_BLOCK = 2**20


class UnreadableError(Exception):
    """A file that is missing, no ordinary file, or too large."""


class Folder:
    """Reads files of one folder by their names relative to it."""

    def __init__(self, root: Path) -> None:
        """Nothing is read yet; digests are kept, so that no file is hashed twice."""
        self.root = root
        self._digests: dict[str, str] = {}

    def names(self, inside: str = "") -> Sequence[str]:
        """Sorted names of the ordinary sub-folders of a folder; links are left out."""
        try:
            with os.scandir(self.root / inside) as entries:
                return sorted(
                    e.name for e in entries if e.is_dir(follow_symlinks=False)
                )
        except OSError:
            return ()

    def has(self, name: str) -> bool:
        """Whether something of this name is there, link or not."""
        return os.path.lexists(self.root / name)

    def path(self, name: str) -> Path:
        """Path of an ordinary file; UnreadableError says why it is none."""
        path = self.root
        parts = Path(name).parts
        if not parts or Path(name).is_absolute() or ".." in parts:
            raise UnreadableError(f"{name!r} is outside the folder")
        for number, part in enumerate(parts, start=1):
            path = path / part
            try:
                mode = path.lstat().st_mode
            except (OSError, ValueError) as error:
                raise UnreadableError(_why(error)) from error
            if stat.S_ISLNK(mode):
                raise UnreadableError(f"{part} is a link; links are not followed")
            wanted = stat.S_ISREG if number == len(parts) else stat.S_ISDIR
            if not wanted(mode):
                raise UnreadableError(f"{part} is no ordinary file or folder")
        return path

    def read(self, name: str, limit: int) -> bytes:
        """Bytes of a file of at most `limit` bytes."""
        path = self.path(name)
        try:
            with _open(path) as file:
                data = file.read(limit + 1)
        except OSError as error:
            raise UnreadableError(_why(error)) from error
        if len(data) > limit:
            raise UnreadableError(f"larger than {limit} bytes, which no such file is")
        return data

    def sha256(self, name: str) -> str:
        """SHA-256 of a file, in hex."""
        if name not in self._digests:
            path = self.path(name)
            digest = hashlib.sha256()
            try:
                with _open(path) as file:
                    while block := file.read(_HASH_BLOCK):
                        digest.update(block)
            except OSError as error:
                raise UnreadableError(_why(error)) from error
            self._digests[name] = digest.hexdigest()
        return self._digests[name]


def _open(path: Path) -> BinaryIO:
    """Open a file that was an ordinary one a moment ago: no link, no waiting."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")


def _why(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "is missing"
    if isinstance(error, OSError) and error.strerror:
        return f"can't be read: {error.strerror}"
    return f"can't be read: {error}"
