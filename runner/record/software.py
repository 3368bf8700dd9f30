"""The software of this rank, and what differs from the plan's lock or from rank 0.

The files are hashed once per host: a rank whose files are the very same (device,
inode, size, times) takes over what the first rank of its host found.
"""

import hashlib
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from mlps import software
from mlps.errors import PlanError
from mlps.plan import PlanDocument, TypedError
from mlps.software import Difference, Files, Lock, Package
from runner.rehearsal.row import Row, error, ok, warn

CHECK = "software"
_WHERE = "provenance.software"


def own_lock(shared: Any) -> Lock:  # noqa: ANN401 - communicator of one host's ranks
    """Find the software of this rank. Collective over `shared`."""
    files = {name: software.find_files(name) for name in software.PACKAGES}
    marks = {name: mark_of(found) for name, found in files.items()}
    said: dict[str, tuple[str, str]] = {}
    if shared.Get_rank() == 0:
        said = {
            name: (marks[name], software.find_package(name, found).digest)
            for name, found in files.items()
        }
    said = shared.bcast(said, root=0)
    packages = (_taken(name, files[name], marks[name], said[name]) for name in files)
    return Lock(platform=software.platform_tag(), packages=tuple(packages))


def mark_of(files: Files) -> str:
    """Mark files that one kernel tells apart by what it says of them."""
    known = hashlib.sha256()
    for name, path in files:
        s = path.stat()
        state = (name, s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns)
        known.update(repr(state).encode())
    return known.hexdigest()


def lock_of_plan(doc: PlanDocument, where: str) -> Lock | None:
    """Give the lock a plan was compiled with; None when it has none."""
    data = doc.provenance.get("software")
    if data is None:
        return None
    try:
        return software.lock_of(data, _WHERE)
    except TypedError as error:
        raise PlanError(f"{where}: {error}; compile the plan again") from error


def missing(lock: Lock) -> list[Row]:
    """Name the packages that are not installed here."""
    return [
        error(
            CHECK,
            f"package {package.name}: not installed for {sys.executable}",
            "install mlps again in this environment",
        )
        for package in lock.packages
        if package.is_absent
    ]


def from_rank_0(own: Lock, first: Lock) -> list[Row]:
    """Name the packages that rank 0 has otherwise."""
    return [
        error(
            CHECK,
            f"package {d.here.name}: {d.said(d.here)}, rank 0 has {d.said(d.there)}",
            "install the same version on every host",
        )
        for d in software.differences(own, first)
    ]


def from_plan(own: Lock, plan: Lock | None) -> list[Row]:
    """Name the packages that the plan's lock has otherwise.

    Nothing is said about a package that is missing here (`missing` does), or that
    was not there where the plan was compiled.
    """
    if plan is None:
        return []
    return [
        error(
            CHECK,
            f"package {d.here.name}: {d.said(d.here)}, the plan's lock says"
            f" {d.said(d.there)}",
            _fix(d),
        )
        for d in software.differences(own, plan)
        if not d.here.is_absent and not d.there.is_absent
    ]


def agreements(locks: Sequence[Lock], plan: Lock | None) -> Iterator[tuple[int, Row]]:
    """Tell of each rank that has no error what its software agrees with."""
    for rank, own in enumerate(locks):
        if rank and not from_rank_0(own, locks[0]):
            yield rank, ok(CHECK, "the same packages and files as rank 0")
    if not from_plan(locks[0], plan):
        yield 0, _agreement(locks[0], plan)


def _agreement(own: Lock, plan: Lock | None) -> Row:
    packages = ", ".join(f"{p.name} {p.version}" for p in own.packages)
    if plan is None:
        return warn(
            CHECK,
            f"{packages}: the plan has no software lock to compare with",
            "compile the plan with this version of mlps",
        )
    unknown = [p.name for p in own.packages if plan.get(p.name).is_absent]
    if unknown:
        return warn(
            CHECK,
            f"{packages}: {', '.join(unknown)} was absent where the plan was compiled",
            "compile the plan with this environment",
        )
    if own.platform != plan.platform:
        return ok(
            CHECK,
            f"{packages}: the versions of the plan's lock; their files can't be"
            f" compared, it is of {plan.platform}",
        )
    return ok(CHECK, f"{packages}: versions and files are those of the plan's lock")


def _fix(difference: Difference) -> str:
    theirs = difference.there
    again = "" if not difference.is_of_files else " again"
    return (
        f"install {theirs.name}=={theirs.version}{again},"
        " or compile the plan with this environment"
    )


def _taken(name: str, files: Files, mark: str, said: tuple[str, str]) -> Package:
    """Take the digest the host's first rank found for the very same files."""
    if mark != said[0]:
        return software.find_package(name, files)
    return Package(name=name, version=software.find_version(name), digest=said[1])
