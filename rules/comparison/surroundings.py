"""How the evidence of a run tells where it was taken: hosts, code, data, mounts."""

from collections.abc import Sequence

import numpy as np

from mlps.evidence.table import StructArray
from mlps.metrics import Tables
from mlps.units import format_bytes
from rules.comparison.environment import Facts

_MOUNTS = ("data", "results")


def facts(tables: Tables) -> Facts:
    """Facts of one run."""
    hosts, ranks, run = tables["hosts"], tables["ranks"], tables["run"]
    found = {
        "hosts": _texts(hosts, "hostname"),
        "boots": _texts(hosts, "boot_id"),
        "kernel": _texts(hosts, "kernel", "machine"),
        "processors": _texts(hosts, "cpus", "cpu_model"),
        "memory": [format_bytes(int(n)) for n in hosts["memory_bytes"]],
        "page size": [format_bytes(int(n)) for n in hosts["page_bytes"]],
        "ranks": [f"{len(ranks)} on {len(hosts)} hosts"],
        "CPU affinity": _texts(ranks, "cpus_allowed"),
        "mlps": _texts(run, "mlps_version"),
        "code": [*_texts(run, "software_digest"), *_texts(ranks, "software_digest")],
        "Python": _texts(ranks, "python"),
        "dataset": _texts(tables["dataset"], "manifest_digest"),
        "cache flush": _texts(tables["flushes"], "method", "outcome"),
    }
    mounts = tables["mounts"]
    for role in _MOUNTS:
        own = mounts[mounts["role"] == role.encode()]
        found[f"{role} mount"] = _texts(own, "fs_type", "source", "options")
        found[f"{role} path"] = _texts(own, "path")
    return {name: frozenset(values) for name, values in found.items()}


def _texts(rows: StructArray, *columns: str) -> Sequence[str]:
    """Distinct rows of some columns as text, joined by a blank."""
    distinct = np.unique(rows[list(columns)]) if len(rows) else rows
    return [" ".join(_text(row[c]) for c in columns) for row in distinct]


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
