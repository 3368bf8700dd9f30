"""One trial: start a campaign for real, inject the fault, watch it end, resume."""

import time
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT

from tests.faults.fault import Fault, Moment
from tests.faults.ground import Ground, open_ground
from tests.faults.observation import Seen, look
from tests.faults.world import RANKS, TrialError, World

_REACHED_S = 40.0
_INTO_THE_EPOCH_S = 0.4
_FILE_BYTES = 200_000
_OVERTIME_S = 8.0
_STRAGGLERS_S = 10.0
_RESUME_S = 60.0
_LAST_LINES = 8
_EVIDENCE = "results/*/runs/01-*/evidence.h5"
_SIGNS = {
    Moment.DATAGEN: "data/*/train/*",
    Moment.EPOCH: "results/*/runs/01-*/runner.log",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a start ended; `status` is None when it had to be killed."""

    status: int | None
    seconds: float
    output: str
    stragglers: int
    is_struck: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A start that was hit and what was left of it; a start with the damage still
    there; a start after it was mended, and the campaign then."""

    names: dict[str, str]
    hit: Ending
    left: Seen
    refused: Ending | None
    resumed: Ending
    mended: Seen

    @property
    def said(self) -> str:
        """What the start that was hit said last, and what followed."""
        starts = (self.hit, self.refused, self.resumed)
        return "\n".join(
            line
            for start in starts
            if start is not None and (start is self.hit or start.status != 0)
            for line in start.output.splitlines()[-_LAST_LINES:]
        )


def hold(fault: Fault, folder: Path, shim: Path | None) -> Trial:
    """Hold the trial of a fault in a new folder; nothing of it is left running."""
    expected = fault.expected
    if expected is None:
        raise TrialError(f"{fault.name}: nothing is expected")
    number, refused = expected.run, None
    with open_ground(folder, shim, fault.plan) as ground:
        fault.injection.prepare(ground)
        if fault.moment is Moment.BETWEEN:
            _interrupted(ground)
        names, hit = _hit(fault, ground, expected.within_s + _OVERTIME_S)
        left = None if fault.hides_results else look(ground, number)
        if expected.refused:
            refused = _start(ground, "refused")
        fault.injection.mend(ground)
        if left is None:
            left = look(ground, number)
        resumed = _start(ground, "resumed")
        return Trial(
            names=names,
            hit=hit,
            left=left,
            refused=refused,
            resumed=resumed,
            mended=look(ground, number),
        )


def _hit(
    fault: Fault, ground: Ground, timeout_s: float
) -> tuple[dict[str, str], Ending]:
    """Start, strike at the moment, and watch the end."""
    injection = fault.injection
    if fault.moment in (Moment.START, Moment.BETWEEN):
        injection.strike(ground, None)
    wrappers = [injection.wrapper(ground, rank) for rank in range(RANKS)]
    with World(ground, "hit", injection.launcher(ground), wrappers) as world:
        struck_s = time.time()
        if fault.moment in (Moment.DATAGEN, Moment.EPOCH):
            _await(world, ground, fault.moment)
            struck_s = time.time()
            injection.strike(ground, world)
        ending = _watch(world, ground, struck_s, timeout_s)
        return {name: str(pid) for name, pid in world.pids.items()}, ending


def _start(ground: Ground, name: str) -> Ending:
    """Start the campaign as anybody would, and watch it to its end."""
    with World(ground, name) as world:
        return _watch(world, ground, time.time(), _RESUME_S)


def _interrupted(ground: Ground) -> None:
    """Start and interrupt in the epoch, so that there is something to resume."""
    with World(ground, "before") as world:
        _await(world, ground, Moment.EPOCH)
        world.process.send_signal(SIGINT)
        if world.wait(_OVERTIME_S) is None or world.stragglers(_STRAGGLERS_S):
            raise TrialError("the start before did not end when interrupted")


def _await(world: World, ground: Ground, moment: Moment) -> None:
    world.wait_until(lambda: any(ground.folder.glob(_SIGNS[moment])), _REACHED_S)
    world.look()
    if moment is Moment.EPOCH:
        # A file of data is read at once; the sampler reads a few kilobytes.
        enough_bytes = world.read_bytes() + _FILE_BYTES
        world.wait_until(lambda: world.read_bytes() > enough_bytes, _REACHED_S)
        # The scribe may be slower than the ranks.
        world.wait_until(lambda: any(ground.folder.glob(_EVIDENCE)), _REACHED_S)
        time.sleep(_INTO_THE_EPOCH_S)


def _watch(world: World, ground: Ground, struck_s: float, timeout_s: float) -> Ending:
    """Wait for mpirun's own end, and for that of the processes it leaves behind.

    A rule of the shim strikes when it first takes effect.
    """
    status = world.wait(timeout_s)
    ended_s = time.time()
    if ground.hit.exists():
        struck_s = max(struck_s, ground.hit.stat().st_mtime)
    return Ending(
        status=status,
        seconds=ended_s - struck_s,
        stragglers=RANKS if status is None else world.stragglers(_STRAGGLERS_S),
        output=world.output,
        is_struck=ground.hit.exists() or not ground.armed.exists(),
    )
