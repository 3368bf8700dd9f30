"""Small published checkpointing trees, complete and right."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean, pstdev
from typing import Any

from tests.stored.files import Files, iso, stamp
from tests.stored.parts import (
    ORG,
    RESULTS_DIR,
    SYSTEM,
    cluster,
    code_image,
    dlio_config,
    fs_separation,
    manifest,
    provenance,
    system,
    typed,
)

START = datetime(2026, 7, 24, 12, 0, 0)
FOLDER = "/mnt/checkpoints"
MEMORY_GIB = 100
CHECKPOINTS = 10
RATES = {
    "io_mean_GB_per_second": "B/W (GiB/s)",
    "duration_mean_seconds": "Duration (secs)",
}


@dataclass(frozen=True)
class Model:
    """A model as published: ranks, GiB of one checkpoint, its template."""

    ranks: int
    gib: float
    template: str
    layers: int
    hidden: int
    ffn: int
    heads: int
    kv_heads: int
    tensor: int
    pipeline: int
    zero: int


MODELS = {
    "llama3-8b": Model(8, 104.70452117919922, "8b", 32, 4096, 14336, 32, 8, 1, 1, 3),
    "llama3-70b": Model(64, 911.2121276855469, "70b", 80, 8192, 28672, 128, 8, 8, 1, 3),
    "llama3-405b": Model(
        512, 5292.248718261719, "405b", 126, 16384, 53248, 128, 8, 8, 32, 1
    ),
}


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One run of the tool: what it does, when it starts, and on what."""

    moment: datetime
    writes: int
    reads: int
    model: str
    ranks: int
    hosts: int
    gib: float
    division: str

    @property
    def end(self) -> datetime:
        """When DLIO ends: 15 s to start, 5 s before each of its checkpoints."""
        busy = self.writes * (5 + 8.5) + self.reads * (5 + 5.5)
        return self.moment + timedelta(seconds=15 + busy)


def checkpointing_v3(  # noqa: PLR0913 - one for each thing a tree may have otherwise
    model: str = "llama3-8b",
    *,
    split: bool = True,
    ranks: int = 0,
    gib: float = 0.0,
    hosts: int = 1,
    division: str = "closed",
) -> Files:
    """Make a result of 10 writes and 10 reads, in two invocations or in one."""
    files, pointer = code_image()
    files.update(system(hosts=hosts, memory_gib=MEMORY_GIB, division=division))
    base = f"{division}/{ORG}"
    folder = f"{base}/results/{SYSTEM}/checkpointing/{model}"
    known = MODELS[model]
    phases = [(CHECKPOINTS, 0), (0, CHECKPOINTS)] if split else [(CHECKPOINTS,) * 2]
    moment, metrics = START, {}
    for writes, reads in phases:
        run = Invocation(
            moment=moment,
            writes=writes,
            reads=reads,
            model=model,
            ranks=ranks or known.ranks,
            hosts=hosts,
            gib=gib or known.gib,
            division=division,
        )
        metrics |= _invocation(files, folder, pointer, run)
        moment = run.end + timedelta(seconds=7)
    files[f"{folder}/results.json"] = [_row(model, metrics)]
    files[f"{base}/results/results.json"] = files[f"{folder}/results.json"]
    files[f"{base}/submission.yaml"] = manifest(files, base)
    return files


def _row(model: str, metrics: dict[str, float]) -> dict[str, Any]:
    """Row of the official table, of two decimals."""
    phases = (("save", "Write"), ("load", "Read"))
    return {
        "Public ID": "v3.0-0002",
        "System": SYSTEM,
        "Benchmark": "checkpointing",
        "Model": model,
        **{
            f"{column} {title}": round(metrics[f"{kind}_checkpoint_{name}"], 2)
            for kind, column in phases
            for name, title in RATES.items()
        },
    }


def parameters(model: str, writes: int, reads: int) -> dict[str, Any]:
    """Resolved parameters; the counts are text, as overrides often are."""
    known = MODELS[model]
    return {
        "model": {
            "name": f"llama_{known.template}",
            "type": "transformer",
            "num_layers": known.layers,
            "model_datatype": "fp16",
            "optimizer_datatype": "fp32",
            "parallelism": {
                "tensor": known.tensor,
                "pipeline": known.pipeline,
                "zero_stage": known.zero,
            },
            "transformer": {
                "vocab_size": 128256,
                "hidden_size": known.hidden,
                "ffn_hidden_size": known.ffn,
                "num_attention_heads": known.heads,
                "num_kv_heads": known.kv_heads,
            },
        },
        "framework": "pytorch",
        "workflow": {"generate_data": False, "train": False, "checkpoint": True},
        "checkpoint": {
            "checkpoint_folder": f"{FOLDER}/{model}",
            "time_between_checkpoints": 5,
            "num_checkpoints_write": str(writes),
            "num_checkpoints_read": str(reads),
            "fsync": True,
        },
    }


def _overrides(run: Invocation) -> dict[str, str]:
    return {
        "checkpoint.num_checkpoints_read": str(run.reads),
        "checkpoint.num_checkpoints_write": str(run.writes),
        "checkpoint.checkpoint_folder": f"{FOLDER}/{run.model}",
    }


def _metadata(run: Invocation) -> dict[str, Any]:
    after = cluster(run.hosts, MEMORY_GIB)
    after["collection_timestamp"] = iso(run.end + timedelta(seconds=1)) + "Z"
    return {
        "benchmark_type": "checkpointing",
        "model": run.model,
        "command": "run",
        "run_datetime": stamp(run.moment),
        "num_processes": run.ranks,
        "accelerator": "b200",
        "result_dir": f"{RESULTS_DIR}/{stamp(run.moment)}",
        "parameters": parameters(run.model, run.writes, run.reads),
        "override_parameters": _overrides(run),
        "system_info": cluster(run.hosts, MEMORY_GIB),
        "cluster_snapshots": {
            "start": cluster(run.hosts, MEMORY_GIB),
            "end": after,
        },
        "runtime": (run.end - run.moment).total_seconds(),
        "invocation_start_time": iso(run.moment),
        "invocation_end_time": iso(run.end + timedelta(seconds=2)),
        "verification": run.division.upper(),
        "args": {
            "mode": run.division,
            "benchmark": "checkpointing",
            "command": "run",
            "hosts": [f"10.0.0.{n + 1}" for n in range(run.hosts)],
            "client_host_memory_in_gb": float(MEMORY_GIB),
            "num_client_hosts": run.hosts,
            "model": run.model,
            "num_processes": run.ranks,
            "accelerator_type": "b200",
            "results_dir": RESULTS_DIR,
            "checkpoint_folder": FOLDER,
            "num_checkpoints_write": run.writes,
            "num_checkpoints_read": run.reads,
            "data_access_protocol": "file",
            "systemname": SYSTEM,
            "orgname": ORG,
            "loops": 1,
        },
    }


def _invocation(
    files: Files, folder: str, pointer: str, run: Invocation
) -> dict[str, float]:
    """Write one leaf and return its metrics: rank 0's times, as DLIO reports."""
    leaf = f"{folder}/{stamp(run.moment)}"
    summary = _summary(run)
    name = f"checkpointing_{stamp(run.moment)}"
    files[f"{leaf}/summary.json"] = summary
    files[f"{leaf}/{name}_metadata.json"] = _metadata(run)
    files[f"{leaf}/{name}_timeseries.json"] = {"samples": []}
    for rank in range(min(run.ranks, 8)):
        files[f"{leaf}/{rank}_per_epoch_stats.json"] = _epochs(run, rank)
        files[f"{leaf}/{rank}_output.json"] = {"hostname": "client1"}
    files[f"{leaf}/.mlps-code-image"] = pointer
    files[f"{leaf}/provenance.json"] = provenance(pointer)
    files[f"{leaf}/fs_separation.json"] = fs_separation(FOLDER, RESULTS_DIR)
    files[f"{leaf}/mlpstorage.log"] = f"{iso(run.moment)} started\n"
    files[f"{leaf}/mlpstorage.errors.log"] = ""
    logs = ("checkpointing_run.stdout.log", "checkpointing_run.stderr.log", "dlio.log")
    files.update({f"{leaf}/{log}": "log\n" for log in logs})
    template = f"llama3_{MODELS[run.model].template}"
    resolved = typed(parameters(run.model, run.writes, run.reads))
    dlio_config(files, f"{leaf}/dlio_config", template, resolved, _overrides(run))
    metric: dict[str, float] = summary["metric"]
    return metric


def _durations(run: Invocation, kind: str, rank: int) -> list[float]:
    """Seconds of each checkpoint: later ranks are slower, each time a little."""
    many, base = (run.writes, 8.0) if kind == "save" else (run.reads, 5.0)
    return [round(base + 0.03 * n + 0.01 * rank, 6) for n in range(many)]


def _summary(run: Invocation) -> dict[str, Any]:
    metric: dict[str, float] = {}
    for kind in ("save", "load"):
        durations = _durations(run, kind, 0)
        if not durations:
            continue
        rates = [run.gib / seconds for seconds in durations]
        metric |= {
            f"{kind}_checkpoint_io_mean_GB_per_second": fmean(rates),
            f"{kind}_checkpoint_io_stdev_GB_per_second": pstdev(rates),
            f"{kind}_checkpoint_duration_mean_seconds": fmean(durations),
            f"{kind}_checkpoint_duration_stdev_seconds": pstdev(durations),
        }
    memory = [float(MEMORY_GIB * run.hosts)] + [0.0] * (run.hosts - 1)
    return {
        "start": iso(run.moment + timedelta(seconds=15)),
        "num_accelerators": run.ranks,
        "num_hosts": run.hosts,
        "hostname": "client1",
        "metric": {**metric, "checkpoint_size_GB": run.gib},
        "num_files_train": 8,
        "num_files_eval": 0,
        "num_samples_per_file": 1,
        "host_cpu_count": [64] * run.hosts,
        "host_memory_GB": memory,
        "data_size_per_host_GB": 0.0,
        "epochs": 0,
        "end": iso(run.end),
    }


def _epochs(run: Invocation, rank: int) -> dict[str, Any]:
    clock = run.moment + timedelta(seconds=15)
    epoch: dict[str, Any] = {"start": iso(clock)}
    for kind in ("save", "load"):
        for number, seconds in enumerate(_durations(run, kind, rank), 1):
            start = clock + timedelta(seconds=5)
            clock = start + timedelta(seconds=seconds)
            epoch[f"{kind}_ckpt{number}"] = {
                "start": iso(start),
                "end": iso(clock),
                "duration": seconds,
                "throughput": run.gib / seconds,
            }
    epoch["end"] = iso(clock)
    return {"1": epoch}
