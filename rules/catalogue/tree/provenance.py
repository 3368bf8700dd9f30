"""Rules about stamps of provenance: PROV-01 of leaves, PROV-02 of the manifest."""

from collections.abc import Mapping, Sequence

from rules.catalogue.leaves import over
from rules.catalogue.tree.parts import complete, settled, unusable
from rules.finding import Outcome
from rules.rule import (
    WORKLOADS,
    NotApplicableError,
    Scope,
    StoredCase,
    faultless,
    included,
    stored_rule,
)
from rules.schema import Check, Choice, Many, Number, Shape, Text
from rules.stored import Document, Leaf

_STAMP = "mlps-run-provenance/1"
_MANIFEST = "mlps-submission-manifest/1"
_TEXT = Text()
_TAGS = Choice(
    (
        "runtime",
        "tool-constant",
        "package-metadata",
        "direct-url",
        "code-hash-json",
        "uv-lock",
        "declared",
        "inferred",
        "n/a",
        "unknown",
    )
)


def _texts(*names: str) -> dict[str, Check]:
    return dict.fromkeys(names, _TEXT)


_SHAPE = Shape(
    {
        "schema": Choice((_STAMP,)),
        "layout_version": Number(1),
        "tool": Shape(_texts("name", "version", "git_sha", "code_image"), {}),
        "dlio": Shape(_texts("version", "source", "commit"), {}),
        "storage_library": Shape(_texts("name"), _texts("version")),
        "core_config": Shape(
            {**_texts("allowlist", "hash"), "keys": Many(_TEXT)},
            {"algorithm": Choice(("core-config-v1",))},
        ),
        **_texts("rules_edition", "stamped_at", "stamped_by"),
        "provenance": Shape(
            dict.fromkeys(
                (
                    "rules_edition",
                    "layout_version",
                    "tool",
                    "dlio",
                    "storage_library",
                    "core_config",
                ),
                _TAGS,
            ),
            {},
        ),
    },
    {"notes": _TEXT},
)


@stored_rule("PROV-01", "leafProvenance", *WORKLOADS)
def leaf_provenance(case: StoredCase) -> Outcome:
    """Judge provenance.json of each leaf: it fits its schema and names the same code.

    Inputs: provenance.json, .mlps-code-image and provenance_file in the metadata. A
    leaf that declares the file and lacks it breaks the rule; one that never declared
    it predates such stamps and is not judged.
    """
    leaves = case.workload.leaves
    stamped = [leaf for leaf in leaves if not leaf.provenance.missing]
    lacking = [
        f"{leaf.name}: its metadata declares a provenance.json, which is missing"
        for leaf in leaves
        if leaf.provenance.missing and leaf.metadata.has("provenance_file")
    ]
    expected = "a provenance.json that parses and names the leaf's code image"
    fix = "restore provenance.json as the tool wrote it"
    if not stamped and not lacking:
        raise NotApplicableError("no leaf has or declares a provenance.json")
    faults, gaps = over(stamped, _stamp_faults)
    if lacking and not faults and not gaps:
        return included(
            case,
            lacking,
            expected=expected,
            actual="",
            where=case.workload.where,
            fix=fix,
        )
    return settled(
        [*faults, *(() if case.partial else lacking)],
        gaps,
        expected=expected,
        actual=f"so in {len(stamped)} leaves",
        where=case.workload.where,
        fix=fix,
    )


def _stamp_faults(leaf: Leaf) -> Sequence[str]:
    if problem := unusable(leaf.provenance):
        return [problem]
    faults = [str(p) for p in _SHAPE.problems(leaf.provenance.content, ())]
    pointer = leaf.pointer.content
    named = _at(leaf.provenance, "tool", "code_image")
    if not faults and leaf.pointer.readable and named != pointer:
        faults.append(f"names code {named}, the pointer {pointer}")
    return faults


def _at(document: Document, *keys: str) -> str:
    return str(document.value(*keys)) if document.has(*keys) else ""


@stored_rule("PROV-02", "submissionManifest", Scope.ORGANISATION)
def manifest(case: StoredCase) -> Outcome:
    """Judge submission.yaml: it lists exactly the leaves, and its edition is theirs.

    Inputs: schema, runs (each with its leaf) and rules_edition of the manifest, the
    time-stamped leaves below results and their provenance.json. A submitter without
    a manifest is not judged.
    """
    document = case.organisation.manifest
    if document.missing:
        raise NotApplicableError("there is no submission.yaml")
    expected = "a manifest of exactly the leaves that are there, of their edition"
    fix = "let the tool's reports command write the manifest anew"
    problem = unusable(document)
    if not problem and _at(document, "schema") != _MANIFEST:
        problem = f"{document.where}: schema is not {_MANIFEST}"
    if problem:
        return faultless(
            [problem], expected=expected, actual="", where=document.where, fix=fix
        )
    listed = _listed(document)
    stamps = [
        stamp
        for stamp in case.organisation.stamps
        if stamp.inside.startswith("results/")
    ]
    there = {stamp.inside for stamp in stamps}
    faults = [f"{leaf} is not listed" for leaf in sorted(there - listed)]
    edition = _at(document, "rules_edition")
    faults += [
        f"{stamp.inside} is of edition {_at(stamp.provenance, 'rules_edition')},"
        f" declared {edition}"
        for stamp in stamps
        if stamp.provenance.readable
        and _at(stamp.provenance, "rules_edition") != edition
    ]
    return complete(
        case,
        faults,
        [f"{leaf} is listed, but not there" for leaf in sorted(listed - there)],
        expected=expected,
        actual=f"{len(there)} leaves, edition {edition}",
        where=document.where,
        fix=fix,
    )


def _listed(document: Document) -> set[str]:
    runs = document.items("runs") if document.has("runs") else []
    return {str(run.get("leaf")) for run in runs if isinstance(run, Mapping)}
