"""One trial: start a campaign for real, inject the fault, watch it end, resume."""

import time
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT

from tests.faults import observation
from tests.faults.fault import Fault, Moment
from tests.faults.ground import Ground, open_ground
from tests.faults.observation import Started
from tests.faults.world import RANKS, TrialError, World

_REACHED_S = 40.0
_INTO_THE_EPOCH_S = 0.6
_OVERTIME_S = 30.0
_STRAGGLERS_S = 10.0
_RESUME_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What was seen: the start that was hit, one with the damage still there, one
    after it was mended."""

    names: dict[str, str]
    hit: Started
    refused: Started | None
    resumed: Started


def hold(fault: Fault, folder: Path, shim: Path | None) -> Trial:
    """Hold the trial of a fault in a new folder; nothing of it is left running."""
    expected = fault.expected
    if expected is None:
        raise TrialError(f"{fault.name}: nothing is expected")
    with open_ground(folder, shim, fault.plan) as ground:
        fault.injection.prepare(ground)
        names, hit = _hit(fault, ground)
        refused = None
        if expected.refused:
            refused = _start(ground, "refused", expected.run)
        fault.injection.mend(ground)
        resumed = _start(ground, "resumed", expected.run)
        return Trial(names=names, hit=hit, refused=refused, resumed=resumed)


def _hit(fault: Fault, ground: Ground) -> tuple[dict[str, str], Started]:
    """Start, strike at the moment, and watch the end."""
    injection = fault.injection
    if fault.moment is Moment.BETWEEN:
        _interrupted(ground)
    if fault.moment in (Moment.START, Moment.BETWEEN):
        injection.strike(ground, None)
    wrappers = [injection.wrapper(ground, rank) for rank in range(RANKS)]
    with World(ground, "hit", injection.launcher(ground), wrappers) as world:
        struck_s = time.monotonic()
        if fault.moment in (Moment.DATAGEN, Moment.EPOCH):
            _await(world, ground, fault.moment)
            struck_s = time.monotonic()
            injection.strike(ground, world)
        number = fault.expected.run if fault.expected else 1
        within_s = fault.expected.within_s if fault.expected else 0.0
        started = _watch(world, ground, number, struck_s, within_s + _OVERTIME_S)
        names = {name: str(pid) for name, pid in world.pids.items()}
    return names, started


def _start(ground: Ground, name: str, number: int) -> Started:
    """Start the campaign as anybody would, and watch it to its end."""
    with World(ground, name) as world:
        return _watch(world, ground, number, time.monotonic(), _RESUME_S)


def _interrupted(ground: Ground) -> None:
    """Start and interrupt in the epoch, so that there is something to resume."""
    with World(ground, "before") as world:
        _await(world, ground, Moment.EPOCH)
        world.process.send_signal(SIGINT)
        if world.wait(_OVERTIME_S) is None or world.stragglers(_STRAGGLERS_S):
            raise TrialError("the start before did not end when interrupted")


def _await(world: World, ground: Ground, moment: Moment) -> None:
    number = 0 if moment is Moment.DATAGEN else 1
    world.wait_until(
        lambda: any((run / "runner.log").exists() for run in ground.runs(number)),
        _REACHED_S,
    )
    world.look()
    if moment is Moment.EPOCH:
        time.sleep(_INTO_THE_EPOCH_S)


def _watch(
    world: World, ground: Ground, number: int, struck_s: float, timeout_s: float
) -> Started:
    status = world.wait(timeout_s)
    seconds = time.monotonic() - struck_s
    if ground.hit.exists():
        seconds = time.time() - ground.hit.stat().st_mtime
    stragglers = world.stragglers(_STRAGGLERS_S) if status is not None else RANKS
    return Started(
        status=status,
        seconds=seconds,
        is_struck=ground.hit.exists() or not ground.armed.exists(),
        output=world.output,
        stragglers=stragglers,
        run=observation.look(ground, number),
        events=observation.ledger(ground),
        judged=observation.judge(ground),
    )
