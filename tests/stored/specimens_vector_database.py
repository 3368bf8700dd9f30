"""Published vector databases whose verdict is known, rule by rule."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rules.finding import Verdict
from rules.rule import Scope
from tests.stored.specimen import StoredSpecimen
from tests.stored.trees import Files
from tests.stored.vector_database_trees import single_client, vector_database

RUN = "*/run/*/summary.json"
RUN_META = "*/run/*_metadata.json"
LOAD = "*/datagen/*/summary.json"
LOAD_META = "*/datagen/*_metadata.json"
VERDICT = "*/run/*/result_verdict.json"
Edit = Callable[[Files], object]


def _tree(edit: Edit, make: Callable[..., Files], division: str):
    def build(folder: Path) -> Path:
        files = make(division=division)
        edit(files)
        return files.write(folder)

    return build


def _of(  # noqa: PLR0913 - a specimen has this many sides
    rule_id: str,
    verdict: Verdict,
    why: str,
    edit: Edit = lambda _: None,
    *,
    make: Callable[..., Files] = vector_database,
    division: str = "closed",
    edition: str = "3.0",
    partial: bool = False,
    says: str = "",
) -> StoredSpecimen:
    return StoredSpecimen(
        rule_id=rule_id,
        verdict=verdict,
        why=why,
        build=_tree(edit, make, division),
        scope=Scope.VECTOR_DATABASE,
        edition=edition,
        partial=partial,
        says=says,
    )


def _set(pattern: str, *path: str, to: object) -> Edit:
    """Set a value in every matching file."""

    def edit(content: Any) -> None:
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = to

    return lambda files: files.change(pattern, edit)


def _without(pattern: str, *path: str) -> Edit:
    """Take a key out of every matching file."""

    def edit(content: Any) -> None:
        for key in path[:-1]:
            content = content[key]
        del content[path[-1]]

    return lambda files: files.change(pattern, edit)


def _one(pattern: str, *path: str, to: object) -> Edit:
    """Set a value in the first matching file only."""

    def edit(files: Files) -> None:
        _set(files.first(pattern), *path, to=to)(files)

    return edit


def _drop(*patterns: str) -> Edit:
    return lambda files: files.drop(*patterns)


def _all(*edits: Edit) -> Edit:
    return lambda files: [edit(files) for edit in edits]


def _sixth_run(files: Files) -> None:
    first = files.first(RUN).rpartition("/")[0]
    for path in files.matching(f"{first}/*"):
        files[path.replace("20260724_080000", "20260724_081000")] = files[path]


def _object(files: Files) -> None:
    keys = ("system_under_test", "solution", "architecture", "benchmark_API")
    _set("*/systems/*.yaml", *keys, to="object")(files)
    _set(RUN, "database", to={"database": "milvus", "storage_backend": "s3"})(files)


P, F, W, N, X = (
    Verdict.PASS,
    Verdict.FAIL,
    Verdict.WARN,
    Verdict.NO_EVIDENCE,
    Verdict.NOT_APPLICABLE,
)
NO_RUN = _drop("*/run/*")
NO_META = _drop(RUN_META)
ALONE = {"make": single_client}
OPEN = {"division": "open"}
PRUNED = "PRUNED BY STAFF\n"

SPECIMENS: tuple[StoredSpecimen, ...] = (
    _of("5.1.1", P, "a shipped scale"),
    _of("5.1.1", P, "single client", **ALONE),
    _of("5.1.1", F, "not reported", _without(RUN, "num_vectors"), says="num_vectors"),
    _of("5.1.1", F, "no dimension", _without(RUN, "dimension"), says="dimension"),
    _of(
        "5.1.1", W, "own scale", _set(RUN, "num_vectors", to=5_000_000), says="5000000"
    ),
    _of("5.1.1", N, "no run", NO_RUN),
    _of("5.1.1", P, "pruned, but said elsewhere", lambda f: f.put(RUN, PRUNED)),
    _of(
        "5.1.1",
        N,
        "pruned",
        _all(lambda f: f.put(RUN, PRUNED), NO_META),
        says="pruned",
    ),
    _of("5.1.2", P, "same"),
    _of("5.1.2", P, "single client", **ALONE),
    _of("5.1.2", F, "other dimension", _one(RUN, "dimension", to=512), says="512"),
    _of(
        "5.1.2", F, "one client's", _set(LOAD_META, "args", "dimension", to=7), **ALONE
    ),
    _of("5.1.2", N, "no load", _drop("*/datagen/*"), says="datagen"),
    _of(
        "5.1.2",
        N,
        "one unread",
        lambda f: f.put(f.first(RUN), "{").drop(f.first(RUN_META)),
        says="20260724_0800",
    ),
    _of("5.2.1", P, "populated"),
    _of("5.2.1", P, "more than declared", _set(LOAD, "inserted_vectors", to=1_000_001)),
    _of("5.2.1", P, "by the ground truth", **ALONE),
    _of("5.2.1", F, "short", _set(LOAD, "inserted_vectors", to=999_999), says="999999"),
    _of("5.2.1", F, "unsaid", _without(LOAD, "inserted_vectors")),
    _of("5.2.1", F, "text", _set(LOAD, "inserted_vectors", to="999999"), says="999999"),
    _of(
        "5.2.1",
        F,
        "one client's short",
        _set(VERDICT, "flat_setup", "total_vectors", to=900_000),
        says="900000",
        **ALONE,
    ),
    _of(
        "5.2.1",
        W,
        "other collection",
        _set(RUN_META, "args", "collection", to="another"),
        says="another",
    ),
    _of("5.2.1", N, "no load", _drop("*/datagen/*")),
    _of("5.2.1", N, "nothing inserted is known", _drop(VERDICT), **ALONE),
    _of("5.2.2", P, "same"),
    _of("5.2.2", P, "single client", **ALONE),
    _of("5.2.2", F, "other index", _one(RUN, "index_type", to="HNSW"), says="HNSW"),
    _of("5.2.2", N, "no record", _without(LOAD, "index_type"), says="index_type"),
    _of("5.3.1", P, "five"),
    _of("5.3.1", P, "excerpt", _drop("*/run/20260724_080000/*"), partial=True),
    _of("5.3.1", F, "four", _drop("*/run/20260724_080000/*"), says="1 of 5"),
    _of("5.3.1", F, "six", _sixth_run, says="6 runs"),
    _of("5.3.1", F, "six in an excerpt", _sixth_run, partial=True),
    _of("5.3.1", W, "no summary", says="summary.json", **ALONE),
    _of("5.3.2", P, "reported"),
    _of("5.3.2", P, "mean of a table", **ALONE),
    _of("5.3.2", F, "zero", _one(RUN, "recall", to=0.0), says="recall 0"),
    _of("5.3.2", F, "percent", _set(RUN, "recall", to=57.0), says="57"),
    _of("5.3.2", W, "low", _set(RUN, "recall", to=0.21), says="0.21"),
    _of(
        "5.3.2", W, "low in the round", _set(RUN, "recall", to=0.2), edition="3.0-round"
    ),
    _of(
        "5.3.2",
        N,
        "nowhere",
        _all(_without(RUN, "recall"), _drop("*/vdb_multi_node_summary.json")),
        says="recall",
    ),
    _of("5.3.3", P, "enough"),
    _of("5.3.3", P, "single client", **ALONE),
    _of(
        "5.3.3",
        F,
        "uncounted",
        _all(_without(RUN, "query_count"), _without(RUN, "total_time_seconds")),
        says="total_time_seconds",
    ),
    _of("5.3.3", F, "short", _set(RUN_META, "args", "runtime", to=10), says="10 s"),
    _of("5.3.3", W, "few", _one(RUN, "query_count", to=999), says="999"),
    _of("5.3.3", N, "no run", NO_RUN),
    _of("5.3.4", P, "all five"),
    _of("5.3.4", P, "single client", **ALONE),
    _of("5.3.4", F, "missing", _without(RUN, "p999_latency_ms"), says="p999"),
    _of("5.3.4", F, "zero", _one(RUN, "throughput_qps", to=0), says="throughput_qps"),
    _of("5.3.4", N, "damaged", lambda f: f.put(RUN, "{")),
    _of("5.3.4", N, "text", _set(RUN, "p95_latency_ms", to="fast"), says="fast"),
    _of("5.3.5", P, "complete"),
    _of("5.3.5", F, "failed", _set(VERDICT, "flat_setup", "ok", to=False)),
    _of(
        "5.3.5",
        F,
        "partial in the round",
        _one(VERDICT, "flat_setup", "coverage", to=0.99),
        edition="3.0-round",
        says="0.99",
    ),
    _of(
        "5.3.5",
        F,
        "not all copied",
        _set(VERDICT, "flat_setup", "copied_vectors", to=10_000),
        says="10000",
    ),
    _of(
        "5.3.5",
        F,
        "of another collection",
        _set(VERDICT, "flat_setup", "total_vectors", to=10_000),
        says="10000",
    ),
    _of(
        "5.3.5", W, "no record", _set(VERDICT, "flat_setup", to=None), says="flat_setup"
    ),
    _of("5.3.5", W, "none in the round", _drop(VERDICT), edition="3.0-round"),
    _of(
        "5.3.5",
        W,
        "none in an excerpt",
        _drop(VERDICT),
        edition="3.0-round",
        partial=True,
    ),
    _of("5.3.5", F, "none", _drop(VERDICT), says="result_verdict.json"),
    _of("5.3.5", N, "pruned", lambda f: f.put(VERDICT, PRUNED), says="pruned"),
    _of("5.4.1", P, "different"),
    _of("5.4.1", X, "objects", _object),
    _of("5.4.1", F, "unset", _without(RUN_META, "args", "storage_root")),
    _of("5.4.1", F, "no results", _set(RUN_META, "args", "results_dir", to=None)),
    _of("5.4.1", F, "same", _set(RUN_META, "args", "storage_root", to="/results/")),
    _of(
        "5.4.1",
        W,
        "unset in the round",
        _without(RUN_META, "args", "storage_root"),
        edition="3.0-round",
    ),
    _of("5.4.1", N, "no metadata", NO_META, says="5 of 5"),
    _of("5.4.2", P, "different"),
    _of("5.4.2", X, "objects", _object),
    _of(
        "5.4.2",
        F,
        "same",
        _set("*/run/*/fs_separation.json", "same_filesystem", to=True),
    ),
    _of("5.4.2", F, "none", _drop("*/run/*/fs_separation.json")),
    _of(
        "5.4.2",
        W,
        "none in an excerpt of the round",
        _drop("*/run/*/fs_separation.json"),
        edition="3.0-round",
        partial=True,
    ),
    _of("5.4.2", N, "pruned", lambda f: f.put("*/run/*/fs_separation.json", PRUNED)),
    _of("5.5.1", P, "s3", _object),
    _of("5.5.1", X, "files"),
    _of(
        "5.5.1",
        F,
        "a file store",
        _all(_object, _set(RUN, "database", "storage_backend", to="non-s3-storage")),
        says="non-s3",
    ),
    _of(
        "5.5.1",
        N,
        "unsaid",
        _all(_object, _set(RUN, "database", to={"database": "milvus"}), NO_META),
    ),
    _of("5.6.1", P, "same code"),
    _of("5.6.1", X, "open", **OPEN),
    _of("5.6.1", W, "other code", lambda f: f.put("*/run/*/.mlps-code-image", "md5:0")),
    _of("5.6.1", N, "no pointer", _drop("*/run/*/.mlps-code-image")),
    _of("5.6.2", P, "milvus"),
    _of("5.6.2", P, "single client", **ALONE),
    _of("5.6.2", X, "open", **OPEN),
    _of("5.6.2", F, "other", _one(RUN, "database", "database", to="pgvector")),
    _of("5.6.2", N, "unsaid", _all(_without(RUN, "database"), NO_META)),
    _of("5.6.3", P, "DISKANN"),
    _of("5.6.3", X, "open", **OPEN),
    _of("5.6.3", F, "lower case", lambda f: f.move("/DISKANN/", "/diskann/")),
    _of("5.6.3", F, "other folder", lambda f: f.move("/DISKANN/", "/IVF_FLAT/")),
    _of("5.6.3", F, "other index", _one(RUN, "index_type", to="FLAT"), says="FLAT"),
    _of("5.6.3", N, "unsaid", _all(_without(RUN, "index_type"), NO_META)),
    _of("5.6.4", P, "as shipped"),
    _of(
        "5.6.4",
        P,
        "allowed",
        _set(RUN_META, "override_parameters", to={"run.mode": "x"}),
    ),
    _of("5.6.4", X, "open", **OPEN),
    _of(
        "5.6.4",
        F,
        "not listed",
        _set(RUN_META, "override_parameters", to={"dataset.num_vectors": 5}),
        says="num_vectors",
    ),
    _of("5.6.4", F, "sweep", _set(RUN_META, "args", "benchmark_mode", to="sweep")),
    _of("5.6.4", F, "zipfian", _set(LOAD_META, "args", "distribution", to="zipfian")),
    _of("5.6.4", N, "no metadata", NO_META),
    _of("5.6.5", P, "milvus", **OPEN),
    _of("5.6.5", X, "closed"),
    _of(
        "5.6.5",
        F,
        "not listed",
        _set(RUN_META, "override_parameters", to={"dataset.dimension": 5}),
        **OPEN,
    ),
    _of("5.6.5", F, "unknown", _one(RUN, "database", "database", to="own"), **OPEN),
    _of(
        "5.6.5", W, "pgvector", _set(RUN, "database", "database", to="pgvector"), **OPEN
    ),
    _of("5.6.5", N, "no metadata", NO_META, **OPEN),
)
EXEMPT = {
    "5.3.1": (
        frozenset({Verdict.NO_EVIDENCE}),
        "the runs themselves are counted; without one there are too few",
    )
}
