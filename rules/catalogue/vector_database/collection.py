"""Which collection was loaded, and whether it is the one that was queried."""

from collections.abc import Callable, Sequence

from mlps.errors import NotRecordedError
from rules import vector_record as record
from rules.catalogue.leaves import concluded, over
from rules.catalogue.vector_database import inputs
from rules.edition import Edition
from rules.finding import Outcome
from rules.rule import Scope, StoredCase, stored_rule
from rules.stored import Leaf


def _scales(edition: Edition) -> Sequence[str]:
    table = edition.vector_database
    if table is None:
        return ()
    rows = [f"{s.num_vectors} x {s.dimension}: {s.source}" for s in table.scales]
    return [*rows, f"another scale: {table.scale_severity}; {table.scale_reading}"]


@stored_rule(
    "5.1.1",
    "vdbDatasetScale",
    Scope.VECTOR_DATABASE,
    numbers=_scales,
    ours="the table of scales, which the official rules name and don't have: the"
    " collections that the benchmark ships configurations for",
)
def dataset_scale(case: StoredCase) -> Sequence[Outcome]:
    """Check that each run reports its scale, and that the scale is a defined one.

    Vectors and dimension come from summary.json; a single client writes none, then
    from result_verdict.json, config.json and metadata.
    """
    table = inputs.table(case.edition)
    runs = case.workload.runs
    known = {(s.num_vectors, s.dimension) for s in table.scales}
    reported = over(runs, _reported)
    said = concluded(
        reported,
        runs,
        expected="num_vectors and dimension in every run",
        actual=_each(runs, _scale),
        where="summary.json, result_verdict.json, config.json",
        fix="submit the summary.json that the tool wrote for each run",
    )
    if reported[0] or reported[1]:
        return [said]
    return [
        said,
        concluded(
            over(
                runs,
                lambda leaf: (
                    ()
                    if (record.vectors(leaf), record.dimension(leaf)) in known
                    else (f"{_scale(leaf)} is no defined scale",)
                ),
            ),
            runs,
            expected=" or ".join(f"{v} x {d}" for v, d in sorted(known)),
            actual=_each(runs, _scale),
            where="summary.json, result_verdict.json, config.json",
            fix="load a collection that the benchmark ships a configuration for",
            severity=table.scale_severity,
        ),
    ]


def _reported(leaf: Leaf) -> Sequence[str]:
    if leaf.summary.readable:
        keys = ("num_vectors", "dimension")
        lacking = [key for key in keys if not leaf.summary.has(key)]
        if lacking:
            return [f"{leaf.summary.where} has no {' and no '.join(lacking)}"]
    _scale(leaf)
    return ()


def _scale(leaf: Leaf) -> str:
    return f"{record.vectors(leaf)} x {record.dimension(leaf)}"


@stored_rule("5.1.2", "vdbDimensionConsistency", Scope.VECTOR_DATABASE)
def dimension_consistency(case: StoredCase) -> Outcome:
    """Check that every run queries vectors of the dimension that was loaded.

    The load's summary.json or metadata against each run's summary.json, config.json
    or metadata.
    """
    return _same(
        case,
        record.dimension,
        "dimension",
        fix="query the collection that was loaded, or submit the load that made it",
    )


def _same(
    case: StoredCase, read: Callable[[Leaf], object], name: str, *, fix: str
) -> Outcome:
    """Compare what is read of every run with what is read of every load."""
    loads = case.workload.phase("datagen")
    runs = case.workload.runs
    loaded: dict[str, object] = {}

    def note(leaf: Leaf) -> Sequence[str]:
        loaded[leaf.name] = read(leaf)
        return ()

    _, gaps = over(loads, note)
    if not loads:
        gaps = [
            f"{case.workload.where}: no datagen leaf, so nothing says what was loaded"
        ]

    def check(leaf: Leaf) -> Sequence[str]:
        ran = read(leaf)
        return [
            f"{name} {ran}, but load {load} has {value}"
            for load, value in loaded.items()
            if value != ran
        ]

    faults, unread = over(runs, check)
    return concluded(
        (faults, gaps + unread),
        (*loads, *runs),
        expected=f"the same {name} at load and in every run",
        actual=_each((*loads, *runs), read),
        where="summary.json, config.json, metadata",
        fix=fix,
    )


@stored_rule(
    "5.2.1",
    "vdbCollectionPopulated",
    Scope.VECTOR_DATABASE,
    ours="a load without summary.json (single client) is measured by the ground truth"
    " of its runs; a queried collection of another name than the loaded one is a"
    " warning",
)
def collection_populated(case: StoredCase) -> Sequence[Outcome]:
    """Check that the load inserted at least as many vectors as it declared.

    Both stand in the load's summary.json. Where the tool wrote none, the declared
    number is in the metadata and the inserted one in result_verdict.json of a run.
    """
    loads = case.workload.phase("datagen")
    populated = concluded(
        over(loads, lambda leaf: _shortfall(leaf, case.workload.runs)),
        loads,
        expected="inserted_vectors of at least num_vectors (the text says equal; the"
        " checker takes more)",
        actual=_each(loads, lambda leaf: f"{_inserted(leaf, case.workload.runs)} in"),
        where="datagen: summary.json",
        fix="load the collection again and submit its summary.json",
    )
    other = _other_collection(case)
    return [populated, other] if other else [populated]


def _shortfall(leaf: Leaf, runs: Sequence[Leaf]) -> Sequence[str]:
    if leaf.summary.readable:
        keys = ("inserted_vectors", "num_vectors")
        lacking = [key for key in keys if not leaf.summary.has(key)]
        if lacking:
            return [f"{leaf.summary.where} has no {' and no '.join(lacking)}"]
    declared, inserted = record.vectors(leaf), _inserted(leaf, runs)
    return [f"{inserted} of {declared} vectors in"] if inserted < declared else []


def _inserted(leaf: Leaf, runs: Sequence[Leaf]) -> int:
    keys = ("flat_setup", "total_vectors")
    document, path = record.first(
        (leaf.summary, ("inserted_vectors",)),
        *((run.verdict, keys) for run in runs),
    )
    return document.whole(*path)


def _other_collection(case: StoredCase) -> Outcome | None:
    """Warn when the runs name a collection that no load of the workload filled."""
    loads = case.workload.phase("datagen")
    key = ("args", "collection")
    filled = {str(n.metadata.value(*key)) for n in loads if n.metadata.has(*key)}
    named = [leaf for leaf in case.workload.runs if leaf.metadata.has(*key)]
    if not filled or not named:
        return None
    return concluded(
        over(
            named,
            lambda leaf: (
                ()
                if str(leaf.metadata.value(*key)) in filled
                else (
                    f"queried {leaf.metadata.value(*key)}, loaded"
                    f" {', '.join(sorted(filled))}",
                )
            ),
        ),
        named,
        expected="the queried collection is the one whose load is submitted",
        actual=", ".join(sorted(filled)),
        where="metadata: args.collection",
        fix="submit the load of the collection that was queried",
        severity="warning",
    )


@stored_rule("5.2.2", "vdbIndexBuildCompleted", Scope.VECTOR_DATABASE)
def index_build(case: StoredCase) -> Outcome:
    """Check that the load records an index, and every run queries one of that type.

    The load's summary.json (a single client's metadata) against each run's
    summary.json, config.json or metadata.
    """
    return _same(
        case,
        _built,
        "index type",
        fix="build the index and query it in the same workload; submit its load",
    )


def _built(leaf: Leaf) -> str:
    if leaf.summary.readable and not leaf.summary.has("index_type"):
        raise NotRecordedError(
            f"{leaf.summary.where}: no index_type, no record of a build"
        )
    return record.index_type(leaf)


def _each(leaves: Sequence[Leaf], read: Callable[[Leaf], object]) -> str:
    """Say what is read of the leaves, the same thing once."""
    found: list[str] = []

    def note(leaf: Leaf) -> Sequence[str]:
        found.append(str(read(leaf)))
        return ()

    over(leaves, note)
    return ", ".join(dict.fromkeys(found))
