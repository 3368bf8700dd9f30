"""A vector database's published tree, complete and right, for tests to spoil."""

from datetime import datetime, timedelta
from typing import Any

from tests.stored.trees import (
    ORG,
    RESULTS_DIR,
    SYSTEM,
    Files,
    code_image,
    fs_separation,
    iso,
    manifest,
    provenance,
    stamp,
    system,
)

LOADED = datetime(2026, 7, 24, 6, 0, 0)
START = datetime(2026, 7, 24, 8, 0, 0)
STORAGE = "/mnt/storage/db"
INDEX = "DISKANN"
VECTORS, DIMENSION = 1_000_000, 1536
RANKS, BATCH = 4, 100
RECALL = 0.57
COLLECTION = "mlps_1m_1shards_1536dim_uniform"
ARGS: dict[str, Any] = {
    "mode": "closed",
    "benchmark": "vectordb",
    "vdb_engine": "milvus",
    "vdb_index": INDEX,
    "collection": COLLECTION,
    "results_dir": RESULTS_DIR,
    "systemname": SYSTEM,
    "orgname": ORG,
    "data_access_protocol": "file",
    "storage_root": STORAGE,
    "storage_type": "local_fs",
    "allow_invalid_params": False,
}


def vector_database(*, division: str = "closed") -> Files:
    """One load and five runs of 4 clients, as the tool writes them."""
    files, base, pointer = _start(division)
    load = f"{base}/datagen/{stamp(LOADED)}"
    _leaf(files, load, pointer, _load_args(), division)
    files[f"{load}/summary.json"] = {
        "num_vectors": VECTORS,
        "dimension": DIMENSION,
        "inserted_vectors": VECTORS,
        "index_type": INDEX,
        "database": {"database": "milvus"},
    }
    for number in range(5):
        moment = START + timedelta(minutes=2 * number)
        leaf = f"{base}/run/{stamp(moment)}"
        _leaf(files, leaf, pointer, _run_args(), division)
        statistics = multi_node(moment, number)
        files[f"{leaf}/vectordb/simple/vdb_multi_node_summary.json"] = statistics
        files[f"{leaf}/summary.json"] = _summary(statistics)
        files[f"{leaf}/result_verdict.json"] = verdict()
    return _finished(files, division)


def single_client(*, division: str = "closed") -> Files:
    """The same by one client, for which the tool writes no summary.json."""
    files, base, pointer = _start(division)
    _leaf(files, f"{base}/datagen/{stamp(LOADED)}", pointer, _load_args(), division)
    for number in range(5):
        leaf = f"{base}/run/{stamp(START + timedelta(minutes=2 * number))}"
        _leaf(files, leaf, pointer, _run_args(), division)
        queries, time_s = 8600 + number, 60.01
        recall = {"recall_at_k": RECALL, "mean_recall": RECALL, "max_recall": 0.9}
        files[f"{leaf}/recall_stats.json"] = recall
        files[f"{leaf}/statistics.json"] = {
            "total_queries": queries,
            "total_time_seconds": time_s,
            "throughput_qps": queries / time_s,
            **_latencies(number),
            "recall": recall,
        }
        files[f"{leaf}/config.json"] = {"vector_dim": DIMENSION, "index_type": INDEX}
        files[f"{leaf}/result_verdict.json"] = verdict()
    return _finished(files, division)


def verdict() -> dict[str, Any]:
    """Ground truth that covers the whole collection."""
    return {
        "result": "valid",
        "valid": True,
        "num_queries_evaluated": 1000,
        "flat_setup": {
            "ok": True,
            "coverage": 1.0,
            "total_vectors": VECTORS,
            "copied_vectors": VECTORS,
            "had_recoverable_error": False,
            "reason": "",
            "reused": False,
        },
    }


def multi_node(moment: datetime, number: int) -> dict[str, Any]:
    """Statistics of all clients: queries added up over the time of all."""
    start = moment.timestamp()
    ranks = [
        {
            "start_time": start + 0.01 * rank,
            "end_time": start + 62.5 + 0.02 * rank,
            "successful_batches": 90 + rank + number,
            "total_queries": BATCH * (90 + rank + number),
        }
        for rank in range(RANKS)
    ]
    queries = sum(rank["total_queries"] for rank in ranks)
    time_s = max(r["end_time"] for r in ranks) - min(r["start_time"] for r in ranks)
    return {
        "total_queries": queries,
        "total_time_seconds": time_s,
        "throughput_qps": queries / time_s,
        **_latencies(number),
        "recall": {"mean_recall": RECALL, "max_recall": 0.9, "min_recall": 0.1},
        "rank_summaries": ranks,
    }


def _latencies(number: int) -> dict[str, float]:
    return {
        "mean_latency_ms": 6.1 + number / 10,
        "p95_latency_ms": 18.2,
        "p99_latency_ms": 112.9,
        "p999_latency_ms": 167.3,
    }


def _summary(statistics: dict[str, Any]) -> dict[str, Any]:
    taken = ("throughput_qps", "total_time_seconds", *_latencies(0))
    return {
        "num_vectors": VECTORS,
        "dimension": DIMENSION,
        "inserted_vectors": VECTORS,
        "index_type": INDEX,
        "database": {"database": "milvus"},
        "query_count": statistics["total_queries"],
        "recall": statistics["recall"]["mean_recall"],
        **{key: statistics[key] for key in taken},
    }


def _load_args() -> dict[str, Any]:
    return {
        **ARGS,
        "command": "datagen",
        "dimension": DIMENSION,
        "num_vectors": VECTORS,
        "index_type": INDEX,
        "distribution": "uniform",
    }


def _run_args() -> dict[str, Any]:
    return {
        **ARGS,
        "command": "run",
        "benchmark_mode": "timed",
        "vector_dim": DIMENSION,
        "runtime": 60,
        "queries": None,
    }


def _start(division: str) -> tuple[Files, str, str]:
    files, pointer = code_image()
    files.update(system(division=division))
    base = f"{division}/{ORG}/results/{SYSTEM}/vector_database/milvus/{INDEX}"
    return files, base, pointer


def _leaf(
    files: Files, leaf: str, pointer: str, args: dict[str, Any], division: str
) -> None:
    moment = leaf.rpartition("/")[2]
    digest = pointer.rpartition(":")[2]
    files[f"{leaf}/.mlps-code-image"] = pointer
    files[f"{leaf}/provenance.json"] = provenance(pointer)
    files[f"{leaf}/fs_separation.json"] = fs_separation(STORAGE)
    files[f"{leaf}/vector_database_{moment}_metadata.json"] = {
        "benchmark_type": "vector_database",
        "model": f"milvus_{INDEX}",
        "command": args["command"],
        "run_datetime": moment,
        "result_dir": f"{RESULTS_DIR}/{leaf}",
        "parameters": {},
        "override_parameters": {},
        "invocation_start_time": iso(datetime.strptime(moment, "%Y%m%d_%H%M%S")),
        "verification": "CLOSED",
        "args": {**args, "mode": division, "_validated_pool_hash": digest},
    }


def _finished(files: Files, division: str) -> Files:
    base = f"{division}/{ORG}"
    files[f"{base}/submission.yaml"] = manifest(files, base)
    return files
