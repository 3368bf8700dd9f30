"""Rules of all categories: stamps, and what is recorded more than once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rules.finding import Verdict
from rules.rule import Scope
from tests.stored.checkpointing_trees import checkpointing_v3
from tests.stored.files import Files
from tests.stored.kv_cache_trees import kv_cache
from tests.stored.specimen import StoredSpecimen
from tests.stored.trees import training_v1, training_v3
from tests.stored.vector_database_trees import vector_database

Make = Callable[[], Files]
PASS, FAIL, WARN = Verdict.PASS, Verdict.FAIL, Verdict.WARN
GAP = Verdict.NO_EVIDENCE
METADATA = "*_metadata.json"
RUNS: dict[Scope, str] = {
    Scope.TRAINING: "*/run/*/",
    Scope.CHECKPOINTING: "*/checkpointing/*/",
    Scope.VECTOR_DATABASE: "*/run/*/",
    Scope.KV_CACHE: "*/run/*/",
}
MAKES: dict[Scope, Make] = {
    Scope.TRAINING: training_v3,
    Scope.CHECKPOINTING: checkpointing_v3,
    Scope.VECTOR_DATABASE: vector_database,
    Scope.KV_CACHE: kv_cache,
}


def of(  # noqa: PLR0913, PLR0917 - one for each field of a specimen
    rule_id: str,
    scope: Scope,
    verdict: Verdict,
    why: str,
    spoil: Callable[[Files], object] = lambda _: None,
    says: str = "",
    *,
    make: Make | None = None,
    edition: str = "3.0",
) -> StoredSpecimen:
    def build(folder: Path) -> Path:
        files = (make or MAKES[scope])()
        spoil(files)
        return files.write(folder)

    return StoredSpecimen(
        rule_id=rule_id,
        scope=scope,
        verdict=verdict,
        why=why,
        build=build,
        edition=edition,
        says=says,
    )


def setting(pattern: str, *path: str, to: object) -> Callable[[Files], object]:
    """Set a value in every matching file."""

    def edit(content: Any) -> None:
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = to

    return lambda files: files.change(pattern, edit)


def _only_summaries(files: Files) -> None:
    """Leave what says every fact once."""
    for path in list(files):
        if "/results/" in path and not path.endswith(("summary.json", "results.json")):
            del files[path]


def _second_metadata(files: Files) -> None:
    path = files.first(METADATA)
    files[path.replace("_metadata", "_b_metadata")] = files[path]


def _of_each_category() -> list[StoredSpecimen]:
    """Stamps and records are judged by the same functions in all categories."""
    found = []
    for scope, runs in RUNS.items():
        stamp = f"{runs}provenance.json"
        meta = f"{runs}{METADATA}"
        found += [
            of("EV-22", scope, PASS, "as the tool wrote it"),
            of(
                "EV-22",
                scope,
                WARN,
                "another mode",
                setting(meta, "args", "mode", to="whatif"),
                "division",
            ),
            of(
                "EV-22",
                scope,
                WARN,
                "another hour",
                setting(meta, "run_datetime", to="20260101_000000"),
                "start",
            ),
            of("PROV-01", scope, FAIL, "no schema", setting(stamp, "schema", to="x")),
            of(
                "EDN-01",
                scope,
                FAIL,
                "no edition",
                setting(stamp, "rules_edition", to="9"),
            ),
            of(
                "EDN-03",
                scope,
                WARN,
                "other DLIO",
                setting(stamp, "dlio", "commit", to="0"),
            ),
        ]
    return found


_TRAINING = Scope.TRAINING
CONFIG = "*/run/20260724_120800/dlio_config/config.yaml"
SPECIMENS: tuple[StoredSpecimen, ...] = (
    *_of_each_category(),
    of("EV-22", Scope.TRAINING, GAP, "summaries only", _only_summaries, "two places"),
    of(
        "EV-22",
        _TRAINING,
        WARN,
        "a parameter of config.yaml",
        setting(CONFIG, "workload", "reader", "read_threads", to=4),
        "reader.read_threads",
    ),
    of(
        "EV-22",
        _TRAINING,
        PASS,
        "numbers as text",
        setting(CONFIG, "workload", "reader", "read_threads", to="8"),
    ),
    of(
        "EV-22",
        _TRAINING,
        WARN,
        "hosts of another snapshot",
        setting("*/run/*_metadata.json", "system_info", "total_cores", to=2),
        "cores of all hosts",
    ),
    of("EV-22", _TRAINING, PASS, "of v1.0", make=training_v1, edition="1.0"),
    of(
        "EV-22",
        _TRAINING,
        WARN,
        "overrides of v1.0",
        lambda files: files.change(
            "*/run3/configs/overrides.yaml",
            lambda found: found.append("++workload.reader.batch_size=8"),
        ),
        "reader.batch_size",
        make=training_v1,
        edition="1.0",
    ),
    of(
        "EV-05",
        Scope.CHECKPOINTING,
        FAIL,
        "a mean rate",
        setting(
            "*/20260724_120000/summary.json",
            "metric",
            "save_checkpoint_io_mean_GB_per_second",
            to=99.0,
        ),
        "save_checkpoint_io_mean",
    ),
    of(
        "EV-05",
        Scope.VECTOR_DATABASE,
        FAIL,
        "a rate",
        setting("*/run/*/summary.json", "throughput_qps", to=1e6),
        "throughput_qps",
    ),
    of(
        "EV-05",
        Scope.KV_CACHE,
        FAIL,
        "a sum over ranks",
        setting(
            "*/kv_cache/*/summary.json",
            "options",
            "1",
            "aggregated_read_bandwidth_gbps",
            to=1e6,
        ),
        "aggregated_read_bandwidth_gbps",
    ),
    of(
        "LEAF-01",
        Scope.KV_CACHE,
        FAIL,
        "two metadata files",
        _second_metadata,
        "_b_metadata.json",
    ),
    of(
        "EDN-02",
        Scope.CHECKPOINTING,
        FAIL,
        "no class of checkpointing",
        setting(
            "*/checkpointing/*/provenance.json",
            "core_config",
            to={
                "allowlist": "checkpointing@1",
                "hash": "0" * 16,
                "keys": ["framework"],
            },
        ),
        "is of no class",
    ),
)
