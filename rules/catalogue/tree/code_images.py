"""Rules about captured copies of the benchmark's code: 2.1.6, CHECK-01 to CHECK-04."""

import re
from collections.abc import Iterator, Sequence

from mlps.errors import NotRecordedError
from rules.catalogue.tree.parts import complete, settled, structure
from rules.finding import Outcome, Verdict
from rules.rule import (
    NotApplicableError,
    Scope,
    StoredCase,
    faultless,
    first_of,
    included,
    stored_rule,
)
from rules.sources.code_pool import MARKER, RECORD
from rules.stored import PRUNED, CodeImage, CodePool

_ALGORITHM = "md5-tree-v2"
_POINTER = re.compile(rf"{_ALGORITHM}:([0-9a-f]{{32}})")
_HASH = re.compile(r"[0-9a-f]{32}")
_STRIPPED = "CLAUDE.md"
_MANY = 6


@stored_rule(
    "2.1.6",
    "codeDirectoryContents",
    Scope.ORGANISATION,
    ours="only code folders that are there are judged: pools of code images (CHECK-01"
    " to CHECK-04) took their place before the round ended",
)
def code_folders(case: StoredCase) -> Outcome:
    """Judge folders named `code` of the older layout: contents hash to what they say.

    Inputs: .code-hash.json and all files beside it. Hashes called md5-tree-v1 were
    made in more than one way and can't be checked.
    """
    found = case.organisation.code
    if not found:
        raise NotApplicableError("no folder named code; images are in pools (CHECK-02)")
    faults: list[str] = []
    gaps: list[str] = []
    for image in found:
        _consistent(image, faults, gaps, named=False)
    return settled(
        faults,
        gaps,
        expected=f"{RECORD} in each code folder, with the hash of what is in it",
        actual=f"so in {len(found)} code folders",
        where=case.organisation.where,
        fix="submit the code as the tool captured it",
    )


def _consistent(
    image: CodeImage, faults: list[str], gaps: list[str], *, named: bool
) -> None:
    """Say what is wrong with an image, and what of it can't be judged."""
    where, record = image.folder.where, image.record
    digest = str(record.value("hash")) if record.has("hash") else ""
    if record.fault:
        told = gaps if record.fault == PRUNED else faults
        told.append(f"{record.where} {record.fault}")
    elif not _HASH.fullmatch(digest):
        faults.append(f"{record.where}: hash is no 32 hexadecimal digits")
    else:
        if named and image.folder.name != f"code-{digest[:8]}":
            faults.append(f"{where} is named other than its hash, code-{digest[:8]}")
        _rehashed(image, digest, faults, gaps)


def _rehashed(
    image: CodeImage, digest: str, faults: list[str], gaps: list[str]
) -> None:
    where, record = image.folder.where, image.record
    algorithm = record.value("algorithm") if record.has("algorithm") else None
    if algorithm != _ALGORITHM:
        gaps.append(f"{where}: how {str(algorithm)[:20]!r} hashes is not established")
    elif image.fault:
        gaps.append(f"{where}: not hashed: {image.fault}")
    elif digest not in image.digests:
        told = "" if _STRIPPED in image.folder.files else f" (without {_STRIPPED})"
        faults.append(
            f"{where}: contents hash to {image.digests[0]}, recorded {digest}{told}"
        )


@stored_rule("CHECK-01", "poolPointerResolution", Scope.ORGANISATION)
def pointers(case: StoredCase) -> Outcome:
    """Judge that every time-stamped leaf points at a code image that is there.

    Inputs: .mlps-code-image of each leaf (md5-tree-v2:HASH), the pool of the tree and
    that of the submitter. A submitter without any pool is one fault, not one per leaf.
    """
    structure(case)
    organisation = case.organisation
    if organisation.pools is None:
        raise NotRecordedError(
            "pools of code images lie above what was given; judge the whole tree"
        )
    if not organisation.stamps:
        raise NotApplicableError("there are no time-stamped leaves")
    pools = [
        pool
        for pool in organisation.pools
        if pool.organisation in ("", organisation.name)
    ]
    images = {image.folder.name for pool in pools for image in pool.images}
    faults, absent, gaps = _unresolved(case, images)
    if not any(pool.marked or pool.images for pool in pools):
        absent = [f"{organisation.name} has no pool of code images"]
    if gaps and not faults and not absent:
        raise NotRecordedError(first_of(gaps, _MANY))
    return complete(
        case,
        faults,
        absent,
        expected=f"{_ALGORITHM}:HASH in every leaf, and the image code-HASH in a pool",
        actual=f"so in {len(organisation.stamps)} leaves",
        where=organisation.where,
        fix="submit the code image each leaf was taken with; no run needs repeating",
    )


def _unresolved(
    case: StoredCase, images: set[str]
) -> tuple[list[str], list[str], list[str]]:
    """Name wrong pointers, pointers or images that are not there, and pruned ones."""
    faults, absent, gaps = [], [], []
    for stamp in case.organisation.stamps:
        pointer = stamp.pointer
        found = _POINTER.fullmatch(str(pointer.content))
        if pointer.missing:
            absent.append(f"{stamp.inside} has no code image pointer")
        elif pointer.fault == PRUNED:
            gaps.append(f"{pointer.where} {PRUNED}")
        elif found is None:
            faults.append(f"{pointer.where} is no {_ALGORITHM}:HASH")
        elif f"code-{found[1][:8]}" not in images:
            absent.append(f"{stamp.inside} points at code-{found[1][:8]}, in no pool")
    return faults, absent, gaps


@stored_rule("CHECK-02", "poolImageSelfConsistency", Scope.TREE)
def images(case: StoredCase) -> Outcome:
    """Judge every code image: its name and its contents are those of its hash.

    The hash is MD5 over the files in the order of their paths' bytes, path then
    content, without version control, caches, tests, links and what systems leave
    behind. Excluded folders count at any depth (the text) or at the top only (the
    first tools): either way will do.
    """
    found = _images(case)
    faults: list[str] = []
    gaps: list[str] = []
    for image in found:
        _consistent(image, faults, gaps, named=True)
    return settled(
        faults,
        gaps,
        expected="images named code-HASH8 that hash to their recorded hash",
        actual=f"so in {len(found)} images",
        where=", ".join(pool.where for pool in case.tree.pools),
        fix="restore the images as the tool captured them",
    )


def _images(case: StoredCase) -> list[CodeImage]:
    structure(case)
    found = [image for pool in case.tree.pools for image in pool.images]
    if not found:
        raise NotApplicableError("there are no code images in what was given")
    return found


@stored_rule("CHECK-03", "poolOrphanCheck", Scope.TREE)
def orphans(case: StoredCase) -> Outcome:
    """Judge that a leaf, CLOSED or OPEN, points at every code image of a pool."""
    count = len(_images(case))
    alone = []
    for pool in case.tree.pools:
        pointed = _pointed(case, pool)
        alone += [
            f"{image.folder.where}: no leaf points at it"
            for image in pool.images
            if image.folder.name not in pointed
        ]
    return included(
        case,
        alone,
        expected="leaves that point at every image",
        actual=f"so for {count} images",
        where=", ".join(pool.where for pool in case.tree.pools),
        fix="take out images that no leaf was taken with",
    )


def _pointed(case: StoredCase, pool: CodePool) -> set[str]:
    texts = [
        str(stamp.pointer.content)
        for stamp in case.tree.stamps
        if pool.organisation in ("", stamp.organisation)
    ]
    found = [_POINTER.fullmatch(text) for text in texts]
    return {f"code-{match[1][:8]}" for match in found if match}


@stored_rule("CHECK-04", "poolLegacyCheck", Scope.ORGANISATION)
def legacy(case: StoredCase) -> Outcome:
    """Judge that no folder named `code` of the older layout is left over."""
    structure(case)
    return faultless(
        [image.folder.where for image in case.organisation.code],
        expected="no folder named code beside results or in them",
        actual="none",
        where=case.organisation.where,
        fix="move the code into a pool of code images, or delete it",
    )


def markers(case: StoredCase) -> Sequence[Outcome]:
    """Judge that pools of code images carry their marker and are not empty.

    A marked pool without images is only a warning.
    """
    structure(case)
    if not case.tree.pools:
        raise NotApplicableError("there are no pools of code images in what was given")
    return list(_marked(case))


def _marked(case: StoredCase) -> Iterator[Outcome]:
    pools = case.tree.pools
    bare = [f"{p.where}: no {MARKER}" for p in pools if p.images and not p.marked]
    yield faultless(
        bare,
        expected=f"{MARKER} in every pool",
        actual=f"there in {len(pools)} pools",
        where=", ".join(pool.where for pool in pools),
        fix="restore the marker that the tool wrote",
    )
    empty = [pool.where for pool in pools if not pool.images]
    if empty:
        yield Outcome(
            verdict=Verdict.WARN,
            expected="code images in every pool",
            actual=f"none in {first_of(empty, _MANY)}",
            where=", ".join(empty),
            fix="add the images, or take the empty pool out",
        )


pool_layout = legacy.also(Scope.TREE)(markers)
