"""The software lock: version and file digest of every package a run is made of.

Compiler and runner find it in the same way: what a package would be imported from is
read and hashed, tests and data left out. Nothing is imported for that.
"""

import hashlib
import os
import platform
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import machinery, metadata, util
from pathlib import Path

from mlps.errors import NotReadyError
from mlps.plan.typed import build

OWN = "mlps"
ABSENT = "absent"
# What is executed: the rules are not, so a new rule does not change the software.
_MODULES = {
    OWN: ("mlps", "runner"),
    "PyYAML": ("yaml", "_yaml"),
    "click": ("click",),
    "h5py": ("h5py",),
    "mpi4py": ("mpi4py",),
    "numpy": ("numpy",),
    "rfc8785": ("rfc8785",),
    "rich": ("rich",),
}
PACKAGES = tuple(_MODULES)
_CODE = (*machinery.SOURCE_SUFFIXES, *machinery.EXTENSION_SUFFIXES, ".so", ".dylib")
_NO_CODE = ("__pycache__", "tests")
_THREADS = 4
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_VERSION = re.compile(r"[A-Za-z0-9.+!_-]{1,64}")
_DIGEST = re.compile(r"(sha256:[0-9a-f]{64})?")
_PLATFORM = re.compile(r"[A-Za-z0-9._+ -]{1,200}")

Files = tuple[tuple[str, Path], ...]
"""Name below the folder it is imported from, and where it lies; by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One package: its version, or `absent`, and a digest over its files."""

    name: str
    version: str
    digest: str

    def __post_init__(self) -> None:
        """Refuse what no environment says: locks come from strangers, too."""
        for word, form in (
            (self.name, _NAME),
            (self.version, _VERSION),
            (self.digest, _DIGEST),
        ):
            if not form.fullmatch(word):
                raise ValueError(f"{word[:80]!r} is no name, version or digest")

    @property
    def is_absent(self) -> bool:
        """Say whether it is not installed."""
        return self.version == ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """All packages of one environment; `platform`: whose files can be equal."""

    platform: str
    packages: tuple[Package, ...]

    def __post_init__(self) -> None:
        """Refuse a tag that could mislead a terminal."""
        if not _PLATFORM.fullmatch(self.platform):
            raise ValueError(f"platform {self.platform[:80]!r} is no platform tag")

    def get(self, name: str) -> Package:
        """Give a package; absent when the lock does not know it."""
        unknown = Package(name=name, version=ABSENT, digest="")
        return next((p for p in self.packages if p.name == name), unknown)

    @property
    def digest(self) -> str:
        """Digest over all of it: equal where the software is equal."""
        text = "".join(f"{p.name} {p.version} {p.digest}\n" for p in self.packages)
        return _sha256(f"{self.platform}\n{text}".encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One package that is not the same in two environments."""

    here: Package
    there: Package

    @property
    def is_of_files(self) -> bool:
        """Say whether the versions are equal and only files differ."""
        return self.here.version == self.there.version

    def said(self, package: Package) -> str:
        """Say one side: the version, and the digest when that is what differs."""
        if self.is_of_files:
            return f"{package.version} ({package.digest[:19]}...)"
        return package.version


def differences(here: Lock, there: Lock) -> tuple[Difference, ...]:
    """Name what differs; files count only on one platform, our own code always."""
    names = dict.fromkeys(p.name for p in (*here.packages, *there.packages))
    pairs = ((here.get(name), there.get(name)) for name in names)
    same_platform = here.platform == there.platform
    return tuple(
        Difference(here=mine, there=theirs)
        for mine, theirs in pairs
        if mine.version != theirs.version
        or (mine.digest != theirs.digest and (same_platform or mine.name == OWN))
    )


def lock_of(data: object, where: str) -> Lock:
    """Build a lock from plain data; TypedError when it is none."""
    return build(Lock, data, where)


def find_lock() -> Lock:
    """Find the lock of this environment: reads every file of every package."""
    return Lock(
        platform=platform_tag(),
        packages=tuple(find_package(name, find_files(name)) for name in PACKAGES),
    )


def find_package(name: str, files: Files) -> Package:
    """Give version and digest of an installed package, `absent` without files."""
    version = find_version(name) if files else ABSENT
    digest = "" if version == ABSENT else digest_of(files)
    return Package(name=name, version=version, digest=digest)


def find_version(name: str) -> str:
    """Give the version a distribution says it has."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ABSENT


def find_files(name: str) -> Files:
    """List the code of a package, where it was or would be imported from."""
    found: dict[str, Path] = {}
    for module in _MODULES[name]:
        for folder in _folders(module):
            for root in (folder, folder.with_name(f"{folder.name}.libs")):
                found |= {p.relative_to(root.parent).as_posix(): p for p in _code(root)}
    return tuple(sorted(found.items()))


def digest_of(files: Files) -> str:
    """Digest files as `sha256sum` would list them, by name."""
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="hash") as pool:
        digests = list(pool.map(_file_digest, (path for _, path in files)))
    names = (name for name, _ in files)
    lines = (f"{d}  {name}\n" for d, name in zip(digests, names, strict=True))
    return _sha256("".join(lines).encode())


def platform_tag() -> str:
    """Name what compiled files depend on: interpreter, system, machine, C library."""
    words = (
        sys.implementation.name,
        platform.python_version(),
        platform.system(),
        platform.machine(),
        sysconfig.get_config_var("SOABI") or "",
    )
    return " ".join(words).strip()


def _folders(module: str) -> Iterable[Path]:
    spec = util.find_spec(module)
    return map(Path, (spec.submodule_search_locations if spec else None) or ())


def _code(root: Path) -> Iterator[Path]:
    for folder, inner, names in os.walk(root):
        inner[:] = [name for name in inner if name not in _NO_CODE]
        for name in names:
            if name.endswith(_CODE) or ".so." in name:
                yield Path(folder, name)


def _file_digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise NotReadyError(
            f"{path}: can't be read: {error.strerror};"
            " install mlps again in this environment"
        ) from error


def _sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
