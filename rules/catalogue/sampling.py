"""Whether the samplers looked often enough while it counted."""

from collections.abc import Sequence

from mlps.errors import NotRecordedError
from rules.edition import Edition
from rules.finding import Outcome
from rules.rule import TRAINING, Case, Stage, faultless, rule

_INTERVALS = 2
"""One sample that comes late still leaves the next one on time."""


def _numbers(_: Edition) -> Sequence[str]:
    return [f"no gap longer than {_INTERVALS} x submission.sampler.interval_s"]


@rule("EV-14", "samplingGaps", needs=Stage.RUN, numbers=_numbers)
def sampling_gaps(case: Case) -> Outcome:
    """Check that no rank and no host went unwatched during an epoch.

    The gaps between samples of each rank's process and of each host, the edges of
    the epoch included. What happens in a gap is in the counters, but not when.
    """
    interval_s = case.plan.submission.sampler.interval_s
    limit_ns = _INTERVALS * interval_s * 1e9
    runs, faults, longest_ns = case.presented(*TRAINING), [], 0
    for run in runs:
        seen = run.read().host_facts.sound(run.where).sampling
        if interval_s == 0 or not any(s.samples for s in seen):
            raise NotRecordedError(
                f"{run.where}: /process and /cpu have no sample; set"
                " submission.sampler.interval_s above 0 and run anew"
            )
        names = case.epochs(run.number)
        longest_ns = max(longest_ns, *(s.longest_gap_ns for s in seen))
        faults += [
            f"{run.label}: {s.who} in {names.get(s.phase, s.phase)} for"
            f" {s.longest_gap_ns / 1e9:.2f} s"
            for s in seen
            if s.longest_gap_ns > limit_ns or not s.samples
        ]
    return faultless(
        faults,
        expected=f"a sample at least every {limit_ns / 1e9:g} s"
        f" ({_INTERVALS} x submission.sampler.interval_s)",
        actual=f"no gap above {longest_ns / 1e9:.2f} s in {len(runs)} runs",
        where="evidence: /process/sampled_at_ns, /cpu/sampled_at_ns",
        fix="leave a core for the sampler and memory for its samples; a plan with"
        " submission.sampler.max_samples above 0 stops sampling: set it to 0",
        waiver=case.waiver,
    )
