"""Rules about divisions and submitters: 1.1, 2.1.1, 2.1.2, 2.1.4, 2.1.5, 2.1.10."""

import re
from collections.abc import Sequence

from rules.catalogue.tree.parts import shown, structure, visible
from rules.edition import Edition
from rules.finding import Outcome, Verdict
from rules.rule import (
    NotApplicableError,
    Scope,
    StoredCase,
    faultless,
    first_of,
    judged,
    stored_rule,
)
from rules.sources.code_pool import IMAGE, MARKER
from rules.sources.shape import divisions, outside_leaves
from rules.stored import Directory

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_WRITTEN = re.compile(r"results\.(json|csv)|submission\.yaml|.*\.md")
_INSIDE = ("code", "results", "systems")
_MANY = 6


@stored_rule(
    "1.1",
    "mlpstorageGeneratesHierarchy",
    Scope.ORGANISATION,
    ours="no official checker looks at this; what else lies between the submitter's"
    " folder and its runs is only a warning",
)
def hierarchy(case: StoredCase) -> Outcome:
    """Judge that the tool wrote the tree between the submitter and its runs.

    Files that are neither result tables, nor the manifest, nor Markdown, and entries
    that are no files, were put there by hand. Code, `systems` and what is inside the
    runs is left to other rules.
    """
    organisation = case.organisation
    systems = organisation.folder.folder("systems")
    odd = [
        f"{folder.where}/{name}"
        for folder in outside_leaves(organisation.folder)
        if folder is not systems
        for name in (*shown(folder), *folder.odd)
        if not _WRITTEN.fullmatch(name)
    ]
    return Outcome(
        verdict=Verdict.WARN if odd else Verdict.PASS,
        expected="result tables, a manifest and folders of runs",
        actual=first_of(odd, _MANY) if odd else "nothing else",
        where=organisation.where,
        fix="take out what the benchmark's tool did not write" if odd else "",
    )


@stored_rule("2.1.1", "submitterRootDirectory", Scope.ORGANISATION)
def submitter_name(case: StoredCase) -> Outcome:
    """Judge the name of the submitter's folder: letters, digits, '.', '-' and '_'."""
    name = case.organisation.name
    return judged(
        bool(_NAME.fullmatch(name)),
        expected="a name of A-Z, a-z, 0-9, '.', '_' and '-'",
        actual=repr(name),
        where=case.organisation.where,
        fix="replace every other character with a dash",
    )


def _tops(edition: Edition) -> Sequence[str]:
    if edition.structure is None:
        return ()
    found = edition.structure
    pool = f"; {found.whole_tree_pool}" if found.whole_tree_pool else ""
    return (
        f"at the top: {' or '.join(found.divisions)}, at least one{pool}; pools of"
        f" submitters (with {MARKER}); hidden entries",
    )


@stored_rule("2.1.2", "topLevelSubdirectories", Scope.TREE, numbers=_tops)
def top_level(case: StoredCase) -> Outcome | Sequence[Outcome]:
    """Judge the folders at the top of a tree by their exact names.

    Files at the top are not looked at, as no official checker does. Judged where
    divisions (in any case of letters) are below what was given.
    """
    if not case.tree.tops:
        raise NotApplicableError("no division below what was given: a part of a tree")
    return [_top(case, top) for top in case.tree.tops]


def _top(case: StoredCase, top: Directory) -> Outcome:
    names = structure(case)
    allowed = {*names.divisions, names.whole_tree_pool}
    faults = [
        f"unexpected folder {sub.name}{_hint(sub.name, names.divisions)}"
        for sub in top.folders
        if not sub.name.startswith(".") and sub.name not in allowed and not _pool(sub)
    ]
    if not any(sub.name in names.divisions for sub in top.folders):
        faults.append(f"no {' or '.join(names.divisions)}")
    return faultless(
        faults,
        expected=first_of(_tops(case.edition), 1),
        actual=", ".join(sub.name for sub in top.folders),
        where=top.where or ".",
        fix="keep only divisions and pools of code images, named in lower case",
    )


def _hint(name: str, known: Sequence[str]) -> str:
    return (
        f" (names are case-sensitive: {name.lower()})" if name.lower() in known else ""
    )


def _pool(folder: Directory) -> bool:
    images = any(IMAGE.fullmatch(sub.name) for sub in folder.folders)
    return images or MARKER in folder.files


@stored_rule("2.1.4", "closedSubmitterDirectory", Scope.TREE)
def submitter_folders(case: StoredCase) -> Outcome:
    """Judge that a division holds one folder for each submitter.

    A division whose folders are called results, systems or code lacks the level of
    the submitter. Both a single package and a merged tree are right.
    """
    held = [found for top in case.tree.tops for found in divisions(top)]
    if not held:
        raise NotApplicableError("no division below what was given: a part of a tree")
    faults = [
        f"{found.where}/{sub.name}: the submitter's folder is missing above it"
        for found in held
        for sub in found.folders
        if sub.name in _INSIDE
    ]
    faults += [f"{found.where} holds no folder" for found in held if not found.folders]
    count = sum(len(found.folders) for found in held)
    return faultless(
        faults,
        expected="a folder of each submitter in each division",
        actual=f"{count} submitters in {len(held)} divisions",
        where=", ".join(found.where for found in held),
        fix="put results and systems into a folder named for the submitter",
    )


def _required(edition: Edition) -> Sequence[str]:
    found = edition.structure
    return (f"exactly {' and '.join(found.organisation_folders)}",) if found else ()


@stored_rule("2.1.5", "requiredSubdirectories", Scope.ORGANISATION, numbers=_required)
def organisation_folders(case: StoredCase) -> Outcome:
    """Judge the folders of a submitter: exactly those of the edition.

    Hidden folders are ignored. A package nested one level too deep is named as such.
    """
    folder, wanted = case.organisation.folder, structure(case).organisation_folders
    there = [sub for sub in folder.folders if not sub.name.startswith(".")]
    names = {sub.name for sub in there}
    faults = [f"{name} is missing" for name in wanted if name not in names]
    faults += [
        f"unexpected folder {sub.name}{_nested(sub, wanted)}"
        for sub in there
        if sub.name not in wanted
    ]
    return faultless(
        faults,
        expected=f"exactly {' and '.join(wanted)}",
        actual=", ".join(sorted(names)),
        where=case.organisation.where,
        fix="name and place the folders as expected; code belongs into a pool of code"
        " images at the top of the tree",
    )


def _nested(folder: Directory, wanted: Sequence[str]) -> str:
    inside = [sub.name for sub in folder.folders if sub.name in wanted]
    if not inside:
        return ""
    return f" (it holds {' and '.join(inside)}: nested one level too deep)"


def _categories(edition: Edition) -> Sequence[str]:
    found = edition.structure
    return (f"one or more of {', '.join(found.categories)}",) if found else ()


@stored_rule("2.1.10", "workloadCategories", Scope.ORGANISATION, numbers=_categories)
def categories(case: StoredCase) -> Outcome:
    """Judge the folders of each system in `results`: one or more known categories."""
    results, wanted = case.organisation.folder.folder("results"), structure(case)
    systems = visible(results) if results else ()
    if not systems:
        raise NotApplicableError("there are no systems in results (2.1.5, 2.1.8)")
    faults = []
    for system in systems:
        found = [sub.name for sub in visible(system)]
        faults += [
            f"{system.name}: unexpected folder {name}{_hint(name, wanted.categories)}"
            for name in found
            if name not in wanted.categories
        ]
        if not set(found) & set(wanted.categories):
            faults.append(f"{system.name}: no category at all")
    return faultless(
        faults,
        expected=f"one or more of {', '.join(wanted.categories)}",
        actual=f"only those in {len(systems)} systems",
        where=f"{case.organisation.where}/results",
        fix="name the folders of a system after what was measured",
    )
