"""Mutants of a run: evidence with one thing changed, and everything sealed again.

A mutant is made as one who wants to deceive would make it: its hash chain, summary
and ledger entry are those of the changed tables. So only what a value means is left
to tell it from the original.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mlps.evidence import BY_NAME, chain
from mlps.evidence.reader import Evidence
from mlps.evidence.table import StructArray
from mlps.plan import PlanDocument, render
from rules.engine import judge
from rules.finding import Judgement
from rules.record import (
    CampaignRecord,
    Checksums,
    Ledger,
    LedgerEvent,
    RunRecord,
)
from rules.sources import run
from rules.sources.campaign import subjects
from rules.sources.folder import Folder
from rules.sources.loading import load
from rules.subject import Subject
from tests.rules import campaigns, plans
from tests.rules.bench import bad

SEALS = frozenset({"chain", "plan"})
"""Tables whose bytes are bound to others outside; changed in tests of their own."""

Rows = Mapping[str, StructArray]
Change = Callable[[StructArray], StructArray]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change of one table; `name` is `table:change` or `table.column:change`."""

    name: str
    table: str
    change: Change


class Hunt:
    """Counts mutants and remembers which rules they tripped."""

    def __init__(self, tally: Counter[str]) -> None:
        self._tally = tally
        self.tripped: set[str] = set()

    def fault(self, judgement: Judgement | None, *, is_harmless: bool = False) -> str:
        """Say how a mutant was judged wrongly; "" when it was not.

        Without a judgement it was refused before any rule was asked.
        """
        found, broken = set(), set()
        if judgement is not None:
            found = bad(judgement)
            broken = {f.rule_id for f in judgement.findings if f.verdict == "ERROR"}
        self.tripped |= found
        if broken:
            text = f"broke {', '.join(sorted(broken))}"
        elif is_harmless:
            text = f"is harmless, and trips {', '.join(sorted(found))}" if found else ""
        else:
            text = "" if found or judgement is None else "goes unnoticed"
        self._tally["wrong" if text else "harmless" if is_harmless else "caught"] += 1
        return text


class Original:
    """A sealed campaign that was read once, to be judged with other tables or plan."""

    def __init__(self, subject: Subject) -> None:
        assert subject.record is not None
        self._stage, self.doc = subject.stage, subject.doc
        self._stored = subject.stored
        self._record: CampaignRecord = subject.record
        self._folder = Folder(Path(self._record.where))
        self.tables = {r.number: self._read(r) for r in self._record.runs}

    def judged(self, mutant: Mutant, number: int) -> Judgement | None:
        """What the rules say of a mutant; None when it is the same as the original."""
        tables = self.tables[number]
        changed = mutant.change(tables[mutant.table].copy())
        if np.array_equal(changed, tables[mutant.table]):
            return None
        forged = {number: {**tables, mutant.table: changed}}
        return self.judged_with(forged, self.doc, self._stored)

    def judged_as(self, doc: PlanDocument) -> Judgement:
        """What the rules say when all runs pretend to be of another plan."""
        stored = render(doc)
        forged = {n: _of(doc, stored, own) for n, own in self.tables.items()}
        return self.judged_with(forged, doc, stored)

    def judged_with(
        self, forged: Mapping[int, Rows], doc: PlanDocument, stored: bytes
    ) -> Judgement:
        """What the rules say with other tables of some runs, sealed as they are."""
        record = self._record
        runs = tuple(
            self._forged(r, forged[r.number], doc) if r.number in forged else r
            for r in record.runs
        )
        heads = {r.run_id: r.evidence.chain_head for r in runs if r.evidence}
        ledger = self.ledger_with(lambda e: heads.get(e.run_id, e.detail))
        record = replace(record, runs=runs, ledger=ledger)
        return judge(doc, self._stage, stored, record)

    def ledger_with(self, head: Callable[[LedgerEvent], str]) -> Ledger:
        """The ledger with other heads of what was sealed."""
        assert self._record.ledger is not None
        events = tuple(
            replace(event, detail=head(event)) if event.event == "run_sealed" else event
            for event in self._record.ledger.events
        )
        return replace(self._record.ledger, events=events)

    def judged_by(self, ledger: Ledger) -> Judgement:
        """What the rules say of the same runs beside another ledger."""
        sealed = {e.run_id for e in ledger.events if e.event == "run_sealed"}
        runs = (replace(r, sealed=r.run_id in sealed) for r in self._record.runs)
        return self._judged(replace(self._record, runs=tuple(runs), ledger=ledger))

    def judged_saying(self, number: int, summary: Mapping[str, object]) -> Judgement:
        """What the rules say when the summary of a run says something else."""
        runs = (
            replace(r, summary=summary) if r.number == number else r
            for r in self._record.runs
        )
        return self._judged(replace(self._record, runs=tuple(runs)))

    def judged_over(self, sums: Checksums | None) -> Judgement:
        """What the rules say of the same files under other checksums."""
        return self._judged(replace(self._record, checksums=sums))

    def _judged(self, record: CampaignRecord) -> Judgement:
        return judge(self.doc, self._stage, self._stored, record)

    def _read(self, of: RunRecord) -> Rows:
        evidence, fault = load(self._folder, of.where)
        assert evidence is not None, fault
        return evidence.tables

    def _forged(self, of: RunRecord, tables: Rows, doc: PlanDocument) -> RunRecord:
        evidence = Evidence("mutant", {**tables, "chain": sealed(tables)})
        made = run.record(self._folder, of.where, (evidence, ""), doc.plan, True)
        numbers = made.evidence.recomputed if made.evidence else None
        said = {**(numbers or {}), "evidence_sha256": made.evidence_sha256}
        return replace(made, summary={**said, "chain_head": evidence.chain_head})


def _of(doc: PlanDocument, stored: bytes, tables: Rows) -> Rows:
    """The tables of a run as if it had executed this plan."""
    changed = {name: tables[name].copy() for name in ("run", "ranks")}
    for rows in changed.values():
        rows["plan_digest"] = doc.digest.encode()
    said = np.frombuffer(stored, dtype=np.uint8).view(BY_NAME["plan"].dtype)
    return {**tables, **changed, "plan": said}


def claimed(folder: Path, fs_type: str) -> Original:
    """A closed claim of two hosts, whose files are opened with O_DIRECT."""
    taste = campaigns.Taste(
        slowest_au=campaigns.PLAIN.au, memory_bytes=plans.SMALL_MEMORY, fs_type=fs_type
    )
    doc = plans.frozen(plans.two_hosts_plan())
    (found,) = subjects(campaigns.write(folder, doc, taste))
    assert isinstance(found, Subject), found
    return Original(found)


def sealed(tables: Rows) -> StructArray:
    """The chain of tables that were written in one block each."""
    head, blocks = chain.GENESIS, []
    for name, rows in tables.items():
        if name != chain.CHAIN and len(rows):
            head = chain.link(head, BY_NAME[name], 0, rows)
            blocks.append((name.encode(), 0, len(rows), head.encode()))
    return np.array(blocks, dtype=BY_NAME[chain.CHAIN].dtype)


def mutants_of(table: str) -> Iterator[Mutant]:
    """All mutants of one table."""
    for name, change in _ROWS.items():
        yield Mutant(f"{table}:{name}", table, change)
    for owner in {"rank", "node"} & set(BY_NAME[table].dtype.names or ()):
        yield Mutant(f"{table}:without a {owner}", table, _without_last(owner))
    for column in BY_NAME[table].columns:
        for extent, place in _EXTENTS.items():
            kinds = (
                _COUNTED[extent] if column.dtype == "u8" else _KINDS[column.dtype[0]]
            )
            for name, value in kinds.items():
                mutant = f"{table}.{column.name}:{extent} {name}"
                yield Mutant(mutant, table, _with(column.name, place, value))


def _with(column: str, place: Callable[[int], slice], value: Callable) -> Change:
    def change(rows: StructArray) -> StructArray:
        where = place(len(rows))
        rows[column][where] = value(rows[column][where])
        return rows

    return change


def _without_last(owner: str) -> Change:
    def change(rows: StructArray) -> StructArray:
        return rows[rows[owner] != rows[owner].max()] if len(rows) else rows

    return change


def _raised(values: np.ndarray) -> np.ndarray:
    return values + values // np.array(2, values.dtype) + np.array(1, values.dtype)


def _most(values: np.ndarray) -> np.ndarray:
    """Next to the largest: that says of a counter that there is none."""
    return np.full_like(values, np.iinfo(values.dtype).max - 1)


def _least(values: np.ndarray) -> np.ndarray:
    return np.full_like(values, np.iinfo(values.dtype).min)


def _other(values: np.ndarray) -> np.ndarray:
    return np.where(values == b"other", b"another", b"other")


def _repeated(rows: StructArray) -> StructArray:
    return np.concatenate([rows, rows[len(rows) * 3 // 4 :][:1]])


_EXTENTS: Mapping[str, Callable[[int], slice]] = {
    "one": lambda count: slice(count * 3 // 4, count * 3 // 4 + 1),
    "all": lambda _: slice(None),
}
_KINDS: Mapping[str, Mapping[str, Callable[[np.ndarray], np.ndarray]]] = {
    "i": {"raised": _raised, "least": _least, "most": _most},
    "S": {"other": _other, "blank": np.zeros_like},
}
"""By the first letter of a column's type."""
_COUNTED = {"one": {"most": _most}, "all": {"raised": _raised}}
"""What the kernel counts, by extent: columns are many, and most are only shown."""
_ROWS: Mapping[str, Change] = {
    "emptied": lambda rows: rows[:0],
    "doubled": lambda rows: np.concatenate([rows, rows]),
    "a row twice": _repeated,
    "reversed": lambda rows: rows[::-1],
    "a row of nothing": lambda rows: np.concatenate([rows, np.zeros(1, rows.dtype)]),
}
