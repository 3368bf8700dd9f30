"""Rules about what identifies runs and results: LEAF-01 and RPT-01."""

import math
from collections.abc import Iterable, Mapping, Sequence

from rules.catalogue.tree.parts import complete, unusable
from rules.finding import Outcome
from rules.rule import NotApplicableError, Scope, StoredCase, stored_rule
from rules.stored import Document, as_number

_TABLE = "/results.json"
_ID = "Public ID"
_ROUNDED = 0.01


@stored_rule("LEAF-01", "runLeafMetadata", Scope.VECTOR_DATABASE, Scope.KV_CACHE)
def run_metadata(case: StoredCase) -> Outcome:
    """Judge that each run has exactly one *_metadata.json.

    Nothing else says what a vector database or KV-cache run is: without the file, or
    with two, its numbers reach no table.
    """
    runs = case.workload.runs
    if not runs:
        raise NotApplicableError("there are no runs")
    faults = [
        f"{leaf.name}: {', '.join(leaf.metadata_files)}"
        for leaf in runs
        if len(leaf.metadata_files) > 1
    ]
    return complete(
        case,
        faults,
        [f"{run.name}: no *_metadata.json" for run in runs if not run.metadata_files],
        expected="exactly one *_metadata.json in each run",
        actual=f"one in each of {len(runs)} runs",
        where=case.workload.where,
        fix="restore the one file the tool wrote; no run needs repeating",
    )


@stored_rule("RPT-01", "rollupTableAgreement", Scope.ORGANISATION)
def rollup(case: StoredCase) -> Outcome:
    """Judge that results/results.json and the workloads' tables have the same rows.

    Rows are compared by their Public ID; rows without one are not results. Columns that
    both rows have must hold the same. A submitter without the table in results is not
    judged.
    """
    organisation = case.organisation
    where = f"{organisation.where}/results{_TABLE}".lstrip("/")
    whole = [table for table in organisation.tables if table.where.endswith(where)]
    if not whole:
        raise NotApplicableError("there is no table of all results")
    tables = [t for t in organisation.workload_tables if t.where.endswith(_TABLE)]
    faults = [p for table in (*whole, *tables) if (p := _problem(table))]
    all_ids, ids = _ids(whole), _ids(tables)
    faults += [f"{name} of a workload is not in it" for name in sorted(ids - all_ids)]
    faults += _otherwise(_rows(whole), _rows(tables))
    return complete(
        case,
        faults,
        [f"{name} is in no workload's table" for name in sorted(all_ids - ids)],
        expected=f"the same {_ID}s in the submitter's table and in the workloads'",
        actual=f"{len(all_ids)} rows in {len(tables)} tables of workloads",
        where=where,
        fix="let the tool's reports command write all tables anew",
    )


def _problem(table: Document) -> str:
    problem = unusable(table)
    if not problem and not isinstance(table.content, list):
        problem = f"{table.where} is no list of rows"
    return problem


def _ids(tables: Iterable[Document]) -> set[str]:
    return {name for name, _ in _rows(tables)}


def _rows(tables: Iterable[Document]) -> list[tuple[str, Mapping[str, object]]]:
    rows: list[object] = []
    for table in tables:
        rows += table.content if isinstance(table.content, list) else []
    return [
        (str(row[_ID]), row)
        for row in rows
        if isinstance(row, Mapping) and row.get(_ID)
    ]


def _otherwise(
    whole: Sequence[tuple[str, Mapping[str, object]]],
    parts: Sequence[tuple[str, Mapping[str, object]]],
) -> list[str]:
    """Columns of a row that the workload's own table has otherwise."""
    known = dict(parts)
    return [
        f"{name}: {str(column)[:60]} is {str(value)[:40]}, in the workload's table"
        f" {str(known[name][column])[:40]}"
        for name, row in whole
        for column, value in row.items()
        if column in known.get(name, ()) and not _alike(value, known[name][column])
    ]


def _alike(one: object, other: object) -> bool:
    """Whether two cells hold the same, but for how a number is rounded."""
    numbers = as_number(one), as_number(other)
    if numbers[0] is None or numbers[1] is None:
        return str(one).lower() == str(other).lower()
    return math.isclose(numbers[0], numbers[1], rel_tol=_ROUNDED, abs_tol=_ROUNDED)
