"""Whether every run was made of the same packages, and of those the plan locked."""

from collections.abc import Iterator

from mlps.errors import NotRecordedError
from mlps.plan import TypedError
from mlps.software import OWN, Lock, lock_of
from rules.finding import Outcome
from rules.record import RunRecord, SoftwareRow
from rules.rule import Case, Stage, faultless, rule

Rows = tuple[SoftwareRow, ...]


@rule("EV-24", "softwareLock", needs=Stage.RUN)
def software_lock(case: Case) -> Outcome:
    """Check that all runs had the same packages, in the versions the plan locks.

    Names, versions and digests are equal in all runs. A plan says in its provenance
    what it was compiled with: versions must be those, and of mlps itself the files.
    Files of other packages depend on the platform: a start compares them.
    """
    runs = case.presented()
    for run in runs:
        if not run.read().software:
            raise NotRecordedError(
                f"{run.where}: /software has no rows; record name, version and digest"
                " of every package"
            )
    first = runs[0]
    faults = [
        f"{run.label}: {text}"
        for run in runs[1:]
        for text in _differences(first, run.read().software)
    ]
    lock, fault = _lock(case)
    faults += [fault] if fault else []
    if lock is not None:
        faults += [f"{first.label}: {text}" for text in _unlocked(lock, first)]
    told = "as the plan locks them" if lock else "the plan has no lock"
    return faultless(
        faults,
        expected="the same packages in all runs, in the versions of the plan's lock",
        actual=f"{len(first.read().software)} in {len(runs)} runs; {told}",
        where="evidence: /software; plan file: provenance.software",
        fix="install what the plan was compiled with, or compile it where it runs, and"
        " take the runs anew",
    )


def _differences(first: RunRecord, rows: Rows) -> Iterator[str]:
    wanted = first.read().software
    if sorted(rows) == sorted(wanted):
        return
    odd = sorted(set(rows) ^ set(wanted))
    names = ", ".join(dict.fromkeys(row.package for row in odd)) or "rows twice"
    yield f"other software than {first.label}: {names[:200]}"


def _lock(case: Case) -> tuple[Lock | None, str]:
    """Give the plan's lock, if it has one, or what is wrong with it."""
    data = case.doc.provenance.get("software")
    if data is None:
        return None, ""
    try:
        return lock_of(data, "provenance.software"), ""
    except TypedError as error:
        return None, f"the plan's lock can't be read: {error}"


def _unlocked(lock: Lock, run: RunRecord) -> Iterator[str]:
    """Say which package is not as locked; what was absent there may be here."""
    rows = {row.package: row for row in run.read().software}
    for package in lock.packages:
        row = rows.get(package.name)
        if package.is_absent:
            continue
        if row is None:
            yield f"{package.name} is not there, the plan locks {package.version}"
        elif row.version != package.version:
            yield f"{package.name} {row.version}, the plan locks {package.version}"
        elif package.name == OWN and row.digest != package.digest:
            yield f"other files of {OWN} {row.version} than the plan locks"
