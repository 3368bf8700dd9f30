"""Finds in a listing what belongs to a whole tree or to one organisation."""

from collections.abc import Iterator

from rules.sources.layout import CODE, DIVISIONS, STAMP
from rules.stored import Directory


def tops(root: Directory) -> Iterator[Directory]:
    """Folders that hold divisions; inside divisions and code nothing is sought."""
    stack = [root]
    while stack:
        folder = stack.pop()
        held = divisions(folder)
        if held:
            yield folder
        stack.extend(
            sub
            for sub in reversed(folder.folders)
            if sub not in held and not CODE.fullmatch(sub.name)
        )


def divisions(folder: Directory) -> tuple[Directory, ...]:
    """Divisions in a folder, in any case of letters.

    A system may be called `open`: below `results` a division has to hold submitters.
    """
    return tuple(
        sub
        for sub in folder.folders
        if sub.name.lower() in DIVISIONS
        and (folder.name.lower() != "results" or _holds_submitters(sub))
    )


def _holds_submitters(folder: Directory) -> bool:
    return any(
        inside.name.lower() in ("results", "systems")
        for sub in folder.folders
        for inside in sub.folders
    )


def code_folders(organisation: Directory) -> Iterator[Directory]:
    """Folders named `code`: the layout before code images had a pool."""
    for folder in outside_leaves(organisation):
        for sub in folder.folders:
            if sub.name == "code":
                yield sub


def workload_folders(organisation: Directory) -> Iterator[Directory]:
    """Folders below an organisation's systems and above their leaves."""
    results = organisation.folder("results")
    for system in results.folders if results else ():
        yield from outside_leaves(system)


def outside_leaves(top: Directory) -> Iterator[Directory]:
    """Folder and those below it that belong neither to a leaf nor to code."""
    stack = [top]
    while stack:
        folder = stack.pop()
        yield folder
        stack.extend(
            sub
            for sub in reversed(folder.folders)
            if not STAMP.fullmatch(sub.name) and not CODE.fullmatch(sub.name)
        )
