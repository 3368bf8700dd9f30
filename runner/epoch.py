"""The training loop of one epoch on one rank: wait, compute, barrier, repeat."""

import time
from dataclasses import dataclass

from mlps.metrics import NS_PER_S
from mlps.plan import Plan
from runner.attempt import PhaseResult
from runner.position import Doing
from runner.pump import Pump
from runner.reading import ReaderPool

_WAIT_SLICE_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSettings:
    """The plan's values that a step needs."""

    steps: int
    batch_size: int
    compute_ns: int
    prefetch_samples: int


def step_settings(plan: Plan) -> StepSettings:
    """Take a step's values from the plan."""
    reader = plan.workload.reader
    return StepSettings(
        steps=plan.derived.steps_per_epoch,
        batch_size=reader.batch_size,
        compute_ns=round(plan.workload.train.computation_time_s * NS_PER_S),
        prefetch_samples=reader.prefetch_batches * reader.batch_size,
    )


def train(
    settings: StepSettings, pool: ReaderPool, pump: Pump, phase: int, epoch: int
) -> PhaseResult:
    """Take all steps of an epoch; every rank stays within one step of the others."""
    rank = pump.post.rank
    batch = settings.batch_size
    delivered = 0
    pool.start()
    pool.allow(settings.prefetch_samples)
    start_ns = time.monotonic_ns()
    for step in range(settings.steps):
        if not settings.prefetch_samples:
            pool.allow(batch)
        while not pool.wait(batch, _WAIT_SLICE_S):
            pump.at(Doing.WAITING_FOR_DATA, name=pool.last_object, progress=pool.calls)
            pump.turn()
        step_bytes = pool.take(batch)
        if settings.prefetch_samples:
            pool.allow(batch)
        loaded_ns = time.monotonic_ns()
        _record(pool, pump)  # inside the emulated compute, where it costs nothing
        pump.wait_until(loaded_ns + settings.compute_ns)
        computed_ns = time.monotonic_ns()
        pump.barrier()
        end_ns = time.monotonic_ns()
        delivered += step_bytes
        pump.at(Doing.WAITING_FOR_DATA, step + 1, pool.last_object, pool.calls)
        pump.recorder.row(
            "steps",
            rank,
            phase,
            epoch,
            step,
            start_ns,
            loaded_ns - start_ns,
            0,
            0,
            settings.compute_ns,
            computed_ns - loaded_ns,
            end_ns - computed_ns,
            batch,
            step_bytes,
        )
        start_ns = end_ns
    pool.stop()
    _record(pool, pump)
    return PhaseResult(
        end_ns=start_ns,
        steps=settings.steps,
        samples=settings.steps * batch,
        delivered_bytes=delivered,
    )


def _record(pool: ReaderPool, pump: Pump) -> None:
    taken = pool.drain()
    for operation, values in (
        ("open", taken.open_ns),
        ("read", taken.read_ns),
        ("sample", taken.sample_ns),
    ):
        if values:
            pump.recorder.durations(operation, values)
