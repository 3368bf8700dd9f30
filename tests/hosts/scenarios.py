"""What is tried on two hosts, what must come of it, and what was seen."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.hosts import autopsy
from tests.hosts.campaign import (
    RANKS_PER_HOST,
    Campaign,
    compiled,
    failed_rules,
    ranks_on,
)
from tests.hosts.network import Network, network
from tests.hosts.process import Outcome, Running, wait_for

NAMES = ("node-a", "node-b")

_WHOLE_S = 400.0
_BEGIN_S = 200.0
# The deadline of an epoch, at least a minute, is the last to notice that a host went.
_NOTICE_S = 60.0 + 60.0
_SLOW_S = 1.5
_INTO_THE_EPOCH_S = 4.0
_SOON_S = 5.0
_LEFT_S = 20.0
_ALIVE_S = 5
_OTHER_S = 0.11
# The hosts have one page cache and few CPUs together, and others use them, too.
_OF_ONE_MACHINE = {"EV-12", "EV-13", "EV-14", "EV-15", "EV-16"}


@dataclass(slots=True)
class Seen:
    """What a scenario saw; `wrong` is empty when all was as expected."""

    facts: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    traces: str = ""

    def expect(self, what: str, *, good: bool) -> None:
        """Note something that must be so."""
        (self.facts if good else self.wrong).append(what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One line of the table."""

    name: str
    expected: str
    play: Callable[[Path], Seen]


def whole(folder: Path) -> Seen:
    """Run a campaign on two hosts to its end."""
    seen, campaign = Seen(), compiled(folder / "campaign")
    with network(folder / "net", NAMES) as net:
        ended = campaign.start(net).end(_WHOLE_S)
    seen.expect(f"exit {ended.status}", good=ended.status == 0)
    if ended.status != 0:
        seen.traces = ended.stderr
        return seen
    _judge(seen, campaign)
    evidence = campaign.last
    names = {name.decode() for name in evidence.rows("hosts")["hostname"]}
    seen.expect(f"/hosts: {', '.join(sorted(names))}", good=names == set(NAMES))
    clock = evidence.rows("clock")
    errors_us = clock["error_ns"][clock["rank"] > 0] / 1000
    bounds = f"{errors_us.min():.0f} to {errors_us.max():.0f} us"
    seen.expect(f"clock errors {bounds}", good=bool((errors_us > 0).all()))
    return seen


def cut_off(folder: Path, alive_s: int = 0) -> Seen:
    """Pull the cable of a host in the middle of an epoch; mend it, start again."""
    seen, campaign = Seen(), compiled(folder / "campaign", compute_s=_SLOW_S)
    with network(folder / "net", NAMES, alive_s=alive_s) as net:
        running = campaign.start(net)
        _wait_for_an_epoch(running, campaign)
        net.cut(net.hosts[1])
        _watch_the_end(seen, running, campaign, net)
        left = ranks_on(net.hosts[1])
        seen.facts.append(f"{len(left)} ranks still alive on the cut host")
        net.mend(net.hosts[1])
        _wait_until_gone(seen, net)
        _start_again(seen, campaign, net)
    return seen


def rank_killed(folder: Path) -> Seen:
    """Kill a rank of the second host."""
    seen, campaign = Seen(), compiled(folder / "campaign", compute_s=_SLOW_S)
    with network(folder / "net", NAMES) as net:
        running = campaign.start(net)
        _wait_for_an_epoch(running, campaign)
        os.kill(ranks_on(net.hosts[1])[0], signal.SIGKILL)
        _watch_the_end(seen, running, campaign, net)
        _wait_until_gone(seen, net)
        _start_again(seen, campaign, net)
    return seen


def not_shared(folder: Path, *, made: bool) -> Seen:
    """Give one host a file system of its own where the others have the data."""
    seen, campaign = Seen(), compiled(folder / "campaign")
    data = campaign.folder / "data"
    data.mkdir()
    if made:
        first = compiled(folder / "first", compute_s=_OTHER_S)
        (first.folder / "data").symlink_to(data)
        with network(folder / "net", NAMES) as net:
            first.start(net).end(_WHOLE_S)
        seen.expect(f"{first.sealed} runs made the dataset", good=first.sealed == 3)
    private = [(NAMES[1], data)]
    with network(folder / "private", NAMES, private=private) as net:
        ended = campaign.start(net).end(_WHOLE_S)
    _expect_refusal(seen, ended, NAMES[1])
    return seen


def misplaced(folder: Path) -> Seen:
    """Put three ranks on one host and one on the other."""
    seen, campaign = Seen(), compiled(folder / "campaign")
    with network(folder / "net", NAMES) as net:
        ended = campaign.start(net, hosts="node-a:3,node-b:1").end(_WHOLE_S)
    _expect_refusal(seen, ended, *NAMES)
    return seen


def unknown_host(folder: Path) -> Seen:
    """Give the launcher a host that is not there."""
    seen, campaign = Seen(), compiled(folder / "campaign")
    with network(folder / "net", NAMES) as net:
        ended = campaign.start(net, hosts="node-a,node-c").end(_WHOLE_S)
    said = ended.stdout + ended.stderr
    failed = ended.status not in (0, None)
    seen.expect(f"exit {ended.status}", good=failed)
    seen.facts.append(_naming("node-c", said))
    seen.expect("nothing was written", good=not campaign.ledger)
    seen.traces = said
    return seen


def scenarios() -> Iterator[Scenario]:
    """Give all scenarios in the order of the table."""
    yield Scenario(
        name="2 hosts x 2 ranks",
        expected="exit 0, sealed, /hosts has both, clock errors",
        play=whole,
    )
    yield Scenario(
        name="host cut off mid-epoch",
        expected="ends by itself, names rank and host, aborted; resumes",
        play=cut_off,
    )
    yield Scenario(
        name="host cut off, ssh keeps alive",
        expected="the same, with ServerAliveInterval 5",
        play=partial(cut_off, alive_s=_ALIVE_S),
    )
    yield Scenario(
        name="rank killed -9 on node-b",
        expected="ends by itself, names rank and host, aborted; resumes",
        play=rank_killed,
    )
    yield Scenario(
        name="data path not shared, dataset there",
        expected="exit 3, the table names node-b",
        play=partial(not_shared, made=True),
    )
    yield Scenario(
        name="data path not shared, no dataset yet",
        expected="exit 3, the table names node-b",
        play=partial(not_shared, made=False),
    )
    yield Scenario(
        name="3 ranks + 1 rank",
        expected="exit 3, the table names both hosts",
        play=misplaced,
    )
    yield Scenario(
        name="host that is not there",
        expected="the launcher fails by itself; nothing written",
        play=unknown_host,
    )


def _judge(seen: Seen, campaign: Campaign) -> None:
    _, verdict = campaign.verdict()
    failed = failed_rules(verdict)
    for rule, actual in failed.items():
        seen.expect(f"verify: {rule}: {actual}", good=rule in _OF_ONE_MACHINE)
    if not failed:
        seen.facts.append("verify: all rules pass")
    seen.expect(f"{campaign.sealed} runs sealed", good=campaign.sealed == 3)


def _wait_for_an_epoch(running: Running, campaign: Campaign) -> None:
    """Wait until the first run that reads is well under way."""

    def is_reading() -> bool:
        if running.has_ended:
            raise RuntimeError(f"ended too early: {running.said}")
        return bool(list(campaign.folder.glob("results/*/runs/01-warmup-*")))

    wait_for(is_reading, _BEGIN_S, "the warm-up begins")
    time.sleep(_INTO_THE_EPOCH_S)


def _watch_the_end(
    seen: Seen, running: Running, campaign: Campaign, net: Network
) -> None:
    """Wait for the end; where it does not come, look at what everybody waits for."""
    start_s = time.monotonic()
    early = late = ""
    if not _ends(running, _SOON_S):
        early = autopsy.examine(net.hosts)
        if not _ends(running, _NOTICE_S):
            late = autopsy.examine(net.hosts)
    ended = running.end(0.1)
    took_s = time.monotonic() - start_s
    # A launcher that lost its proxy ends before the scribe has said what it saw.
    with contextlib.suppress(TimeoutError):
        wait_for(lambda: "host node-b" in running.said, _SOON_S, "a word of node-b")
    said = running.said
    by_itself = ended.status is not None
    seen.expect(
        f"ended after {took_s:.0f} s with {ended.status}"
        if by_itself
        else f"the launcher still runs after {took_s:.0f} s",
        good=by_itself and ended.status != 0,
    )
    seen.expect(_naming("host node-b", said), good="host node-b" in said)
    seen.traces = f"--- said\n{said}\n--- soon after\n{early}\n--- at the end\n{late}"
    _expect_aborted(seen, campaign)


def _ends(running: Running, timeout_s: float) -> bool:
    try:
        wait_for(lambda: running.has_ended, timeout_s, "the launcher ends")
    except TimeoutError:
        return False
    return True


def _expect_aborted(seen: Seen, campaign: Campaign) -> None:
    """Expect a closed file; who writes it outlives the ranks for a moment."""

    def is_closed() -> bool:
        return bool(len(campaign.last.tables["outcome"]))

    try:
        wait_for(is_closed, _LEFT_S, "the evidence is closed")
    except TimeoutError:
        seen.wrong.append("evidence opens but was not closed")
        return
    closed = campaign.last.tables["outcome"]
    outcome, blamed = closed["outcome"][0].decode(), int(closed["blamed_rank"][0])
    reason = f"evidence {outcome}: {closed['reason'][0].decode()}"
    seen.expect(reason, good=outcome == "aborted")
    ranks = range(RANKS_PER_HOST, 2 * RANKS_PER_HOST)
    seen.expect(f"rank {blamed} blamed", good=blamed in ranks)


def _wait_until_gone(seen: Seen, net: Network) -> None:
    """Wait for ranks of the start that failed; they must not outlive it for long."""
    start_s = time.monotonic()
    try:
        wait_for(lambda: not any(map(ranks_on, net.hosts)), _LEFT_S, "ranks end")
    except TimeoutError:
        left = {host.name: len(ranks_on(host)) for host in net.hosts}
        seen.wrong.append(f"ranks that outlive their launcher: {left}")
        for host in net.hosts:
            for pid in ranks_on(host):
                os.kill(pid, signal.SIGKILL)
    else:
        seen.facts.append(f"no rank left after {time.monotonic() - start_s:.0f} s")


def _start_again(seen: Seen, campaign: Campaign, net: Network) -> None:
    kept = campaign.sealed
    ended = campaign.start(net).end(_WHOLE_S)
    sealed = campaign.sealed
    what = f"again: exit {ended.status}, {kept} runs kept, {sealed} sealed"
    seen.expect(what, good=ended.status == 0 and kept == 1 and sealed == 3)
    if ended.status != 0:
        seen.traces += f"\n--- again\n{ended.stderr}"


def _expect_refusal(seen: Seen, ended: Outcome, *names: str) -> None:
    """Expect the handshake to name these hosts."""
    seen.expect(f"exit {ended.status}", good=ended.status == 3)
    lines = [line.strip() for line in ended.stderr.splitlines()]
    for name in names:
        named = [line for line in lines if line.startswith(name)]
        said = f"said: {named[0]}" if named else f"no line for {name}"
        seen.expect(said, good=bool(named))
    seen.traces = ended.stderr


def _naming(name: str, said: str) -> str:
    line = next((line.strip() for line in said.splitlines() if name in line), "")
    return f"said: {line}" if line else f"nothing said of {name}"
