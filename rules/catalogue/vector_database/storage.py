"""Where a vector database stores, and where its results went."""

from collections.abc import Sequence

from rules import vector_record as record
from rules.catalogue.leaves import concluded, over
from rules.catalogue.vector_database import inputs
from rules.edition import Edition
from rules.finding import Outcome
from rules.rule import NotApplicableError, Scope, StoredCase, stored_rule
from rules.stored import Leaf

_DATA = ("storage_root", "data_dir", "vdb_data_path")


@stored_rule("5.4.1", "vdbPathArgs", Scope.VECTOR_DATABASE)
def path_args(case: StoredCase) -> Outcome:
    """Check that storage and results were given, and are different folders.

    args.storage_root (or data_dir) and args.results_dir of each run's metadata. A
    database in objects has no storage root: 5.5.1 judges it.
    """
    runs = _on_files(case)
    return concluded(
        over(runs, _paths),
        runs,
        expected="storage_root and results_dir set and different in every run",
        actual=f"so in {len(runs)} runs",
        where="metadata: args",
        fix="give --storage-root and --results-dir, on different filesystems",
    )


def _paths(leaf: Leaf) -> Sequence[str]:
    args = leaf.metadata.mapping("args")
    data = next((str(args[key]) for key in _DATA if args.get(key)), "")
    results = str(args.get("results_dir") or "")
    faults = [] if data else ["storage_root is not set"]
    faults += [] if results else ["results_dir is not set"]
    if data and data.rstrip("/") == results.rstrip("/"):
        faults.append(f"storage_root and results_dir are both {data[:200]}")
    return faults


@stored_rule("5.4.2", "vdbFilesystemCheck", Scope.VECTOR_DATABASE)
def filesystems(case: StoredCase) -> Outcome:
    """Check that storage and results are on different filesystems.

    fs_separation.json of each run, which the tool writes; a run that has results but
    no such file shows nothing and fails. Object storage is exempt.
    """
    runs = _on_files(case)
    return concluded(
        over(runs, _separation),
        runs,
        expected="a fs_separation.json in every run that says: different filesystems",
        actual=f"so in {len(runs)} runs",
        where="fs_separation.json",
        fix="put the results on another filesystem than the database, and submit what"
        " the tool's probe wrote (older builds wrote nothing: to be reviewed by hand)",
    )


def _separation(leaf: Leaf) -> Sequence[str]:
    if leaf.fs_separation.missing and record.holds_results(leaf):
        return ["no fs_separation.json"]
    same = leaf.fs_separation.flag("same_filesystem")
    return ["storage and results are on the same filesystem"] if same else []


def _on_files(case: StoredCase) -> Sequence[Leaf]:
    runs = case.workload.runs
    left = [leaf for leaf in runs if not inputs.takes_objects(case, leaf)]
    if runs and not left:
        raise NotApplicableError("the database stores in objects: judged by 5.5.1")
    return left


def _backends(edition: Edition) -> Sequence[str]:
    table = edition.vector_database
    return [f"{', '.join(table.object_backends)} or s3-*"] if table else ()


@stored_rule(
    "5.5.1", "vdbObjectStorageBackend", Scope.VECTOR_DATABASE, numbers=_backends
)
def object_backend(case: StoredCase) -> Outcome:
    """Check that a database in objects names an S3-compatible backend.

    database.storage_backend of summary.json, or args.storage_type of the metadata,
    when the system's description or the arguments say object.
    """
    table = inputs.table(case.edition)
    runs = [n for n in case.workload.runs if inputs.takes_objects(case, n)]
    if not runs:
        raise NotApplicableError("the database stores in files: judged by 5.4.1")
    return concluded(
        over(runs, lambda leaf: _backend(leaf, table.object_backends)),
        runs,
        expected=f"{', '.join(table.object_backends)} or s3-*",
        actual=f"so in {len(runs)} runs",
        where="summary.json: database.storage_backend; metadata: args.storage_type",
        fix="record the object store that holds the database",
    )


def _backend(leaf: Leaf, known: Sequence[str]) -> Sequence[str]:
    document, keys = record.first(
        (leaf.summary, ("database", "storage_backend")),
        (leaf.metadata, ("args", "storage_type")),
    )
    name = document.text(*keys).lower()
    good = name in known or name.startswith("s3-")
    return [] if good else [f"{'.'.join(keys)} is {name[:60]!r}"]
