"""Trees with the files that the structure rules look at, and no numbers in them."""

from datetime import datetime, timedelta
from typing import Any

from tests.stored.files import Files, iso, stamp
from tests.stored.parts import (
    HOST_MEMORY_GIB,
    HOSTS,
    ORG,
    SYSTEM,
    code_image,
    dlio_config,
    fs_separation,
    manifest,
    provenance,
    system,
)
from tests.stored.trees import training_v3

START = datetime(2026, 7, 23, 14, 0, 0)
PRUNED = "PRUNED BY STAFF\n"
TRAINING_HASH = "0d3ad0dec188becd"
"""Hash of the class unet3d-b200-A, which the parameters of `training_v3` have."""


def stamped(files: Files, allowlist: str, found: str) -> Files:
    """Stamp the hash of their workload into all runs."""
    hashed = {"allowlist": allowlist, "hash": found, "keys": ["framework"]}
    return files.change(
        "*/run/*/provenance.json", lambda p: p["core_config"].update(hashed)
    )


def hashed_training() -> Files:
    """Training tree whose runs are stamped with the hash of their workload."""
    return stamped(training_v3(), "training@1", TRAINING_HASH)


def checkpointing(model: str = "llama3-8b") -> Files:
    """Checkpoints written and read in two invocations."""
    files, pointer = code_image()
    files.update(system())
    base = f"closed/{ORG}/results/{SYSTEM}/checkpointing/{model}"
    for number in range(2):
        moment = START + timedelta(minutes=5 * number)
        leaf = f"{base}/{stamp(moment)}"
        name = f"checkpointing_{stamp(moment)}_metadata.json"
        _leaf(files, leaf, pointer, name, _metadata("checkpointing", model, moment))
        files[f"{leaf}/0_per_epoch_stats.json"] = {}
        files[f"{leaf}/0_output.json"] = {}
        for log in ("checkpointing_run.stdout.log", "checkpointing_run.stderr.log"):
            files[f"{leaf}/{log}"] = "log\n"
        files[f"{leaf}/dlio.log"] = "log\n"
        files[f"{leaf}/summary.json"] = {
            "num_hosts": HOSTS,
            "host_memory_GB": [HOSTS * float(HOST_MEMORY_GIB)] + [0.0] * (HOSTS - 1),
        }
        dlio_config(files, f"{leaf}/dlio_config", "llama3_8b", {}, {})
    files[f"{base}/results.json"] = [{"Public ID": "v3.0-0002"}]
    return _finished(files)


def vector_database() -> Files:
    """Five runs of one index."""
    files, pointer = code_image()
    files.update(system())
    base = f"closed/{ORG}/results/{SYSTEM}/vector_database/milvus/DISKANN/run"
    for number in range(5):
        moment = START + timedelta(minutes=5 * number)
        leaf = f"{base}/{stamp(moment)}"
        name = f"vector_database_{stamp(moment)}_metadata.json"
        _leaf(
            files, leaf, pointer, name, _metadata("vector_database", "DISKANN", moment)
        )
        files[f"{leaf}/summary.json"] = {"recall": 0.9}
    return _finished(files)


def _metadata(kind: str, model: str, moment: datetime) -> dict[str, Any]:
    return {
        "benchmark_type": kind,
        "model": model,
        "command": "run",
        "provenance_file": "provenance.json",
        "invocation_start_time": iso(moment),
        "args": {"mode": "closed", "orgname": ORG},
    }


def _leaf(
    files: Files, leaf: str, pointer: str, name: str, metadata: dict[str, Any]
) -> None:
    files[f"{leaf}/{name}"] = metadata
    files[f"{leaf}/.mlps-code-image"] = pointer
    files[f"{leaf}/provenance.json"] = provenance(pointer)
    files[f"{leaf}/fs_separation.json"] = fs_separation()


def _finished(files: Files) -> Files:
    files[f"closed/{ORG}/submission.yaml"] = manifest(files, f"closed/{ORG}")
    return files
