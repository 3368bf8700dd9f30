"""What a run was taken under, as rows: starts, clocks, page cache, stalls."""

from collections.abc import Sequence

from rules.report.rows import NONE, Rows
from rules.report.view import Cached, RunView


def of_starts(runs: Sequence[RunView]) -> Rows:
    """Of each run: the phase its ranks began furthest apart, and the worst clock."""
    rows = []
    for run in runs:
        if not run.starts:
            continue
        worst = max(run.starts, key=lambda start: start.skew_us)
        drift = NONE
        if run.drift is not None:
            ppm, error = run.drift.parts_per_million, run.drift.error_ppm
            drift = f"{ppm:+.2f} \u00b1 {error:.2f} ppm (rank {run.drift.rank})"
        cells = (worst.phase, f"{worst.skew_us:.1f} us")
        late = f"{worst.late_us:.1f} us (rank {worst.latest_rank})"
        rows.append((run.label, *cells, late, drift))
    return Rows(
        caption="Starts of phases and clocks, at worst",
        head=("run", "phase", "start skew", "after the agreed start", "clock drift"),
        rows=tuple(rows),
        words=2,
    )


def of_phase_starts(run: RunView) -> Rows:
    """One row for each phase: how far apart its ranks began."""
    return Rows(
        caption="Starts of phases",
        head=("phase", "start skew", "latest rank", "after the agreed start"),
        rows=tuple(
            (s.phase, f"{s.skew_us:.1f} us", str(s.latest_rank), f"{s.late_us:.1f} us")
            for s in run.starts
        ),
        words=1,
    )


def of_cached(runs: Sequence[RunView]) -> Rows:
    """Of each epoch the host with the largest share from its page cache."""
    return Rows(
        caption="Share that came from the page cache",
        head=("run", "phase", "host", "share", "at least", "at most"),
        rows=tuple(
            (run.label, *_cached(most)) for run in runs for most in _most_cached(run)
        ),
        words=2,
    )


def _most_cached(run: RunView) -> list[Cached]:
    phases = dict.fromkeys(share.phase for share in run.cached)
    return [
        max(
            (share for share in run.cached if share.phase == phase),
            key=lambda share: share.percent or 0.0,
        )
        for phase in phases
    ]


def _cached(share: Cached) -> tuple[str, ...]:
    if share.percent is None:
        return (share.phase, str(share.node), f"not known: {share.absent}", NONE, NONE)
    return (
        share.phase,
        str(share.node),
        f"{share.percent:.1f} %",
        f"{share.least_percent:.1f} %",
        f"{share.most_percent:.1f} %",
    )


def of_stalls(runs: Sequence[RunView]) -> Rows:
    """One row for each report of a rank that did not get on."""
    return Rows(
        caption="Stalls",
        head=("run", "rank", "phase", "doing", "at", "sleeps in", "time", "for"),
        rows=tuple(
            (
                run.label,
                str(stall.rank),
                stall.phase,
                stall.doing,
                f"{stall.step} {stall.object}".strip(),
                f"{stall.process_state} {stall.wait_channel}".strip(),
                f"{stall.time_s:.1f} s",
                f"{stall.stalled_s:.1f} s",
            )
            for run in runs
            for stall in run.stalls
        ),
        words=6,
    )
