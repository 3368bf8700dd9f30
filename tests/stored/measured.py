"""Numbers of small training runs, consistent with each other."""

from datetime import datetime, timedelta
from statistics import fmean, pstdev
from typing import Any

from tests.stored.files import iso
from tests.stored.parts import GIB, HOST_MEMORY_GIB, HOSTS

RECORD_BYTES = 146_600_628
EPOCHS, BATCH, STEPS, ACCELERATORS = 5, 7, 500, 4
B200_S, H100_S = 0.162, 0.323
FILES = STEPS * BATCH * ACCELERATORS


def run_v3(moment: datetime, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Summary and per-epoch times of one run: one window without the first step.

    A step takes 0.1 % more than the configured compute time; the first one 1.5 s.
    """
    compute_s, first_s, steps = B200_S, 1.5, STEPS
    au, rate, epochs = [], [], {}
    clock = moment + timedelta(seconds=15)
    for epoch in range(EPOCHS):
        window_s = (steps - 1) * compute_s * (1.05 + 0.002 * epoch + 0.001 * number)
        au.append(100 * (steps - 1) * compute_s * 1.001 / window_s)
        rate.append((steps - 1) / window_s * BATCH * ACCELERATORS)
        epochs[str(epoch + 1)], clock = _epoch(clock, window_s + first_s)
    end = clock + timedelta(seconds=1)
    return _summary(moment, end, au, rate), epochs


def _epoch(clock: datetime, block_s: float) -> tuple[dict[str, Any], datetime]:
    """One epoch of one block, and when the next one starts."""
    start, end = clock, clock + timedelta(seconds=block_s)
    done = end + timedelta(milliseconds=30)
    block = {"start": iso(start), "end": iso(end), "duration": f"{block_s:.2f}"}
    times = {
        "start": iso(start),
        "block1": block,
        "end": iso(done),
        "duration": f"{(done - start).total_seconds():.2f}",
    }
    return times, done + timedelta(milliseconds=300)


def _summary(
    start: datetime, end: datetime, au: list[float], rate: list[float]
) -> dict[str, Any]:
    mb = RECORD_BYTES / 2**20
    return {
        "start": iso(start),
        "num_accelerators": ACCELERATORS,
        "num_hosts": HOSTS,
        "hostname": "client1",
        "metric": {
            "train_au_percentage": au,
            "train_au_mean_percentage": fmean(au),
            "train_au_meet_expectation": "success",
            "train_au_stdev_percentage": pstdev(au),
            "train_throughput_samples_per_second": rate,
            "train_throughput_mean_samples_per_second": fmean(rate),
            "train_throughput_stdev_samples_per_second": pstdev(rate),
            "train_io_mean_MB_per_second": fmean(rate) * mb,
            "train_io_stdev_MB_per_second": pstdev(rate) * mb,
        },
        "num_files_train": FILES,
        "num_files_eval": 0,
        "num_samples_per_file": 1,
        "host_cpu_count": [64] * HOSTS,
        "host_memory_GB": [float(HOST_MEMORY_GIB)] * HOSTS,
        "data_size_per_host_GB": FILES * RECORD_BYTES / HOSTS / GIB,
        "epochs": EPOCHS,
        "end": iso(end),
    }


def run_v1(moment: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    """Summary and per-epoch times of one run: throughput over the whole block."""
    compute_s, first_s = H100_S, 1.5
    wobble = moment.minute / 1000
    au, rate, epochs = [], [], {}
    clock = moment + timedelta(seconds=15)
    for epoch in range(EPOCHS):
        window_s = (STEPS - 1) * compute_s * (1.05 + 0.002 * epoch + wobble)
        au.append(100 * (STEPS - 1) * compute_s * 1.001 / window_s)
        rate.append(FILES / (window_s + first_s))
        epochs[str(epoch + 1)], clock = _epoch(clock, window_s + first_s)
    end = clock + timedelta(seconds=1)
    return _summary(moment, end, au, rate), epochs
