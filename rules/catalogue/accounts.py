"""Whether one closing record, its step rows and its histograms add up."""

from collections.abc import Iterator

from mlps import sizing
from mlps.plan import Phase, PhaseKind, Plan
from rules.record import Closing, Operations

_UNTOLD_NS = 500_000_000
_UNTOLD_PART = 0.02
# A client that is short of processors starts late; a clock may be a little ahead.
_LATE_NS = 5_000_000_000
_EARLY_NS = 1_000_000


def unaccounted(plan: Plan, phase: Phase | None, closing: Closing) -> Iterator[str]:
    """Say what of a rank's closed phase is not as planned or does not add up."""
    if phase is None:
        yield "a phase that is not in the plan"
        return
    if (closing.name, closing.epoch) != (phase.name, phase.epoch):
        yield f"{closing.name} (epoch {closing.epoch}) in its place"
    if not -_EARLY_NS <= closing.late_ns <= _LATE_NS:
        yield f"begun {closing.late_ns / 1e9:.3f} s after the agreed start"
    if min(closing.idle_ns, closing.duration_ns) < 0:
        yield "begun or ended before what was before it"
    if phase.kind is PhaseKind.EPOCH:
        yield from _uneven(closing)
        yield from _unmeasured(plan, closing)
        return
    if phase.kind is PhaseKind.CALIBRATION:
        yield from _uneven(closing)
        yield from _uncalibrated(plan, closing)
        return
    if closing.step_rows:
        yield f"with {closing.step_rows} rows of steps"
    if phase.kind is PhaseKind.FLUSH:
        yield from _busy_flush(closing)


def _uneven(closing: Closing) -> Iterator[str]:
    """Say where a closing record and the step rows of its phase differ."""
    recorded = (closing.step_rows, closing.step_samples, closing.step_bytes)
    said = (closing.steps, closing.samples, closing.delivered_bytes)
    if recorded != said:
        yield (
            f"with {closing.steps} steps, {closing.samples} samples and"
            f" {closing.delivered_bytes} bytes, its rows hold {closing.step_rows},"
            f" {closing.step_samples} and {closing.step_bytes}"
        )
    if closing.least_ns < 0:
        yield f"with a step time of {closing.least_ns} ns"
    if closing.step_fault:
        yield f"with {closing.step_fault}"
    untold_ns = closing.duration_ns - closing.step_ns
    if not 0 <= untold_ns <= max(_UNTOLD_NS, _UNTOLD_PART * closing.duration_ns):
        yield (
            f"after {closing.duration_ns / 1e9:.3f} s, its steps account for"
            f" {closing.step_ns / 1e9:.3f} s"
        )


def _uncalibrated(plan: Plan, closing: Closing) -> Iterator[str]:
    """Say where a calibration did not take the planned steps in whole batches."""
    steps = plan.derived.calibration_steps
    samples = steps * plan.workload.reader.batch_size
    if (closing.steps, closing.samples) != (steps, samples):
        yield (
            f"with {closing.steps} steps and {closing.samples} samples,"
            f" {steps} and {samples} are planned"
        )


def _unmeasured(plan: Plan, closing: Closing) -> Iterator[str]:
    """Say where the histograms can't be those of the files an epoch read.

    Readers run ahead of the steps, but not beyond the files dealt to their rank.
    """
    done = closing.operations
    if done is None:
        yield "without a histogram of what it opened and read"
        return
    dataset = plan.workload.dataset
    least = -(-closing.samples // dataset.samples_per_file)
    dealt = max(sizing.files_per_rank(dataset, sizing.ranks(plan.system)), least)
    if not (least <= done.files <= dealt and done.opens == done.files <= done.reads):
        yield (
            f"with {closing.samples} samples, its histograms hold {done.files} files,"
            f" {done.opens} opens and {done.reads} reads"
        )
    yield from _mistimed(plan, closing, done)


def _mistimed(plan: Plan, closing: Closing, done: Operations) -> Iterator[str]:
    """Say where operations took longer than what they are a part of."""
    end_ns = closing.start_ns + closing.duration_ns
    since_ns = closing.start_ns - closing.idle_ns
    if done.least_count < 1:
        yield f"with a bucket of {done.least_count} operations"
    if not since_ns <= done.first_interval_ns <= done.last_interval_ns <= end_ns:
        yield "with histograms of another time"
    room_ns = plan.workload.reader.read_threads * (end_ns - since_ns)
    if done.inside_ns > done.most_ns or done.least_ns > room_ns:
        yield (
            f"with {done.inside_ns / 1e9:.3f} s of opens and reads in"
            f" {done.most_ns / 1e9:.3f} s of files, of {room_ns / 1e9:.3f} s"
        )


def _busy_flush(closing: Closing) -> Iterator[str]:
    """Say what a flush claims beyond one step of the first rank of each host."""
    if not 0 <= closing.steps <= 1 or closing.samples or closing.delivered_bytes:
        yield (
            f"with {closing.steps} flushes, {closing.samples} samples and"
            f" {closing.delivered_bytes} bytes"
        )
    if closing.operations is not None:
        yield "with a histogram of files"
