"""Small published training trees, complete and right."""

from datetime import datetime, timedelta
from statistics import fmean, pstdev
from typing import Any

from tests.stored.files import Files, iso, stamp
from tests.stored.measured import (
    ACCELERATORS,
    BATCH,
    EPOCHS,
    FILES,
    RECORD_BYTES,
    run_v1,
    run_v3,
)
from tests.stored.parts import (
    CODE,
    DATA_DIR,
    HOST_MEMORY_GIB,
    HOSTS,
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


def training_v3(
    org: str = ORG, name: str = SYSTEM, *, division: str = "closed"
) -> Files:
    """unet3d on 4 b200, 2 hosts: datasize, datagen and 6 runs, as the tool writes."""
    files, pointer = code_image()
    files.update(system(org, name, division=division))
    base = f"{division}/{org}"
    model = f"{base}/results/{name}/training/unet3d"
    _datasize(files, f"{model}/datasize", pointer, division)
    _datagen(files, f"{model}/datagen", pointer, division)
    means = [
        _run_v3(files, f"{model}/run", pointer, START + timedelta(minutes=8 * n), n)
        for n in range(6)
    ]
    table = [table_row(name, means[1:])]
    files[f"{model}/run/results.json"] = table
    files[f"{base}/results/results.json"] = table
    files[f"{base}/submission.yaml"] = manifest(files, base)
    if division == "open":
        files.change("*_metadata.json", lambda m: m["args"].update(mode="open"))
    return files


def table_row(name: str, means: list[dict[str, float]]) -> dict[str, Any]:
    """Row of the official table: means over the measured runs."""
    io = fmean(m["train_io_mean_MB_per_second"] for m in means)
    au = fmean(m["train_au_mean_percentage"] for m in means)
    rate = fmean(m["train_throughput_mean_samples_per_second"] for m in means)
    return {
        "Public ID": "v3.0-0001",
        "category": "closed",
        "orgname": ORG,
        "systemname": name,
        "benchmark_type": "training",
        "model": "unet3d",
        "accelerator": "b200",
        "Read B/W (GiB/s)": round(io / 1024, 2),
        "train_mean_of_au_percentage": au,
        "train_mean_of_throughput_samples_per_second": rate,
    }


def _parameters(*, datagen: bool) -> dict[str, Any]:
    """Resolved parameters; what overrides set is text, as in real metadata."""
    found: dict[str, Any] = {
        "model": {"name": "unet3d", "type": "cnn", "model_size": 499153191},
        "framework": "pytorch",
        "workflow": {
            "generate_data": datagen,
            "train": not datagen,
            "checkpoint": False,
        },
        "dataset": {
            "data_folder": DATA_DIR,
            "format": "npz",
            "num_files_train": str(FILES),
            "num_samples_per_file": 1,
            "record_length_bytes": RECORD_BYTES,
            "record_length_bytes_stdev": 68341808,
            "record_length_bytes_resize": 2097152,
            "skip_listing": "True",
            "listing_validation_interval": "10",
        },
    }
    if not datagen:
        found |= {
            "reader": {
                "data_loader": "pytorch",
                "batch_size": BATCH,
                "read_threads": "8",
                "multiprocessing_context": "fork",
                "file_shuffle": "seed",
                "sample_shuffle": "seed",
            },
            "train": {"epochs": EPOCHS, "computation_time": 0.162},
            "checkpoint": {
                "checkpoint_folder": "checkpoints/unet3d",
                "checkpoint_after_epoch": 5,
                "epochs_between_checkpoints": 2,
            },
            "metric": {"au": 0.9},
        }
    return found


def _overrides(*, datagen: bool) -> dict[str, str]:
    found = {
        "dataset.num_files_train": str(FILES),
        "dataset.skip_listing": "True",
        "dataset.listing_validation_interval": "10",
        "dataset.data_folder": DATA_DIR,
    }
    return found if datagen else {**found, "reader.read_threads": "8"}


def _metadata(
    command: str, moment: datetime, seconds: float, division: str = "closed"
) -> dict[str, Any]:
    return {
        "benchmark_type": "training",
        "model": "unet3d",
        "command": command,
        "run_datetime": stamp(moment),
        "num_processes": ACCELERATORS,
        "accelerator": "b200" if command == "run" else None,
        "result_dir": f"{RESULTS_DIR}/{command}/{stamp(moment)}",
        "parameters": _parameters(datagen=command != "run"),
        "override_parameters": _overrides(datagen=command != "run"),
        "system_info": cluster() if command == "run" else None,
        "cluster_snapshots": {"start": cluster(), "end": cluster()}
        if command == "run"
        else None,
        "runtime": seconds,
        "invocation_start_time": iso(moment),
        "invocation_end_time": iso(moment + timedelta(seconds=seconds)),
        "verification": division.upper() if command == "run" else None,
        "args": {
            "mode": division,
            "benchmark": "training",
            "model": "unet3d",
            "command": command,
            "hosts": [f"10.0.0.{n + 1}" for n in range(HOSTS)],
            "client_host_memory_in_gb": float(HOST_MEMORY_GIB),
            "num_client_hosts": HOSTS,
            "num_accelerators": ACCELERATORS,
            "accelerator_type": "b200",
            "num_processes": ACCELERATORS,
            "data_dir": DATA_DIR,
            "results_dir": RESULTS_DIR,
            "data_access_protocol": "file",
            "systemname": SYSTEM,
            "orgname": ORG,
            "loops": 1,
        },
    }


def _datasize(files: Files, base: str, pointer: str, division: str) -> None:
    moment = START - timedelta(hours=3)
    leaf = f"{base}/{stamp(moment)}"
    files[f"{leaf}/training_{stamp(moment)}_metadata.json"] = _metadata(
        "datasize", moment, 1.0, division
    )
    _leaf_files(files, leaf, pointer, moment)
    del files[f"{leaf}/fs_separation.json"]


def _datagen(files: Files, base: str, pointer: str, division: str) -> None:
    moment = START - timedelta(hours=2)
    leaf = f"{base}/{stamp(moment)}"
    files[f"{leaf}/training_{stamp(moment)}_metadata.json"] = _metadata(
        "datagen", moment, 900.0, division
    )
    _leaf_files(files, leaf, pointer, moment)
    _logs(files, leaf, "training_datagen")
    dlio_config(
        files,
        f"{leaf}/dlio_config",
        "unet3d_datagen",
        typed(_parameters(datagen=True)),
        _overrides(datagen=True),
    )


def _run_v3(
    files: Files, base: str, pointer: str, moment: datetime, number: int
) -> dict[str, float]:
    leaf = f"{base}/{stamp(moment)}"
    summary, epochs = run_v3(moment + timedelta(seconds=20), number)
    end = datetime.fromisoformat(summary["end"]) + timedelta(seconds=2)
    seconds = (end - moment).total_seconds()
    files[f"{leaf}/summary.json"] = summary
    for rank in range(ACCELERATORS):
        files[f"{leaf}/{rank}_per_epoch_stats.json"] = epochs
        files[f"{leaf}/{rank}_output.json"] = {"hostname": "client1"}
    division = base.split("/", 1)[0]
    name = f"training_{stamp(moment)}"
    files[f"{leaf}/{name}_metadata.json"] = _metadata("run", moment, seconds, division)
    files[f"{leaf}/{name}_timeseries.json"] = {"samples": []}
    _leaf_files(files, leaf, pointer, moment)
    _logs(files, leaf, "training_run")
    dlio_config(
        files,
        f"{leaf}/dlio_config",
        "unet3d_b200",
        typed(_parameters(datagen=False)),
        _overrides(datagen=False),
    )
    metric: dict[str, float] = summary["metric"]
    return metric


def _leaf_files(files: Files, leaf: str, pointer: str, moment: datetime) -> None:
    """Files that every leaf of the newest tool has."""
    files[f"{leaf}/.mlps-code-image"] = pointer
    files[f"{leaf}/provenance.json"] = provenance(pointer)
    files[f"{leaf}/fs_separation.json"] = fs_separation()
    files[f"{leaf}/mlpstorage.log"] = f"{iso(moment)} started\n"
    files[f"{leaf}/mlpstorage.errors.log"] = ""


def _logs(files: Files, leaf: str, name: str) -> None:
    for log in (f"{name}.stdout.log", f"{name}.stderr.log", "dlio.log"):
        files[f"{leaf}/{log}"] = "log\n"


def training_v1(org: str = ORG, name: str = SYSTEM) -> Files:
    """unet3d on 4 h100: 5 runs in folders of the submitter's own naming."""
    files = Files()
    base = f"Closed/{org}"
    files[f"{base}/systems/{name}.json"] = {"nodes": []}
    files[f"{base}/systems/{name}.pdf"] = b"%PDF-1.7\n"
    files[f"{base}/code/main.py"] = CODE["mlpstorage/main.py"]
    model = f"{base}/results/{name}/unet3d-h100"
    runs = {}
    for number in range(1, 6):
        moment = datetime(2024, 7, 18, 12) + timedelta(minutes=16 * number)
        runs[f"run{number}"] = _run_v1(files, f"{model}/runs/run{number}", moment)
    files[f"{model}/mlperf_storage_report.json"] = report_v1(runs)
    return files


def _run_v1(files: Files, leaf: str, moment: datetime) -> dict[str, Any]:
    summary, epochs = run_v1(moment)
    files[f"{leaf}/summary.json"] = summary
    files[f"{leaf}/per_epoch_stats.json"] = epochs
    resolved = {
        "model": "unet3d",
        "framework": "pytorch",
        "workflow": {"generate_data": False, "train": True, "checkpoint": True},
        "dataset": {
            "data_folder": DATA_DIR,
            "format": "npz",
            "num_files_train": FILES,
            "num_samples_per_file": 1,
            "record_length": RECORD_BYTES,
            "record_length_stdev": 68341808,
            "record_length_resize": 2097152,
        },
        "reader": {
            "data_loader": "pytorch",
            "batch_size": BATCH,
            "read_threads": 8,
            "file_shuffle": "seed",
            "sample_shuffle": "seed",
        },
        "train": {"epochs": EPOCHS, "computation_time": 0.323},
        "checkpoint": {
            "checkpoint_folder": "checkpoints/unet3d",
            "checkpoint_after_epoch": 5,
            "epochs_between_checkpoints": 2,
            "model_size": 499153191,
        },
        "metric": {"au": 0.9},
        "profiling": {"profiler": "none"},
    }
    overrides = {
        "workflow.generate_data": "False",
        "workflow.train": "True",
        "dataset.data_folder": DATA_DIR,
        "dataset.num_files_train": str(FILES),
        "reader.read_threads": "8",
        "workflow.profiling": "False",
        "profiling.profiler": "none",
    }
    dlio_config(files, f"{leaf}/configs", "unet3d_h100", resolved, overrides)
    return summary


def report_v1(runs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """mlperf_storage_report.json of the runs' summaries."""
    facts = {
        "train_num_accelerators": str(ACCELERATORS),
        "model": "unet3d",
        "accelerator": "h100",
        "num_files_train": FILES,
        "num_samples_per_file": 1,
    }
    metrics = [summary["metric"] for summary in runs.values()]
    rate = [m["train_throughput_mean_samples_per_second"] for m in metrics]
    mb = [m["train_io_mean_MB_per_second"] for m in metrics]
    return {
        "overall": {
            **facts,
            "num_benchmark_runs": len(runs),
            "train_throughput_mean_samples_per_second": fmean(rate),
            "train_throughput_stdev_samples_per_second": pstdev(rate),
            "train_throughput_mean_MB_per_second": fmean(mb),
            "train_throughput_stdev_MB_per_second": pstdev(mb),
        },
        "runs": {
            name: {
                "train_throughput_samples_per_second": rate[n],
                "train_throughput_MB_per_second": mb[n],
                **facts,
            }
            for n, name in enumerate(runs)
        },
    }
