"""Judges a published tree part by part: tree, organisations, workloads."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlps.plan import Division
from rules.edition import Edition, edition_named, editions
from rules.engine import judge_stored
from rules.figures import figures
from rules.finding import Judgement, Verdict
from rules.recomputation import compare
from rules.rule import Scope, StoredCase
from rules.sources.places import has_ours
from rules.sources.tree import TreeReader
from rules.stored import Comparison, Layout, Organisation, Workload

_DIVISIONS = {
    "closed": Division.CLOSED,
    "open": Division.OPEN,
    "whatif": Division.WHATIF,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How to judge: an edition to judge by (empty: the one found), and an excerpt."""

    edition: str = ""
    partial: bool = False


def asked_for(edition_name: str, *, partial: bool) -> Asked:
    """Take options of a command; PlanError names the editions there are."""
    edition = edition_named(edition_name).edition if edition_name else ""
    return Asked(edition=edition, partial=partial)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Judgement of one part of a tree; `reason` is why this edition was taken."""

    where: str
    scope: Scope
    title: str
    edition: str
    reason: str
    judgement: Judgement
    comparisons: tuple[Comparison, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def is_judged(self) -> bool:
        """Whether any rule had something to say."""
        said = {finding.verdict for finding in self.judgement.findings}
        return bool(said - {Verdict.NOT_APPLICABLE})

    @property
    def verdict(self) -> str:
        """What the part is worth; NOTHING_JUDGED when no rule applies to it."""
        if not self.is_judged:
            return "NOTHING_JUDGED"
        return self.judgement.division_verdict.value

    @property
    def exit_status(self) -> int:
        """0 when no rule is broken; a part that no rule judges breaks none."""
        return self.judgement.exit_status if self.is_judged else 0


def published(path: Path, asked: Asked) -> Iterator[Review] | None:
    """Judge the published tree at `path`; None when ours, or none, is there."""
    if not path.is_dir() or has_ours(path):
        return None
    reader = TreeReader(path)
    return review(reader, asked) if reader else None


def review(reader: TreeReader, asked: Asked) -> Iterator[Review]:
    """Judge every part of a tree: workloads first, one after the other.

    Organisations and the tree are judged last, by the newest edition of what is in
    them.
    """
    taken: dict[tuple[str, str], set[str]] = defaultdict(set)
    for workload in reader.workloads():
        edition, reason = _edition(workload, asked)
        taken[workload.division, workload.organisation].add(edition.edition)
        yield _workload(reader, workload, edition, reason, asked)
    whole = {name for names in taken.values() for name in names}
    for organisation in reader.organisations():
        inside = taken.get((organisation.division, organisation.name), whole)
        newest, reason = _newest(inside, asked)
        yield _organisation(reader, organisation, newest, reason, asked)
    newest, reason = _newest(whole, asked)
    yield _tree(reader, newest, reason, asked)


def _newest(names: set[str], asked: Asked) -> tuple[Edition, str]:
    if asked.edition:
        return edition_named(asked.edition), "asked for"
    newest = [e for e in editions() if e.edition in names or not names][-1]
    return newest, "the newest of its workloads"


def _workload(
    reader: TreeReader,
    workload: Workload,
    edition: Edition,
    reason: str,
    asked: Asked,
) -> Review:
    comparisons = compare(workload)
    case = StoredCase(
        edition=edition,
        figures=figures(),
        scope=Scope(workload.category.value),
        division=_DIVISIONS.get(workload.division, Division.CLOSED),
        partial=asked.partial,
        tree=reader.tree,
        result=workload,
        comparisons=comparisons,
    )
    parts = (
        workload.organisation,
        workload.system,
        workload.category.value,
        workload.engine,
        workload.model,
        workload.accelerator,
    )
    return Review(
        where=workload.where,
        scope=case.scope,
        title=" ".join(part for part in parts if part),
        edition=edition.edition,
        reason=reason,
        judgement=judge_stored(case),
        comparisons=comparisons,
    )


def _organisation(
    reader: TreeReader,
    organisation: Organisation,
    edition: Edition,
    reason: str,
    asked: Asked,
) -> Review:
    case = StoredCase(
        edition=edition,
        figures=figures(),
        scope=Scope.ORGANISATION,
        division=_DIVISIONS.get(organisation.division, Division.CLOSED),
        partial=asked.partial,
        tree=reader.tree,
        submitter=organisation,
    )
    return Review(
        where=organisation.where or ".",
        scope=Scope.ORGANISATION,
        title=organisation.name,
        edition=edition.edition,
        reason=reason,
        judgement=judge_stored(case),
    )


def _tree(reader: TreeReader, edition: Edition, reason: str, asked: Asked) -> Review:
    case = StoredCase(
        edition=edition,
        figures=figures(),
        scope=Scope.TREE,
        division=Division.CLOSED,
        partial=asked.partial,
        tree=reader.whole(),
    )
    return Review(
        where=reader.tree.where,
        scope=Scope.TREE,
        title="whole tree",
        edition=edition.edition,
        reason=reason,
        judgement=judge_stored(case),
        unread=reader.tree.unread,
    )


def _edition(workload: Workload, asked: Asked) -> tuple[Edition, str]:
    """Edition to judge a workload by, and why: asked, stamped, or by its files."""
    if asked.edition:
        return edition_named(asked.edition), "asked for"
    if workload.edition:
        return _stamped(workload.edition)
    if workload.layout is Layout.V1:
        return edition_named("1.0"), "laid out as in v1.0"
    if _is_round_three(workload):
        return edition_named("3.0-round"), "written by the tool of v3.0, no stamp"
    return edition_named("2.0"), "laid out as in v2.0, nothing of v3.0's tool"


def _stamped(name: str) -> tuple[Edition, str]:
    if any(edition.edition == name for edition in editions()):
        return edition_named(name), "stamped in provenance.json"
    newest = editions()[-1]
    return newest, f"the newest: its stamp {name[:20]!r} is no known edition"


def _is_round_three(workload: Workload) -> bool:
    return any(
        not leaf.fs_separation.missing
        or not leaf.pointer.missing
        or not leaf.provenance.missing
        or leaf.metadata.has("args", "mode")
        or leaf.name >= "2026"
        for leaf in workload.leaves
    )
