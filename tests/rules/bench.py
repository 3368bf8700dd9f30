"""A bench of sealed campaigns to copy and spoil, and what the rules say of them."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlps.plan import PlanDocument
from rules.engine import judge
from rules.finding import Finding, Judgement
from rules.sources.campaign import subjects
from rules.subject import Subject
from tests.rules import campaigns
from tests.rules.campaigns import PLAIN, Edit, Taste


@dataclass(frozen=True, slots=True)
class Campaign:
    """A private copy of a campaign."""

    doc: PlanDocument
    path: Path

    def edit(self, number: int, edit: Edit, taste: Taste = PLAIN) -> None:
        """Take one run anew with edited tables."""
        campaigns.rewrite(self.path, self.doc, number, edit, taste)

    def run(self, number: int) -> Path:
        """Directory of a run."""
        return campaigns.directory_of(self.path, self.doc.plan.campaign.runs[number])

    def judged(self) -> Judgement:
        """What the rules say."""
        return judged(self.path)


@dataclass(frozen=True, slots=True)
class Bench:
    """Campaigns written once; each use gets its own copy."""

    folder: Path
    originals: dict[str, tuple[PlanDocument, Path]]

    def copy(self, name: str) -> Campaign:
        doc, original = self.originals[name]
        path = self.folder / original.name
        shutil.copytree(original, path)
        return Campaign(doc, path)

    @property
    def demo(self) -> Campaign:
        """Two ranks, two epochs, one warm-up and two measured runs."""
        return self.copy("demo")

    @property
    def closed(self) -> Campaign:
        """One rank at official scale: everything a closed claim needs."""
        return self.copy("closed")


def judged(path: Path) -> Judgement:
    (found,) = subjects(path)
    assert isinstance(found, Subject), found
    return judge(found.doc, found.stage, found.stored, found.record)


def said(judgement: Judgement, rule_id: str) -> Sequence[Finding]:
    return [f for f in judgement.findings if f.rule_id == rule_id]


def bad(judgement: Judgement) -> set[str]:
    """Ids of the rules that fail, lack evidence or broke."""
    verdicts = ("FAIL", "NO_EVIDENCE", "ERROR")
    return {f.rule_id for f in judgement.findings if f.verdict in verdicts}
