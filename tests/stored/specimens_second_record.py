"""Trees in which one of several records says otherwise, by the rules that read both."""

from collections.abc import Callable
from copy import deepcopy

from rules.rule import Scope
from tests.stored.files import Files
from tests.stored.plain_trees import TRAINING_HASH, stamped
from tests.stored.specimen import StoredSpecimen
from tests.stored.specimens_records import (
    CONFIG,
    FAIL,
    GAP,
    METADATA,
    WARN,
    of,
    setting,
)
from tests.stored.trees import training_v1, training_v3


def first_item(pattern: str, first: str) -> Callable[[Files], object]:
    """Set the first item of every matching list."""
    return lambda files: files.change(
        pattern, lambda found: found.__setitem__(0, first)
    )


def deepcopied(files: Files) -> Files:
    """Tree in which no two files share their content."""
    return Files({path: deepcopy(content) for path, content in files.items()})


SPECIMENS: tuple[StoredSpecimen, ...] = (
    of(
        "3.6.2",
        Scope.TRAINING,
        FAIL,
        "config.yaml behind right metadata",
        setting(CONFIG, "workload", "train", "computation_time", to=0.5),
        "train.computation_time",
    ),
    of(
        "3.6.2",
        Scope.TRAINING,
        FAIL,
        "checkpoints later than the template has them",
        setting(
            "*/run3/configs/config.yaml",
            "workload",
            "checkpoint",
            "checkpoint_after_epoch",
            to=50,
        ),
        "checkpoint_after_epoch",
        make=training_v1,
        edition="1.0",
    ),
    of(
        "2.1.11",
        Scope.TRAINING,
        FAIL,
        "a template of their own",
        first_item("*/run/*/dlio_config/overrides.yaml", "workload=mine"),
        "template mine",
    ),
    of(
        "3.3.1",
        Scope.TRAINING,
        FAIL,
        "generated shorter records",
        setting(
            "*/datagen/*/*_metadata.json",
            "parameters",
            "dataset",
            "record_length_bytes",
            to=1000,
        ),
        "record_length_bytes",
    ),
    of(
        "4.3.3",
        Scope.CHECKPOINTING,
        FAIL,
        "template of another model",
        first_item("*/dlio_config/overrides.yaml", "workload=llama3_70b"),
        "llama3_70b",
    ),
    of(
        "4.6.3",
        Scope.CHECKPOINTING,
        FAIL,
        "verified as open",
        setting(METADATA, "verification", to="OPEN"),
        "verified it as OPEN",
    ),
    of(
        "5.6.4",
        Scope.VECTOR_DATABASE,
        FAIL,
        "verified as invalid",
        setting(METADATA, "verification", to="invalid"),
        "verified it as INVALID",
    ),
    of(
        "6.6.1",
        Scope.KV_CACHE,
        WARN,
        "verified as open",
        setting(METADATA, "verification", to="OPEN"),
        "verified it as OPEN",
    ),
    of(
        "5.3.3",
        Scope.VECTOR_DATABASE,
        FAIL,
        "ended before its time",
        setting("*/run/*_metadata.json", "args", "runtime", to=600),
        "to be timed for 600 s",
    ),
    of(
        "5.3.5",
        Scope.VECTOR_DATABASE,
        FAIL,
        "not valid",
        setting("*/result_verdict.json", "valid", to=False),
        "not valid",
    ),
    of(
        "6.3.4.1",
        Scope.KV_CACHE,
        WARN,
        "an option that failed in part",
        setting(
            "*/kv_cache/*/summary.json", "options", "2", "partial_failure", to=True
        ),
        "option 2: partial_failure",
    ),
    of(
        "RPT-01",
        Scope.ORGANISATION,
        FAIL,
        "another number than the workload's table",
        lambda files: files["closed/acme/results/results.json"][0].update(
            {"Read B/W (GiB/s)": 1e6}
        ),
        "Read B/W",
        make=lambda: deepcopied(training_v3()),
    ),
    of(
        "EDN-02",
        Scope.TRAINING,
        GAP,
        "hashed by an allowlist of which nothing is known",
        make=lambda: stamped(training_v3(), "training@9", TRAINING_HASH),
        says="no table is known",
    ),
    of(
        "EV-05",
        Scope.TRAINING,
        FAIL,
        "an epoch that starts before the last one ended",
        setting("*/0_per_epoch_stats.json", "3", "start", to="2026-07-24T00:00:00"),
        "backwards",
    ),
    of(
        "EV-05",
        Scope.TRAINING,
        FAIL,
        "one rank without an epoch",
        lambda files: files.change(
            "*/3_per_epoch_stats.json", lambda found: found.pop("5")
        ),
        "epochs",
        make=lambda: deepcopied(training_v3()),
    ),
    of(
        "EV-05",
        Scope.CHECKPOINTING,
        FAIL,
        "a checkpoint that ended later than its duration says",
        setting(
            "*/20260724_120000/7_per_epoch_stats.json",
            "1",
            "save_ckpt10",
            "end",
            to="2026-07-24T12:03:00",
        ),
        "ckpt10 duration",
    ),
)
