"""Parts that every tree of v3.0 has, right and complete: for all categories."""

import hashlib
from typing import Any

import yaml

from tests.stored.files import Files

GIB = 2**30
ORG, SYSTEM = "acme", "rig"
HOSTS, HOST_MEMORY_GIB = 2, 64
DATA_DIR, RESULTS_DIR = "/data/unet3d", "/results"
CODE = {"mlpstorage/main.py": "print('benchmark')\n", "pyproject.toml": "[project]\n"}


def tree_digest(files: dict[str, str]) -> str:
    """MD5 over the sorted paths and contents of a code image."""
    digest = hashlib.md5(usedforsecurity=False)
    for path in sorted(files):
        digest.update(path.encode())
        digest.update(files[path].encode())
    return digest.hexdigest()


def code_image() -> tuple[Files, str]:
    """Pool with one code image, and the pointer that leaves hold."""
    digest = tree_digest(CODE)
    base = f"code-images/code-{digest[:8]}"
    files = Files({f"{base}/{path}": text for path, text in CODE.items()})
    files["code-images/.mlps-image-pool"] = ""
    files[f"{base}/.code-hash.json"] = {
        "hash": digest,
        "algorithm": "md5-tree-v2",
        "captured_at": "2026-07-24T11:00:00Z",
        "mlpstorage_version": "3.0.50",
        "git_sha": "0" * 40,
    }
    return files, f"md5-tree-v2:{digest}"


def system(
    org: str = ORG,
    name: str = SYSTEM,
    *,
    hosts: int = HOSTS,
    memory_gib: int = HOST_MEMORY_GIB,
    division: str = "closed",
) -> Files:
    """System description (YAML and PDF) of a remote file storage."""
    power = {
        "min_psus_active": 1,
        "psus_configured": [
            {
                "inlet_voltage": 240,
                "nameplate_power_watts": 1400,
                "efficiency": "Platinum",
                "unit_count": 2,
            }
        ],
    }
    network = {"type": "ethernet", "state": "up", "speed": 400, "unit_count": 1}
    chassis = {
        "model_name": "Rack server",
        "rack_units": 2,
        "cpu_model": "Processor",
        "cpu_qty": 1,
        "cpu_cores": 32,
        "power": power,
    }
    drive = {
        "vendor_name": "Maker",
        "model_name": "Drive",
        "interface": "nvme",
        "media_type": "TLC",
        "capacity_in_GB": 3840,
        "unit_count": 16,
        "performance": {
            "seq_read_MBps": 14500,
            "seq_write_MBps": 8200,
            "random_read_IOPS": 3_100_000,
            "random_write_IOPS": 315_000,
            "form_factor": "E3.S",
            "interface_speed": "PCIe Gen5 x4",
        },
    }
    system_under_test = {
        "solution": {
            "submission_name": name,
            "friendly_description": "A storage",
            "architecture": {
                "storage_location": "remote",
                "benchmark_API": "file",
                "product_API": "file",
                "client_footprint": "open_source",
                "client_installation": "installable",
            },
            "capabilities": {
                "multi_host": True,
                "simultaneous_write": True,
                "simultaneous_read": True,
                "remap_time_in_seconds": 0,
            },
            "usable_capacity_tib": 168,
            "availability": "available",
        },
        "deployment": "onprem",
        "product_nodes": [
            {
                "friendly_description": "Storage node",
                "quantity": 3,
                "chassis": {**chassis, "memory_capacity": 256},
                "networking": [
                    {**network, "traffic": ["management", "data", "metadata"]}
                ],
                "drives": [drive],
                "operating_system": {"name": "Ubuntu", "version": "24.04"},
            }
        ],
        "total_rack_units": 6,
        "clients": [
            {
                "friendly_description": "Client",
                "quantity": hosts,
                "chassis": {**chassis, "memory_capacity": memory_gib},
                "networking": [{**network, "traffic": ["data"]}],
                "operating_system": {"name": "Ubuntu", "version": "24.04"},
                "sysctl": [],
            }
        ],
    }
    base = f"{division}/{org}/systems/{name}"
    return Files(
        {
            f"{base}.yaml": {"system_under_test": system_under_test},
            f"{base}.pdf": b"%PDF-1.7\n",
        }
    )


def fs_separation(path: str = DATA_DIR, results: str = RESULTS_DIR) -> dict[str, Any]:
    """Probe that data and results are on different filesystems."""
    return {
        "version": 1,
        "method": "link_exdev",
        "data_or_chkpt_path": path,
        "results_path": results,
        "data_or_chkpt_realpath": path,
        "results_realpath": results,
        "same_filesystem": False,
        "probed_at": "2026-07-24T12:00:00Z",
        "probed_by_rank": 0,
        "probed_by_host": "client1",
    }


def provenance(pointer: str, edition: str = "3.0") -> dict[str, Any]:
    """Which code and which rules a leaf was taken with; its workload is unhashed."""
    return {
        "schema": "mlps-run-provenance/1",
        "rules_edition": edition,
        "layout_version": 3,
        "tool": {
            "name": "mlpstorage",
            "version": "3.0.50",
            "git_sha": "0" * 40,
            "code_image": pointer,
        },
        "dlio": {
            "version": "3.0.4",
            "source": "https://github.com/mlcommons/DLIO_local_changes.git",
            "commit": "edaf4bb3d6343ef2fb6b9f6dbafa6102032ae8bf",
        },
        "storage_library": {"name": "none"},
        "core_config": {
            "algorithm": "core-config-v1",
            "allowlist": "unknown",
            "hash": "unknown",
            "keys": [],
        },
        "stamped_at": "2026-07-24T12:00:00Z",
        "stamped_by": "mlpstorage 3.0.50",
        "provenance": {
            "rules_edition": "tool-constant",
            "layout_version": "tool-constant",
            "tool": "runtime",
            "dlio": "direct-url",
            "storage_library": "n/a",
            "core_config": "unknown",
        },
    }


def cluster(hosts: int = HOSTS, memory_gib: int = HOST_MEMORY_GIB) -> dict[str, Any]:
    """Snapshot of the client hosts, as the tool collects it."""
    total = memory_gib * GIB
    return {
        "total_memory_bytes": hosts * total,
        "total_cores": hosts * 32,
        "num_hosts": hosts,
        "min_memory_bytes": total,
        "max_memory_bytes": total,
        "collection_method": "mpi",
        "collection_timestamp": "2026-07-24T12:00:00Z",
        "hosts": [
            {
                "hostname": f"client{n + 1}",
                "memory": {"total": total, "available": total - GIB},
                "cpu": {"num_cores": 32, "num_logical_cores": 64, "model": "Processor"},
            }
            for n in range(hosts)
        ],
    }


def manifest(files: Files, base: str, edition: str = "3.0") -> dict[str, Any]:
    """submission.yaml: every leaf below the organisation's results."""
    leaves = {
        path.rpartition("/")[0].removeprefix(f"{base}/")
        for path in files
        if path.startswith(f"{base}/results/") and path.endswith("_metadata.json")
    }
    return {
        "schema": "mlps-submission-manifest/1",
        "rules_edition": edition,
        "runs": [{"leaf": leaf} for leaf in sorted(leaves)],
    }


def dlio_config(
    files: Files,
    base: str,
    template: str,
    resolved: dict[str, Any],
    overrides: dict[str, str],
) -> None:
    """Write the three files of a run's configuration."""
    task = [f"workload={template}"]
    task += [f"++workload.{key}={value}" for key, value in overrides.items()]
    files[f"{base}/config.yaml"] = {"workload": resolved}
    files[f"{base}/overrides.yaml"] = task
    files[f"{base}/hydra.yaml"] = {
        "hydra": {
            "run": {"dir": RESULTS_DIR},
            "mode": "RUN",
            "overrides": {"hydra": ["hydra.mode=RUN"], "task": list(task)},
        }
    }


def typed(found: Any) -> Any:
    """Text of overrides as the values YAML makes of them."""
    if isinstance(found, dict):
        return {key: typed(value) for key, value in found.items()}
    return yaml.safe_load(found) if isinstance(found, str) else found
