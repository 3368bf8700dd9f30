"""A folder of the rehearsal's own on the data path, gone afterwards.

Every host makes it; on shared storage only one of them did, and that one removes it.
"""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlps.errors import NotReadyError
from runner.rehearsal.paths import existing_part


def scratch_folder(data_root: Path, token: str) -> Path:
    """Name the folder of one rehearsal."""
    return data_root / f".rehearsal-{token}"


@contextmanager
def scratch(folder: Path) -> Iterator[None]:
    """Make the folder, and what is missing above it."""
    made: list[Path] = []
    try:
        _make(folder, made)
        yield
    finally:
        for path in reversed(made):
            _remove(path, is_own=path == folder)


def _make(folder: Path, made: list[Path]) -> None:
    there = existing_part(folder)
    for path in reversed([p for p in (folder, *folder.parents) if p != there]):
        if not path.is_relative_to(there):
            continue
        try:
            path.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise NotReadyError(
                f"{path}: can't be made: {error.strerror};"
                " give this user access, or choose another system.data_path"
            ) from error
        made.append(path)


def _remove(path: Path, *, is_own: bool) -> None:
    try:
        if is_own:
            shutil.rmtree(path)
        else:
            path.rmdir()
    except OSError as error:
        # Somebody else put something into a folder above: then it stays.
        if is_own or error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise NotReadyError(
                f"{path}: left behind: {error.strerror}; remove it by hand"
            ) from error
