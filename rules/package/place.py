"""The place of a new package: a folder that exists wholly or not at all.

It is made under another name beside its place and renamed when all is on the disk.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlps.errors import MlpsError
from rules.package import layout


class PackageError(MlpsError):
    """A folder that can't become a package."""


def check_place(campaign: Path, package: Path) -> None:
    """Refuse a place that is taken, nowhere, or inside the campaign."""
    if os.path.lexists(package):
        raise PackageError(f"{package}: is there already; choose another --output")
    if not package.parent.is_dir():
        raise PackageError(f"{package}: there is no folder {package.parent}")
    if package.resolve().is_relative_to(campaign.resolve()):
        raise PackageError(f"{package}: is inside the campaign; choose a place outside")


@contextmanager
def folder_for(package: Path) -> Iterator[Path]:
    """Give a new folder beside `package`, renamed to it when nothing went wrong."""
    try:
        name = tempfile.mkdtemp(prefix=f".{package.name}.", dir=package.parent)
    except OSError as error:
        raise PackageError(f"{package}: can't be made: {error.strerror}") from error
    # The folder proper has the permissions any new folder gets, not mkdtemp's.
    folder = Path(name) / "package"
    try:
        folder.mkdir()
        yield folder
        for inside in ("", *layout.survey(folder).folders):
            _sync(folder / inside)
        folder.rename(package)
        _sync(package.parent)
    except OSError as error:
        raise PackageError(f"{package}: can't be made: {error.strerror}") from error
    finally:
        shutil.rmtree(name)


def write(path: Path, data: bytes) -> str:
    """Write a new file and sync it; gives its SHA-256 in hex."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return hashlib.sha256(data).hexdigest()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
