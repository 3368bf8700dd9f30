"""Rules about editions and what compares: EDN-01 to EDN-04.

Only what a leaf's provenance.json or a submitter's submission.yaml declares is
judged: leaves without a stamp predate editions.
"""

from collections.abc import Sequence

from mlps.errors import NotRecordedError
from rules.catalogue.leaves import over
from rules.catalogue.tree.parts import settled
from rules.comparability import comparability, workload_hash
from rules.edition import Edition
from rules.finding import Outcome
from rules.rule import (
    WORKLOADS,
    NotApplicableError,
    Scope,
    StoredCase,
    faultless,
    judged,
    stored_rule,
)
from rules.stored import Document, Leaf

_UNKNOWN = "unknown"


def _said(document: Document, *keys: str) -> str:
    return str(document.value(*keys)) if document.has(*keys) else _UNKNOWN


def _names() -> list[str]:
    return [edition.name for edition in comparability().editions]


def _known(_: Edition) -> Sequence[str]:
    return (f"editions of the table: {', '.join(_names())}",)


def _stamped(case: StoredCase, *, runs: bool) -> list[Leaf]:
    """Leaves (or runs only) with a stamp that declares an edition."""
    leaves = case.workload.runs if runs else case.workload.leaves
    found = [
        leaf
        for leaf in leaves
        if leaf.provenance.readable
        and _said(leaf.provenance, "rules_edition") != _UNKNOWN
    ]
    if not found:
        raise NotApplicableError("no leaf declares an edition in a provenance.json")
    return found


@stored_rule("EDN-01", "rulesEdition", *WORKLOADS, numbers=_known)
def leaf_edition(case: StoredCase) -> Outcome:
    """Judge that the edition a leaf is stamped with exists."""
    leaves, known = _stamped(case, runs=False), _names()
    said = {leaf.name: _said(leaf.provenance, "rules_edition") for leaf in leaves}
    return faultless(
        [f"{n}: edition {e[:40]!r}" for n, e in said.items() if e not in known],
        expected=f"one of {', '.join(known)}",
        actual=", ".join(sorted(set(said.values()))),
        where=f"{case.workload.where}: rules_edition in provenance.json",
        fix="stamps are written by the tool; restore them",
    )


def _declared(case: StoredCase) -> str:
    document = case.organisation.manifest
    if not document.readable:
        raise NotApplicableError("no submission.yaml declares an edition")
    return _said(document, "rules_edition")


def manifest_edition(case: StoredCase) -> Outcome:
    """Judge that the edition a submission.yaml declares exists."""
    said, known = _declared(case), _names()
    return judged(
        said in (*known, _UNKNOWN),
        expected=f"one of {', '.join(known)}",
        actual=repr(said[:40]),
        where=f"{case.organisation.manifest.where}: rules_edition",
        fix="declare the edition the results were taken under",
    )


rules_edition = leaf_edition.also(Scope.ORGANISATION)(manifest_edition)


@stored_rule(
    "EDN-02",
    "comparabilityClass",
    *WORKLOADS,
    ours="the hash is computed again from the recorded parameters; the checker takes"
    " the stamp's word",
)
def comparability_class(case: StoredCase) -> Outcome:
    """Judge that each stamped run is of a class of workloads that compare.

    Inputs: core_config of provenance.json, parameters and accelerator of the metadata.
    The hash in the stamp has to be that of the parameters, and a class has to have it;
    outside CLOSED a run without a class is only told.
    """
    workload = case.workload
    table, category = comparability(), workload.category.value
    allowlist = table.allowlist(category)
    if allowlist is None:
        raise NotApplicableError(
            f"the hashes of the classes of {category} are in no table that is public"
        )
    classes: set[str] = set()

    def check(leaf: Leaf) -> Sequence[str]:
        stamp = leaf.provenance
        said = _said(stamp, "core_config", "hash")
        if said == _UNKNOWN:
            return []
        faults = []
        hashed_by = _said(stamp, "core_config", "allowlist")
        if hashed_by == allowlist.id:
            found = workload_hash(leaf.metadata.mapping("parameters"), allowlist)
            if found != said:
                faults.append(f"stamped {said[:40]}, its parameters hash to {found}")
        accelerator = _said(leaf.metadata, "accelerator").lower()
        edition = _said(stamp, "rules_edition")
        known = table.matching(category, workload.model, accelerator, edition)
        names = [found.id for found in known if said in found.hashes]
        classes.update(names or ["none"])
        if not names and workload.division == "closed":
            faults.append(f"{said[:40]} on {accelerator} is of no class")
        elif hashed_by != allowlist.id:
            raise NotRecordedError(
                f"hashed by {hashed_by[:40]!r}, of which no table is known"
            )
        return faults

    leaves = _stamped(case, runs=True)
    faults, gaps = over(leaves, check)
    if not (classes or faults or gaps):
        raise NotApplicableError("no run is stamped with the hash of its workload")
    return settled(
        faults,
        gaps,
        expected=f"a class of {workload.model} with the hash of each run",
        actual=f"{len(leaves)} runs: {', '.join(sorted(classes)) or 'no hash'}",
        where=f"{workload.where}: core_config in provenance.json",
        fix="run the sanctioned workload, or have its class added to the table",
    )


@stored_rule("EDN-03", "dlioRevision", *WORKLOADS)
def dlio_revision(case: StoredCase) -> Outcome:
    """Judge that each stamped run used a revision of DLIO that the edition accepts."""
    table = comparability()
    faults, accepted = [], 0
    for leaf in _stamped(case, runs=True):
        edition = table.edition(_said(leaf.provenance, "rules_edition"))
        commit = _said(leaf.provenance, "dlio", "commit")
        if edition is None or commit == _UNKNOWN:
            continue
        accepted += commit in edition.dlio_commits
        if commit not in edition.dlio_commits:
            faults.append(f"{leaf.name}: {commit[:12]}")
    if not faults and not accepted:
        raise NotApplicableError("no run of a known edition records DLIO's revision")
    return faultless(
        faults,
        expected="a revision that the edition lists",
        actual=f"so in {accepted} runs",
        where=f"{case.workload.where}: dlio.commit in provenance.json",
        fix="ask the review to list the revision, or run a listed one",
    )


@stored_rule("EDN-04", "checkableEdition", Scope.ORGANISATION, numbers=_known)
def checkable_edition(case: StoredCase) -> Outcome:
    """Judge that today's rules can check the edition a submission.yaml declares."""
    said = _declared(case)
    edition = comparability().edition(said)
    if edition is None:
        raise NotApplicableError(f"edition {said[:40]!r} is unknown (EDN-01)")
    known = [e.name for e in comparability().editions if e.checkable]
    return judged(
        edition.checkable,
        expected=f"one of {', '.join(known)}",
        actual=said,
        where=f"{case.organisation.manifest.where}: rules_edition",
        fix="past editions are judged by the rules of their own round (--edition)",
    )
