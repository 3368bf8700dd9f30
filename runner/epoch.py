"""The training loop of one epoch on one rank: wait, compute, barrier, repeat."""

import time
from dataclasses import dataclass

from mlps.metrics import nominal_compute_ns
from mlps.plan import Plan
from runner.attempt import PhaseResult
from runner.pump import Pump
from runner.reading import Activity, ReaderPool
from runner.waiting import Delay, RunDelays, Split, Wait, split, with_unfinished

_WAIT_SLICE_S = 0.02
# Shorter waits are split without asking the kernel for run delays. The answer is
# fetched in the emulated compute; without one, only long waits are worth the price.
_SHORT_WAIT_S = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSettings:
    """The plan's values that a step needs."""

    steps: int
    batch_size: int
    compute_ns: int
    prefetch_samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch as taken, and how it was waited for; `delay` is of a longer wait."""

    delivered_bytes: int
    wait: Wait
    delay: Delay | None


def step_settings(plan: Plan, steps: int) -> StepSettings:
    """Take a step's values from the plan, for so many steps."""
    reader = plan.workload.reader
    return StepSettings(
        steps=steps,
        batch_size=reader.batch_size,
        compute_ns=nominal_compute_ns(plan),
        prefetch_samples=reader.prefetch_batches * reader.batch_size,
    )


def train(
    settings: StepSettings, pool: ReaderPool, pump: Pump, phase: int, epoch: int
) -> PhaseResult:
    """Take all steps of an epoch; every rank stays within one step of the others."""
    delivered = 0
    with RunDelays(pool.thread_ids) as delays:
        if not delays.is_counted:
            told = "this kernel counts no run delays: time without a CPU is not known"
            pump.recorder.event("warning", "attribution", told)
        pool.start()
        pool.allow(settings.prefetch_samples)
        start_ns = time.monotonic_ns()
        for step in range(settings.steps):
            batch = _load(settings, pool, pump, delays, start_ns)
            taken_ns = batch.wait.taken_ns
            # Inside the emulated compute, where it costs nothing.
            waited = _settle(batch, pool, pump, delays)
            pump.wait_until(taken_ns + settings.compute_ns)
            computed_ns = time.monotonic_ns()
            pump.barrier()
            end_ns = time.monotonic_ns()
            delivered += batch.delivered_bytes
            pump.state = (pump.state[0], step + 1, pool.last_object)
            pump.recorder.row(
                "steps",
                pump.post.rank,
                phase,
                epoch,
                step,
                start_ns,
                taken_ns - start_ns,
                waited.storage_ns,
                waited.starved_ns,
                settings.compute_ns,
                computed_ns - taken_ns,
                end_ns - computed_ns,
                settings.batch_size,
                batch.delivered_bytes,
            )
            start_ns = end_ns
        pool.stop()
    _record(pool.drain(), pump)
    return PhaseResult(
        end_ns=start_ns,
        steps=settings.steps,
        samples=settings.steps * settings.batch_size,
        delivered_bytes=delivered,
    )


def _load(
    settings: StepSettings,
    pool: ReaderPool,
    pump: Pump,
    delays: RunDelays,
    start_ns: int,
) -> Batch:
    """Wait for a batch and take it; the readers may then fetch one more."""
    size = settings.batch_size
    if not settings.prefetch_samples:
        pool.allow(size)
    before = None
    short_s = _SHORT_WAIT_S if settings.compute_ns else _WAIT_SLICE_S
    if not pool.wait(size, short_s):
        before = delays.now()
        while not pool.wait(size, _WAIT_SLICE_S):
            pump.turn()
    delivered_bytes, ready_ns = pool.take(size)
    if settings.prefetch_samples:
        pool.allow(size)
    taken_ns = time.monotonic_ns()
    wait = Wait(start_ns=start_ns, ready_ns=ready_ns, taken_ns=taken_ns)
    return Batch(delivered_bytes=delivered_bytes, wait=wait, delay=before)


def _settle(batch: Batch, pool: ReaderPool, pump: Pump, delays: RunDelays) -> Split:
    """Record what the readers did, and split the wait for the batch by it."""
    delay = delays.now().since(batch.delay) if batch.delay else Delay()
    # First what is in progress: what ends meanwhile is found among the completed.
    calls, files = pool.in_progress()
    done = pool.drain()
    _record(done, pump)
    until_ns = batch.wait.taken_ns
    return split(
        batch.wait,
        with_unfinished(done.opens + done.reads, calls, until_ns),
        with_unfinished(done.samples, files, until_ns),
        delay,
    )


def _record(done: Activity, pump: Pump) -> None:
    for operation, spans in (
        ("open", done.opens),
        ("read", done.reads),
        ("sample", done.samples),
    ):
        if spans:
            pump.recorder.durations(operation, [high - low for low, high in spans])
