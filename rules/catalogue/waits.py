"""Whether what a rank says it waited for adds up with what it waited and read."""

from collections.abc import Iterator

from mlps.errors import NotRecordedError
from mlps.plan import PhaseKind
from rules.evidence_record import WaitParts
from rules.finding import Outcome
from rules.record import Closing, RunRecord
from rules.rule import Case, NotApplicableError, Stage, faultless, rule

_KINDS = (PhaseKind.EPOCH, PhaseKind.CALIBRATION)


@rule(
    "EV-25",
    "waitsAddUp",
    needs=Stage.RUN,
    numbers=lambda _: ["waiting for storage and for a CPU is a part of each wait"],
)
def waits_add_up(case: Case) -> Outcome:
    """Check that the causes of waiting add up in each step, and with the reads.

    Of each step: storage and no CPU are not negative and no more than the wait. Of
    each phase: no more storage than its opens and reads took; and where these can't
    have been over while the rank computed, not less than they leave over. Half of the
    wait may have gone to handing over what was read.
    """
    runs = [run for run in case.presented() if any(_stepped(case, run))]
    if not runs:
        raise NotApplicableError("no run of this plan takes steps")
    faults, waited_ns, storage_ns = [], 0, 0
    for run in runs:
        parts = {
            (part.rank, part.phase): part
            for part in run.read().host_facts.sound(run.where).waits
        }
        for closing in _stepped(case, run):
            part = parts.get((closing.rank, closing.phase))
            if part is None:
                raise NotRecordedError(
                    f"{run.where}: /steps has no rows of {closing.name}; record the"
                    " wait of every step and its causes"
                )
            waited_ns += part.wait_ns
            storage_ns += part.storage_ns
            faults += [
                f"{run.label}: rank {closing.rank} in {closing.name}: {text}"
                for text in _faults(case, part, closing)
            ]
    share = 100 * storage_ns / waited_ns if waited_ns > 0 else 0.0
    return faultless(
        faults,
        expected="causes of waiting that are parts of it, and fit the reads",
        actual=f"in every step of {len(runs)} runs; {share:.1f} % of"
        f" {waited_ns / 1e9:.1f} s of waiting was for storage",
        where="evidence: /steps/wait_storage_ns, /steps/wait_starved_ns, /latency",
        fix="take the run anew with the runner as released: it splits each wait",
    )


def _stepped(case: Case, run: RunRecord) -> Iterator[Closing]:
    """Go through the closed phases that take steps: epochs and the calibration."""
    phases = next((r.phases for r in case.runs if r.number == run.number), ())
    kinds = {number: phase.kind for number, phase in enumerate(phases)}
    for closing in run.read().closings:
        if kinds.get(closing.phase) in _KINDS and closing.steps > 0:
            yield closing


def _faults(case: Case, part: WaitParts, closing: Closing) -> Iterator[str]:
    if part.fault:
        yield part.fault
        return
    done = closing.operations
    if done is None:
        return
    if part.storage_ns > done.inside_most_ns:
        yield (
            f"{part.storage_ns / 1e9:.3f} s for storage, its opens and reads took at"
            f" most {done.inside_most_ns / 1e9:.3f} s"
        )
    threads = case.plan.workload.reader.read_threads
    beside_ns = closing.duration_ns - part.wait_ns
    left_ns = done.inside_ns // threads - beside_ns
    told_ns = part.storage_ns + part.starved_ns
    if told_ns + part.wait_ns // 2 < left_ns:
        yield (
            f"{told_ns / 1e9:.3f} s for storage or a CPU, its opens and reads leave at"
            f" least {left_ns / 1e9:.3f} s"
        )
