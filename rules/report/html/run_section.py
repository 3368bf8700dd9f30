"""One run: what its ranks saw and what its hosts did, on one time axis."""

from collections.abc import Sequence

from rules.report import conditions, rows
from rules.report.html import chart, heat_map, panel, rank_charts
from rules.report.html.markup import details, note, safe, table
from rules.report.rows import Rows
from rules.report.view import Event, HostView, Panel, RunView

_OPEN_RUNS = 3
_MOST_RANKS_LISTED = 32


def run_sections(key: str, runs: Sequence[RunView]) -> str:
    """Every run, folded but for the last measured ones that were sealed."""
    shown = [r for r in runs if r.kind == "measured" and r.sealed][-_OPEN_RUNS:]
    parts = [
        run_section(f"{key}-r{place}", run, is_open=run in shown or len(runs) == 1)
        for place, run in enumerate(runs)
    ]
    return "".join(parts)


def run_section(key: str, run: RunView, *, is_open: bool) -> str:
    """Draw one run."""
    if run.fault:
        inside = note(f"The evidence of this run can't be shown: {run.fault}")
        return details(_summary(run), inside, is_open=True, kind="run")
    first, *others = [_column("What the ranks saw", _saw(key, run), key, run)] + [
        _host(key, host, run) for host in _drawn(run.hosts)
    ]
    parts = [
        _columns([first, *others[:1]]),
        _distributions(key, run),
        _others(others[1:], len(run.hosts)),
        _tables(run),
    ]
    inside = f'<div class="timed-group">{"".join(parts)}</div>'
    return details(_summary(run), inside, is_open=is_open, kind="run")


def _drawn(hosts: Sequence[HostView]) -> list[HostView]:
    """Hosts that have panels, most waiting first."""
    drawn = [host for host in hosts if host.panels]
    return sorted(drawn, key=lambda h: (-(h.wait_percent or 0.0), h.node))


def _host(key: str, host: HostView, run: RunView) -> str:
    drawn = _did(key, host, run)
    return _column(f"Host {host.hostname}", drawn, f"{key}-h{host.node}", run)


def _columns(columns: Sequence[str]) -> str:
    return f'<div class="columns">{"".join(columns)}</div>'


def _others(columns: Sequence[str], hosts: int) -> str:
    """Fold the hosts that waited less; of many the rest is only in the tables."""
    if not columns:
        return ""
    rest = hosts - len(columns) - 1
    more = note(
        f"{rest} more hosts, whose ranks waited less or which have none, are not drawn."
    )
    inside = _columns(columns) + (more if rest else "")
    return details(f"{len(columns)} more hosts over time", inside)


def _summary(run: RunView) -> str:
    said = [f"Run {run.label}"]
    if run.rules_percent is not None:
        said.append(f"utilization {rows.possible(run)}")
    if run.duration_s:
        said.append(f"{run.duration_s:.1f} s")
    if not run.sealed:
        said.append(f"{run.outcome or 'unreadable'}, not sealed")
    return " · ".join(said)


def _column(title: str, parts: str, key: str, run: RunView) -> str:
    if not parts:
        return ""
    phases = chart.strip(f"{key}-p", panel.shades(run)) if run.phases else ""
    return f'<div class="column"><h3>{safe(title)}</h3>{phases}{parts}</div>'


def _saw(key: str, run: RunView) -> str:
    parts = ""
    if run.throughput is not None:
        parts += panel.drawn(f"{key}-thr", run.throughput, run)
        parts += _absent([run.throughput])
    for found in run.latency:
        parts += panel.drawn(f"{key}-{found.name}", found, run, log=True)
    return parts or note("No epochs and no latencies are recorded in this run.")


def _did(key: str, host: HostView, run: RunView) -> str:
    drawn = "".join(
        panel.drawn(f"{key}-h{host.node}-{found.name}", found, run)
        for found in host.panels
    )
    return drawn + _absent(host.panels)


def _absent(panels: Sequence[Panel]) -> str:
    said = panel.left_out(panels)
    return note(f"Not drawn: {said}.") if said else ""


def _distributions(key: str, run: RunView) -> str:
    if not run.ranks:
        return ""
    left = rank_charts.boxes(f"{key}-box", run)
    right = rank_charts.host_strip(f"{key}-hosts", run)
    return (
        f'<div class="columns"><div class="column">{left}</div>'
        f'<div class="column">{right}</div></div>'
        f"{heat_map.heat(f'{key}-heat', run.heat)}"
    )


def _tables(run: RunView) -> str:
    ordered = sorted(run.ranks, key=lambda r: (-r.split.wait_s, r.rank))
    inside = table(rows.of_hosts(run.hosts))
    inside += table(rows.of_ranks(ordered[:_MOST_RANKS_LISTED]))
    more = len(ordered) - _MOST_RANKS_LISTED
    if more > 0:
        inside += note(f"{more} more ranks waited less; --csv lists all.")
    inside += table(conditions.of_phase_starts(run))
    inside += _events(run.events)
    return details("Numbers of hosts and ranks", inside) if inside else ""


def _events(events: Sequence[Event]) -> str:
    return table(
        Rows(
            caption="Events",
            head=("time", "severity", "rank", "about", "message"),
            rows=tuple(
                (f"{e.time_s:.3f} s", e.severity, str(e.rank), e.subject, e.message)
                for e in events
            ),
            words=5,
        )
    )
