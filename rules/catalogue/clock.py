"""Whether the clocks of the ranks are known well enough to compare their steps."""

from collections.abc import Iterator, Sequence

from mlps.errors import NotRecordedError
from rules.edition import Edition
from rules.evidence_record import WallClock
from rules.finding import Outcome
from rules.record import RunEvidence, RunRecord
from rules.rule import TRAINING, Case, Stage, faultless, rule

_PART = 0.25
"""Two clocks are compared: together they leave at most half a step open."""
_SET_NS = 1_000_000_000
"""A leap second sets it, too; what a pause between runs gains is far more."""


def _numbers(_: Edition) -> Sequence[str]:
    return [
        f"an error bound of at most {_PART:g} x the nominal compute of a step",
        f"a wall clock that is set by at most {_SET_NS / 1e9:g} s during a run",
    ]


@rule("EV-13", "clockError", needs=Stage.RUN, numbers=_numbers)
def clock_error(case: Case) -> Sequence[Outcome]:
    """Check that each rank's clock is known to a part of the shortest possible step.

    The bound is half the range that the measurements before and after an epoch
    leave open, drift included. A step takes at least its nominal compute. The wall
    clock, by which the pauses between runs are judged, was not set during a run, and
    no monotonic clock jumped.
    """
    return [_known(case), _unset(case)]


def _known(case: Case) -> Outcome:
    limit_ns = _PART * case.plan.workload.train.computation_time_s * 1e9
    runs, faults, worst_ns = case.presented(*TRAINING), [], 0
    for run in runs:
        clocks = run.read().host_facts.sound(run.where).clocks
        unknown = sorted({c.rank for c in clocks if c.error_ns is None})
        if not clocks or unknown:
            who = f" of rank {unknown[0]}" if unknown else ""
            raise NotRecordedError(
                f"{run.where}: /clock has no measurement{who} around an epoch; measure"
                " each rank's clock against rank 0's before each phase and at the end"
            )
        names = case.epochs(run.number)
        for clock in clocks:
            error_ns = clock.error_ns or 0
            worst_ns = max(worst_ns, error_ns)
            if error_ns > limit_ns:
                faults.append(
                    f"{run.label}: rank {clock.rank} in"
                    f" {names.get(clock.phase, clock.phase)}: {error_ns / 1e3:.1f} us"
                )
    return faultless(
        faults,
        expected=f"an error of at most {limit_ns / 1e3:.1f} us, {_PART:g} of the"
        " nominal compute of a step",
        actual=f"at most {worst_ns / 1e3:.1f} us in {len(runs)} runs",
        where="evidence: /clock; plan: workload.train.computation_time_s",
        fix="take the run anew on a quieter network between the hosts, with NTP or PTP"
        " keeping their clocks from drifting",
    )


def _unset(case: Case) -> Outcome:
    runs = case.presented(*TRAINING)
    faults = [f"{run.label}: {text}" for run in runs for text in _wall_faults(run)]
    return faultless(
        faults,
        expected="wall clocks that keep step with the monotonic ones from the start of"
        f" a run to its end, within {_SET_NS / 1e9:g} s",
        actual=f"so in {len(runs)} runs",
        where="evidence: /clock/wall_minus_monotonic_ns, /phases/wall_start_ns,"
        " /run/wall_start_ns, /outcome/wall_end_ns",
        fix="keep anybody from setting the clocks of the hosts, and take the run anew",
    )


def _wall_faults(run: RunRecord) -> Iterator[str]:
    evidence = run.read()
    for wall in evidence.host_facts.sound(run.where).wall_clocks:
        if wall.most_ns - wall.least_ns > _SET_NS:
            set_s = (wall.most_ns - wall.least_ns) / 1e9
            who = f"rank {wall.rank} (host {_host(evidence, wall.rank)})"
            yield f"the wall clock of {who} was set by {set_s:.3f} s"
        least_ns, most_ns = wall.offsets_ns
        if most_ns - least_ns > _SET_NS or (wall.rank == 0 and least_ns | most_ns):
            yield f"rank {wall.rank} is {least_ns} to {most_ns} ns off rank 0"
        if wall.rank == 0 and not _is_within(evidence, wall):
            yield "its phases are not between its start and its end"


def _host(evidence: RunEvidence, rank: int) -> str:
    node = next((r.node for r in evidence.ranks if r.rank == rank), -1)
    return next((h.hostname for h in evidence.hosts if h.node == node), "unknown")


def _is_within(evidence: RunEvidence, wall: WallClock) -> bool:
    """Whether the phases of rank 0 are in the run: both go by its host's wall clock."""
    if evidence.wall_end_ns is None:
        return True
    is_begun = evidence.wall_start_ns <= wall.first_ns + _SET_NS
    return is_begun and wall.last_ns <= evidence.wall_end_ns + _SET_NS
