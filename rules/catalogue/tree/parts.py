"""Parts of a tree that several rules look at, and how answers are put together."""

from collections.abc import Sequence

from mlps.errors import NotRecordedError
from rules.finding import Outcome
from rules.rule import NotApplicableError, StoredCase, faultless, first_of, included
from rules.sources.layout import PHASES, STAMP
from rules.stored import PRUNED, Directory, Document
from rules.tables.structure import Structure

_CODE = "code"
_MANY = 6


def structure(case: StoredCase) -> Structure:
    """Names of the edition; a rule without them has nothing to go by."""
    if case.edition.structure is None:
        raise NotApplicableError(
            f"edition {case.edition.edition} names no files and folders"
        )
    return case.edition.structure


def visible(folder: Directory) -> tuple[Directory, ...]:
    """Sub-folders that count: neither hidden ones nor the code of the older layout."""
    return tuple(
        sub
        for sub in folder.folders
        if not sub.name.startswith(".") and sub.name != _CODE
    )


def shown(folder: Directory) -> list[str]:
    """Names of the files of a folder that are not hidden."""
    return [name for name in folder.files if not name.startswith(".")]


def model_folder(case: StoredCase) -> Directory:
    """Folder of a whole workload; a part of one can't be judged as a whole."""
    folder = case.workload.folder
    within = STAMP.fullmatch(folder.name) or folder.name.lower() in PHASES
    inside = any(leaf.folder is folder for leaf in case.workload.leaves)
    if within or inside or not case.workload.placed:
        raise NotApplicableError("only a part of the workload was given")
    return folder


def unusable(document: Document) -> str:
    """Why a document that is there can't be used, or nothing; pruned is no evidence."""
    if document.fault == PRUNED:
        raise NotRecordedError(f"{document.where} {PRUNED}")
    return f"{document.where} {document.fault}" if document.fault else ""


def settled(  # noqa: PLR0913 - one for each part of an outcome
    faults: Sequence[str],
    gaps: Sequence[str],
    *,
    expected: str,
    actual: str,
    where: str,
    fix: str,
) -> Outcome:
    """FAIL with any fault; without one, what could not be looked at is no evidence."""
    if gaps and not faults:
        raise NotRecordedError(first_of(gaps, _MANY))
    return faultless(faults, expected=expected, actual=actual, where=where, fix=fix)


def complete(  # noqa: PLR0913 - one for each part of an outcome
    case: StoredCase,
    faults: Sequence[str],
    absent: Sequence[str],
    *,
    expected: str,
    actual: str,
    where: str,
    fix: str,
) -> Outcome:
    """FAIL with any fault; what is absent is one too, but not in an excerpt."""
    if faults:
        found = [*faults, *(() if case.partial else absent)]
        return faultless(found, expected=expected, actual=actual, where=where, fix=fix)
    return included(
        case, absent, expected=expected, actual=actual, where=where, fix=fix
    )
