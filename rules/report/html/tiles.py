"""Key numbers, each the worst of the runs it speaks of."""

from collections.abc import Sequence

from rules.report.chapter import Chapter
from rules.report.html.markup import safe
from rules.report.quantity import amount, duration, percent_text
from rules.report.view import RunView, Unit


def tiles(chapter: Chapter) -> str:
    """Key numbers, each the worst of the runs it speaks of."""
    runs = chapter.counted
    if not runs:
        return ""
    worst = min(runs, key=lambda r: r.rules_percent or 0.0)
    slowest = min(runs, key=lambda r: r.slowest_percent or 0.0)
    target = chapter.target_percent
    goals = [worst.label]
    if worst.ceiling_percent is not None:
        goals.insert(0, f"of a possible {worst.ceiling_percent:.2f} %")
    if target is not None:
        goals.append(f"target {target:g} %")
    rates = [r.bytes_per_s for r in runs if r.bytes_per_s is not None]
    found = [
        _tile("Utilization", percent_text(worst.rules_percent), "; ".join(goals)),
        _tile(
            "Slowest rank",
            percent_text(slowest.slowest_percent),
            f"rank {slowest.slowest_rank} in {slowest.label}",
        ),
        _tile("Throughput", amount(min(rates, default=0), Unit.BYTES_PER_S), "lowest"),
        _latency_tile(runs),
        _wait_tile(runs),
    ]
    return f'<div class="tiles">{"".join(found)}</div>'


def _tile(name: str, value: str, about: str) -> str:
    return (
        f'<div class="tile"><p class="label">{safe(name)}</p>'
        f'<p class="value">{safe(value)}</p><p class="about">{safe(about)}</p></div>'
    )


def _latency_tile(runs: Sequence[RunView]) -> str:
    rows = [(row, run) for run in runs for row in run.latency_rows[:1]]
    if not rows:
        return _tile("Latency", "not recorded", "no histograms")
    row, run = max(rows, key=lambda pair: pair[0].p99_s)
    return _tile(f"p99 of {row.operation}", duration(row.p99_s), f"{run.label}")


def _wait_tile(runs: Sequence[RunView]) -> str:
    shares = [
        (100 * run.split.wait_s / run.split.total_s, run.label)
        for run in runs
        if run.split and run.split.total_s
    ]
    share, label = max(shares, default=(0.0, ""))
    return _tile("Waiting for data", f"{share:.1f} %", f"of the time, {label}")
