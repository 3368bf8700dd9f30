"""The numbers of a run that people ask for first, as lines of text."""

from collections.abc import Mapping
from typing import Any

from mlps.plan import Run, RunKind
from mlps.units import format_bytes


def headline(
    run: Run, summary: Mapping[str, Any], ceiling_percent: float | None
) -> list[str]:
    """Render a sealed run; `ceiling_percent` is the client's own, if it is known."""
    if run.kind is RunKind.DATAGEN:
        return [_datagen(run, summary["datagen"]), *_calibration(run, summary)]
    return [_training(run, summary, ceiling_percent)]


def of_possible(ceiling_percent: float | None) -> str:
    """Say what a utilization is to be held against."""
    return "" if ceiling_percent is None else f" of a possible {ceiling_percent:.2f} %"


def _datagen(run: Run, made: Mapping[str, Any]) -> str:
    if not made["files_written"]:
        return f"{run.label:<12} the dataset was there: nothing written"
    return (
        f"{run.label:<12} {made['files_written']} files,"
        f" {format_bytes(made['written_bytes'])} written"
        f" in {made['duration_s']:.1f} s, {format_bytes(made['bytes_per_s'])}/s"
    )


def _calibration(run: Run, summary: Mapping[str, Any]) -> list[str]:
    found = summary["calibration"]
    if found is None:
        return []
    limit = found["limited_by"]
    return [
        f"{run.label:<12} without storage utilization"
        f" {found['ceiling_percent']:.2f} %: this client's own ceiling"
        f" (slowest rank {found['slowest_rank']}"
        f" {found['ceiling_slowest_rank_percent']:.2f} %;"
        f" most is lost to {limit}: {found['lost_percent'][limit]:.2f} %)"
    ]


def _training(
    run: Run, summary: Mapping[str, Any], ceiling_percent: float | None
) -> str:
    done = summary["training"]
    latency = summary["latency_us"]["sample"]
    return (
        f"{run.label:<12} utilization {done['au_rules_percent']:.2f} %"
        f"{of_possible(ceiling_percent)}"
        f" (dlio {done['au_dlio_percent']:.2f} %,"
        f" slowest rank {done['slowest_rank']}"
        f" {done['au_slowest_rank_percent']:.2f} %)"
        f"  {format_bytes(done['bytes_per_s'])}/s"
        f"  {done['samples_per_s']:.1f} samples/s"
        f"  sample p50/p99 {latency['p50'] / 1000:.0f}/{latency['p99'] / 1000:.0f} ms"
    )
