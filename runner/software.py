"""The software a rank runs: a digest that is equal where the code is equal.

It covers every source file of the packages that are imported here, also those
only rank 0 needs: what is imported differs between ranks of the same code.
"""

import hashlib
import platform
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from mlps.errors import NotReadyError

_PACKAGES = ("mlps", "runner")
_DISTRIBUTIONS = (
    "PyYAML",
    "click",
    "h5py",
    "mpi4py",
    "numpy",
    "rfc8785",
    "rich",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Software:
    """SHA-256 in hex, and the `name==version` it covers besides our own code."""

    digest: str
    versions: tuple[str, ...]


def software_digest() -> Software:
    """Digest the code of this process's packages and the versions it uses."""
    versions = (
        f"{sys.implementation.name}=={platform.python_version()}",
        *(f"{name}=={_version(name)}" for name in _DISTRIBUTIONS),
    )
    digest = hashlib.sha256()
    for package in _PACKAGES:
        for name, source in sources(_folder(package)):
            _add(digest, f"{package}/{name}".encode(), source)
    for version in versions:
        _add(digest, version.encode(), b"")
    return Software(digest=digest.hexdigest(), versions=versions)


def sources(folder: Path) -> list[tuple[str, bytes]]:
    """Give name and bytes of every Python source below a folder, by name."""
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.py")}
    return [(name, paths[name].read_bytes()) for name in sorted(paths)]


def _add(digest: "hashlib._Hash", name: bytes, source: bytes) -> None:
    # Lengths keep two files from passing as one.
    digest.update(b"%d %d\n" % (len(name), len(source)))
    digest.update(name)
    digest.update(source)


def _folder(package: str) -> Path:
    file = sys.modules[package].__file__ if package in sys.modules else None
    if file is None:
        raise NotReadyError(
            f"package {package!r} is not imported from a folder of source files;"
            " install mlps again in this environment"
        )
    return Path(file).parent


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError as error:
        raise NotReadyError(
            f"distribution {name!r} is not installed for {sys.executable};"
            " install mlps again in this environment"
        ) from error
