"""Provenance of a plan: what was chosen, from which files, and each value's origin.

Not part of the plan's identity, yet the same on every machine, the software lock
apart: no clock, no paths of this machine, overrides sorted.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import hydra
import omegaconf

import mlps
from mlps.compiler import schema
from mlps.compiler.asked import Asked
from mlps.plan import Plan, leaves, plain
from mlps.software import find_lock

# How each derived fact and each part of the campaign follows; see mlps.derivation.
_COMPUTED = {
    "schema": "the plan schema of this mlps",
    "name": "workload.name, system.name, submission.name, older submission.edition",
    "derived.ranks": "system.hosts x system.accelerators_per_host",
    "derived.required_files": "the larger branch of rule 3.1.2, at least 1",
    "derived.required_files_by_steps": "scale.min_steps x reader.batch_size x"
    " derived.ranks / dataset.samples_per_file, rounded up",
    "derived.required_files_by_memory": "scale.memory_multiple x system.hosts x"
    " system.host_memory_bytes / (dataset.samples_per_file x"
    " dataset.record_length_bytes), rounded up",
    "derived.dataset_bytes": "dataset.files x dataset.samples_per_file x"
    " dataset.record_length_bytes",
    "derived.rank_epoch_bytes": "derived.steps_per_epoch x derived.step_bytes",
    "derived.steps_per_epoch": "dataset.files / derived.ranks x"
    " dataset.samples_per_file / reader.batch_size, each rounded down",
    "derived.step_bytes": "reader.batch_size x bytes read of a record",
    "derived.rank_memory_bytes": "reader.batch_size x (reader.prefetch_batches + 1) x"
    " resident record + reader.read_threads x reader.transfer_bytes",
    "derived.host_memory_budget_bytes": "system.accelerators_per_host x"
    " (derived.rank_memory_bytes + 256 MiB for the process)",
    "derived.required_bandwidth_bytes_per_s": "derived.ranks x derived.step_bytes /"
    " (train.computation_time_s / metric.au)",
    "derived.calibration_steps": "submission.calibration_s / train.computation_time_s,"
    " at least 20, at most derived.steps_per_epoch",
    "derived.estimated_s": "runs x train.epochs x derived.steps_per_epoch x"
    " train.computation_time_s / metric.au",
    "campaign.runs[].number": "order: datagen, warm-up, measured",
    "campaign.runs[].kind": "submission.warmup_runs, submission.measured_runs",
    "campaign.runs[].seed": "submission.seed + number of the run",
    "campaign.runs[].phases": "train.epochs, submission.cold_reads,"
    " derived.calibration_steps; deadlines from"
    " bytes per rank / submission.min_rate_bytes_per_s + 3 x compute, at least 60 s",
}


def provenance(plan: Plan, asked: Asked, computed: Mapping[str, str]) -> dict[str, Any]:
    """Build the provenance of a plan; `computed`: keys whose value is our own."""
    composition = asked.composition
    return {
        "choices": dict(composition.choices),
        "overrides": [override.text for override in composition.overrides],
        "inputs": dict(asked.inputs),
        "files": {
            source.name: {"sha256": source.sha256}
            for source in sorted(composition.sources, key=lambda source: source.name)
        },
        "versions": {
            "mlps": mlps.__version__,
            "hydra-core": hydra.__version__,
            "omegaconf": omegaconf.__version__,
        },
        "software": _software(),
        "values": dict(_values(plan, asked, computed)),
    }


@cache
def _software() -> dict[str, Any]:
    """Find the lock a start compares with, once: a process keeps what it imported."""
    found: dict[str, Any] = plain(find_lock())
    return found


def _values(
    plan: Plan, asked: Asked, computed: Mapping[str, str]
) -> Iterator[tuple[str, dict[str, str]]]:
    for group in schema.GROUPS:
        for key, _ in leaves(plain(getattr(plan, group)), group):
            if key in computed:
                yield key, {"computed": computed[key]}
            else:
                yield key, asked.origins.of(schema.asked_path(key))
    for key, text in _COMPUTED.items():
        yield key, {"computed": text}
