"""What CLOSED fixes of a vector database, and what OPEN lets go."""

from collections.abc import Sequence
from dataclasses import replace

from mlps.plan import Division
from rules import vector_record as record
from rules.catalogue.leaves import concluded, over
from rules.catalogue.vector_database import inputs
from rules.catalogue.verification import verified_worse
from rules.edition import Edition
from rules.finding import Outcome, Verdict
from rules.rule import NotApplicableError, Scope, StoredCase, faultless, stored_rule
from rules.stored import Leaf
from rules.tables.vector_database import VectorDatabase

_INVALID = ("args", "allow_invalid_params")


def _table_of(case: StoredCase, division: Division) -> VectorDatabase:
    if case.division is not division:
        raise NotApplicableError(f"a rule of {division.value} submissions")
    return inputs.table(case.edition)


@stored_rule(
    "5.6.1",
    "vdbClosedSubmissionChecksum",
    Scope.VECTOR_DATABASE,
    ours="the official method returns without a check; here the code image a leaf"
    " points to must be the one that its run was validated with",
)
def checksum(case: StoredCase) -> Outcome:
    """Check that each leaf points to the code that ran.

    .mlps-code-image against args._validated_pool_hash of the metadata. Whether the
    image itself is intact, CHECK-01 to CHECK-04 judge.
    """
    _table_of(case, Division.CLOSED)
    leaves = [n for n in case.workload.leaves if n.phase in ("datagen", "run")]
    return concluded(
        over(leaves, _other_code),
        leaves,
        expected=".mlps-code-image names the code that the metadata recorded",
        actual=f"so in {len(leaves)} leaves",
        where=".mlps-code-image; metadata: args._validated_pool_hash",
        fix="submit each leaf with the pointer that the tool wrote into it",
    )


def _other_code(leaf: Leaf) -> Sequence[str]:
    pointed = leaf.pointer.text().rpartition(":")[2].lower()
    ran = leaf.metadata.text("args", "_validated_pool_hash").lower()
    return [] if pointed == ran else [f"points to {pointed[:40]}, ran {ran[:40]}"]


def _databases(edition: Edition) -> Sequence[str]:
    table = edition.vector_database
    return [f"CLOSED: {', '.join(table.closed_databases)}"] if table else ()


@stored_rule(
    "5.6.2", "vdbClosedDatabaseBackend", Scope.VECTOR_DATABASE, numbers=_databases
)
def closed_database(case: StoredCase) -> Outcome:
    """Check that CLOSED runs query the one database that CLOSED knows.

    database.database of summary.json, or the engine in the metadata.
    """
    allowed = _table_of(case, Division.CLOSED).closed_databases
    runs = case.workload.runs
    return concluded(
        over(
            runs,
            lambda leaf: _not_in(record.database(leaf), allowed, "database"),
        ),
        runs,
        expected=f"database {' or '.join(allowed)}",
        actual=f"so in {len(runs)} runs",
        where="summary.json: database.database",
        fix="other databases belong to OPEN: submit there",
    )


def _not_in(value: str, allowed: Sequence[str], name: str) -> Sequence[str]:
    return [] if value in allowed else [f"{name} {value[:60]!r}"]


def _indexes(edition: Edition) -> Sequence[str]:
    table = edition.vector_database
    return [f"CLOSED: {', '.join(table.closed_indexes)}"] if table else ()


@stored_rule("5.6.3", "vdbClosedIndexTypes", Scope.VECTOR_DATABASE, numbers=_indexes)
def closed_index(case: StoredCase) -> Sequence[Outcome]:
    """Check the index type of CLOSED runs: a known one, and the one of the folder.

    The folder's name, in capitals, against index_type of summary.json, config.json or
    the metadata of each run.
    """
    allowed = _table_of(case, Division.CLOSED).closed_indexes
    folder, runs = case.workload.model, case.workload.runs
    return [
        faultless(
            _not_in(folder, allowed, "folder"),
            expected=f"a folder {' or '.join(allowed)}",
            actual=folder,
            where=case.workload.where,
            fix="other indexes belong to OPEN; the folder has the name of the index",
        ),
        concluded(
            over(
                runs,
                lambda leaf: _not_in(record.index_type(leaf), (folder,), "index type"),
            ),
            runs,
            expected=f"index type {folder}, as the folder says",
            actual=f"so in {len(runs)} runs",
            where="summary.json, config.json: index_type",
            fix="move the runs to the folder of their index",
        ),
    ]


def _closed_parameters(edition: Edition) -> Sequence[str]:
    table = edition.vector_database
    if table is None:
        return ()
    return [
        f"may be changed: {', '.join(table.closed_parameters)}",
        f"modes {', '.join(table.closed_modes)}; distribution"
        f" {', '.join(table.closed_distributions)}",
    ]


@stored_rule(
    "5.6.4",
    "vdbClosedSubmissionParameters",
    Scope.VECTOR_DATABASE,
    numbers=_closed_parameters,
    ours="the arguments are read beside override_parameters, where the tool records"
    " nothing: mode and distribution of CLOSED",
)
def closed_parameters(case: StoredCase) -> Outcome:
    """Check that CLOSED loads and runs change only what may be changed.

    override_parameters, args.benchmark_mode, args.distribution and
    args.allow_invalid_params of the metadata. The tool's own verdict (verification)
    must not say otherwise.
    """
    table = _table_of(case, Division.CLOSED)
    leaves = [n for n in case.workload.leaves if n.phase in ("datagen", "run")]

    def check(leaf: Leaf) -> Sequence[str]:
        faults = verified_worse(leaf, case.division)
        faults += _overridden(leaf, table.closed_parameters)
        if leaf.metadata.has(*_INVALID) and leaf.metadata.flag(*_INVALID):
            faults.append("args.allow_invalid_params is true")
        for key, allowed in (
            ("benchmark_mode", table.closed_modes),
            ("distribution", table.closed_distributions),
        ):
            if leaf.metadata.has("args", key):
                faults += _not_in(leaf.metadata.text("args", key), allowed, key)
        return faults

    return concluded(
        over(leaves, check),
        leaves,
        expected="nothing changed but the parameters that CLOSED lists",
        actual=f"so in {len(leaves)} leaves",
        where="metadata: override_parameters, args",
        fix="run without the change, or submit to OPEN",
    )


def _overridden(leaf: Leaf, allowed: Sequence[str]) -> Sequence[str]:
    leaf.metadata.mapping("args")
    if not leaf.metadata.has("override_parameters"):
        return []
    changed = leaf.metadata.mapping("override_parameters")
    return [f"changes {str(key)[:80]}" for key in changed if key not in allowed]


def _open_parameters(edition: Edition) -> Sequence[str]:
    table = edition.vector_database
    if table is None:
        return ()
    return [
        f"may be changed beside CLOSED's: {', '.join(table.open_parameters)}",
        f"databases: {', '.join(table.open_databases)}",
    ]


@stored_rule(
    "5.6.5",
    "vdbOpenSubmissionParameters",
    Scope.VECTOR_DATABASE,
    numbers=_open_parameters,
)
def open_parameters(case: StoredCase) -> Sequence[Outcome]:
    """Check that OPEN runs change only what OPEN lets them, on a supported database.

    override_parameters of the metadata. The parameters of another database than
    Milvus can't be listed: they are named as a warning.
    """
    table = _table_of(case, Division.OPEN)
    runs = case.workload.runs
    foreign: list[str] = []

    def check(leaf: Leaf) -> Sequence[str]:
        engine = record.database(leaf)
        faults = list(_not_in(engine, table.open_databases, "database"))
        allowed = (*table.closed_parameters, *table.open_parameters)
        changed = _overridden(leaf, allowed)
        if engine in table.closed_databases:
            return [*faults, *changed]
        foreign.append(
            f"{leaf.name}: {engine[:40]}, " + (", ".join(changed) or "as is")
        )
        return faults

    judged = concluded(
        over(runs, check),
        runs,
        expected=f"{' or '.join(table.open_databases)}, and known parameters",
        actual=f"so in {len(runs)} runs",
        where="summary.json: database.database; metadata: override_parameters",
        fix="run without the change",
    )
    if not foreign:
        return [judged]
    unlisted = faultless(
        foreign,
        expected="a database whose parameters the rules list",
        actual="",
        where="summary.json: database.database",
        fix="name the parameters of this database in the submission: no list of them"
        " exists to judge by",
    )
    return [judged, replace(unlisted, verdict=Verdict.WARN)]
