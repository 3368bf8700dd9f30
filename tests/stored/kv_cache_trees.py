"""A KV cache's published tree, complete and right, for tests to spoil."""

from datetime import datetime
from statistics import fmean
from typing import Any

from tests.stored.trees import (
    ORG,
    RESULTS_DIR,
    SYSTEM,
    Files,
    code_image,
    iso,
    manifest,
    provenance,
    stamp,
    system,
)

START = datetime(2026, 7, 24, 9, 0, 0)
CACHE = "/mnt/storage/kv"
HOSTS, ON_EACH, TRIALS = 2, 2, 3
RANKS = HOSTS * ON_EACH
WRAPPER = "/opt/storage/kv_cache_benchmark"
OPTIONS: dict[int, dict[str, str]] = {
    1: {"model": "llama3.1-8b", "num-users": "200", "cpu-mem-gb": "0", "allocs": "16"},
    2: {"model": "llama3.1-8b", "num-users": "100", "cpu-mem-gb": "4", "allocs": "16"},
    3: {
        "model": "llama3.1-70b-instruct",
        "num-users": "70",
        "cpu-mem-gb": "0",
        "allocs": "4",
    },
}
MODEL = "llama3.1-8b"


def kv_cache(*, division: str = "closed", older: bool = False) -> Files:
    """One run of 3 options, 3 trials and 4 ranks on 2 hosts, as the tool writes it.

    `older` is the tool before device latencies: its summary has one latency.
    """
    files, pointer = code_image()
    files.update(system(division=division))
    base = f"{division}/{ORG}"
    leaf = f"{base}/results/{SYSTEM}/kv_cache/{MODEL}/run/{stamp(START)}"
    files[f"{leaf}/.mlps-code-image"] = pointer
    files[f"{leaf}/provenance.json"] = provenance(pointer)
    for host in range(HOSTS):
        files[f"{leaf}/.fs_probe/0123abcd__rank{host}__client{host + 1}.ok"] = "x"
    options = {}
    for option in OPTIONS:
        for trial in range(TRIALS):
            for rank in range(RANKS):
                folder = f"{leaf}/option_{option}/trial_{trial}/rank_{rank}"
                files[f"{folder}/kvcache_results_{stamp(START)}.json"] = rank_result(
                    option, trial, rank
                )
        options[str(option)] = _aggregate(option, older=older)
    files[f"{leaf}/summary.json"] = {
        "schema_version": "1.0",
        "run_datetime": stamp(START),
        "npernode": ON_EACH,
        "host_count": HOSTS,
        "total_ranks": RANKS,
        "trials_per_option": TRIALS,
        "options": options,
        "partial_failure": False,
        "trial_failures": {},
    }
    files[f"{leaf}/kv_cache_{stamp(START)}_metadata.json"] = _metadata(
        leaf, pointer, division
    )
    files[f"{base}/submission.yaml"] = manifest(files, base)
    return files


def alone(*, division: str = "closed") -> Files:
    """The same by one rank on one host."""
    files = kv_cache(division=division)
    files.drop("*/rank_[1-9]/*", "*/.fs_probe/*")

    def shrink(summary: dict[str, Any]) -> None:
        summary.update(npernode=1, host_count=1, total_ranks=1)
        for number, option in summary["options"].items():
            option.update(_aggregate(int(number), ranks=1))

    files.change("*/kv_cache/*/summary.json", shrink)

    def one(metadata: dict[str, Any]) -> None:
        metadata["num_processes"] = 1
        metadata["args"].update(
            hosts=["client1"], num_processes=None, num_client_hosts=1
        )
        for item in metadata["command_output_files"]:
            item["command"] = item["command"].replace("-n 4 ", "-n 1 ")

    return files.change("*_metadata.json", one)


def rank_result(option: int, trial: int, rank: int) -> dict[str, Any]:
    """What one rank writes: every latency, and the totals that count."""
    step = option + trial / 10 + rank / 100
    return {
        "requests_completed": 888,
        "end_to_end_latencies": [0.1 * n for n in range(50)],
        "storage_latencies": [0.01 * n for n in range(50)],
        "seed": 42 + rank,
        "summary": {
            "total_requests": 888,
            "avg_throughput_tokens_per_sec": 500 + step,
            "storage_throughput_tokens_per_sec": 80 + step,
            "storage_io_latency_ms": {"mean": 1900.0, "p95": 7600 + step},
            "cache_stats": {
                "storage_entries": 855,
                "tier_storage_read_bandwidth_gbps": 1.2 + step,
                "tier_storage_write_bandwidth_gbps": 0.5 + step,
                "storage_read_device_p95_ms": 890 + step,
                "storage_write_device_p95_ms": 680 + step,
            },
            "autoscaling_stats": [],
            "autoscaling_summary": None,
        },
    }


def _aggregate(
    option: int, *, ranks: int = RANKS, older: bool = False
) -> dict[str, Any]:
    each = [
        [rank_result(option, trial, rank)["summary"] for rank in range(ranks)]
        for trial in range(TRIALS)
    ]

    def mean(*path: str) -> float:
        return fmean(sum(_at(result, path) for result in trial) for trial in each)

    def worst(*path: str) -> float:
        return max(_at(result, path) for trial in each for result in trial)

    latencies = {
        "aggregated_device_read_p95_ms": worst(
            "cache_stats", "storage_read_device_p95_ms"
        ),
        "aggregated_device_write_p95_ms": worst(
            "cache_stats", "storage_write_device_p95_ms"
        ),
    }
    if older:
        latencies = {"aggregated_p95_latency_ms": worst("storage_io_latency_ms", "p95")}
    return {
        "option": option,
        "aggregated_read_bandwidth_gbps": mean(
            "cache_stats", "tier_storage_read_bandwidth_gbps"
        ),
        "aggregated_write_bandwidth_gbps": mean(
            "cache_stats", "tier_storage_write_bandwidth_gbps"
        ),
        "aggregated_avg_throughput_tokens_per_sec": mean(
            "avg_throughput_tokens_per_sec"
        ),
        "aggregated_storage_throughput_tokens_per_sec": mean(
            "storage_throughput_tokens_per_sec"
        ),
        **latencies,
        "rank_count": ranks,
        "trial_count": TRIALS,
        "partial_failure": False,
        "missing_files": [],
        "cpu_tier_ranks": [],
    }


def _at(result: dict[str, Any], path: tuple[str, ...]) -> float:
    for key in path:
        result = result[key]
    return result  # type: ignore[return-value]


def command(leaf: str, option: int, trial: int) -> str:
    """What the tool executes for one trial of one option."""
    values = OPTIONS[option]
    return (
        f"mpirun -n {RANKS} -host client1:{ON_EACH},client2:{ON_EACH}"
        f" --npernode {ON_EACH} --bind-to none /opt/storage/.venv/bin/python3"
        f" {WRAPPER}/mlperf_wrapper.py"
        f" --rank-output-base /results/{leaf}/option_{option}/trial_{trial}"
        f" --rank-cache-base {CACHE} --seed-base 42 --config {WRAPPER}/config.yaml"
        f" --model {values['model']} --num-users {values['num-users']} --duration 300"
        f" --gpu-mem-gb 0 --cpu-mem-gb {values['cpu-mem-gb']}"
        f" --max-concurrent-allocs {values['allocs']} --generation-mode none"
    )


def _metadata(leaf: str, pointer: str, division: str) -> dict[str, Any]:
    probe = "mpirun -n 2 -host client1:1,client2:1 python3 -c 'import os; print(1)'"
    commands = [
        {
            "command": command(leaf, option, trial),
            "stdout": f"/results/kvcache_opt{option}_trial{trial}_x.stdout.log",
        }
        for option in OPTIONS
        for trial in range(TRIALS)
    ]
    return {
        "benchmark_type": "kv_cache",
        "model": MODEL,
        "command": "run",
        "run_datetime": stamp(START),
        "num_processes": RANKS,
        "parameters": {
            "model": MODEL,
            "num_users": 100,
            "duration": 60,
            "cache_dir": CACHE,
        },
        "override_parameters": {},
        "result_dir": f"{RESULTS_DIR}/{leaf}",
        "invocation_start_time": iso(START),
        "verification": None,
        "command_output_files": [{"command": probe, "stdout": "/results/x"}, *commands],
        "args": {
            "mode": division,
            "benchmark": "kvcache",
            "command": "run",
            "cache_dir": CACHE,
            "results_dir": RESULTS_DIR,
            "systemname": SYSTEM,
            "orgname": ORG,
            "num_processes": RANKS,
            "hosts": ["client1", "client2"],
            "num_client_hosts": HOSTS,
            "gpu_mem_gb": 16.0,
            "cpu_mem_gb": 32.0,
            "num_users": 100,
            "duration": 60,
            "generation_mode": "realistic",
            "enable_rag": True,
            "enable_autoscaling": True,
            "seed": 42,
            "trials": TRIALS,
            "inter_option_delay": 90,
            "allow_invalid_params": False,
            "params": "",
            "_validated_pool_hash": pointer.rpartition(":")[2],
        },
    }
