"""Expected and seen, in words that can be laid side by side."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.fault import Expected, Kept
from tests.faults.ground import host
from tests.faults.observation import RunSeen, Seen
from tests.faults.trial import Ending, Trial

_SOUND = {"EV-03", "EV-04", "EV-05", "EV-06", "EV-07"}


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that was expected, and what was seen; empty words are not shown."""

    expected: str
    seen: str
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All points of a trial."""

    points: tuple[Point, ...]

    @property
    def passed(self) -> bool:
        return all(point.passed for point in self.points)

    @property
    def expected(self) -> str:
        return "; ".join(point.expected for point in self.points if point.expected)

    @property
    def seen(self) -> str:
        return "; ".join(point.seen for point in self.points if point.seen)


def judge(expected: Expected, trial: Trial) -> Verdict:
    """Compare what was seen with what must be seen."""
    return Verdict(
        points=(
            _ending(expected, trial.hit),
            _message(expected, trial),
            _evidence(expected, trial.left.run),
            *_also(expected, trial),
            *_always(expected, trial.hit, trial.left),
            *_refusal(expected, trial),
            _resumption(expected, trial),
        )
    )


def _ending(expected: Expected, hit: Ending) -> Point:
    wanted = "exit not 0" if expected.status is None else f"exit {expected.status}"
    if hit.status is None:
        return Point(wanted, "did not end", passed=False)
    right = (
        hit.status != 0 if expected.status is None else hit.status == expected.status
    )
    if hit.seconds > expected.within_s:
        return Point(wanted, f"exit {hit.status} late", passed=False)
    return Point(wanted, f"exit {hit.status}", passed=right)


def _message(expected: Expected, trial: Trial) -> Point:
    """Look for each name in what was said, on the screen or in the run's log."""
    known = {key: re.escape(text) for key, text in trial.names.items()}
    known["host"] = re.escape(host())
    said = f"{trial.hit.output}\n{trial.left.run.log}"
    found = [
        name
        for name, pattern in expected.says.items()
        if re.search(_filled(pattern, known), said)
    ]
    return Point(
        f"says {', '.join(expected.says)}" if expected.says else "",
        f"says {', '.join(found) or 'nothing of it'}" if expected.says else "",
        passed=len(found) == len(expected.says),
    )


def _filled(pattern: str, known: dict[str, str]) -> str:
    """Put what is known of the trial in place of the names in braces."""
    return re.sub(r"\{([a-z]+\d?)\}", lambda match: known[match[1]], pattern)


def _evidence(expected: Expected, run: RunSeen) -> Point:
    blame = "" if expected.blamed is None else f" (rank {expected.blamed})"
    wanted = f"evidence {' or '.join(expected.kept)}{blame}"
    seen = f"evidence {run.kept.value}"
    if expected.blamed is not None:
        seen += f" (rank {run.blamed})"
    if run.fault:
        seen += f" ({run.fault})"
    right = run.kept in expected.kept and not run.fault
    taken = (expected.blamed, -1) if expected.or_several else (expected.blamed,)
    blamed = expected.blamed is None or run.blamed in taken
    return Point(wanted, seen, passed=right and blamed)


def _also(expected: Expected, trial: Trial) -> Iterator[Point]:
    if expected.event:
        is_there = re.search(expected.event, trial.left.run.events) is not None
        yield Point("an event", "an event" if is_there else "no event", is_there)
    if expected.fails:
        fails = expected.fails in trial.left.judged.failed
        seen = f"{expected.fails} {'fails' if fails else 'passes'}"
        yield Point(f"{expected.fails} fails", seen, fails)


def _always(expected: Expected, hit: Ending, left: Seen) -> Iterator[Point]:
    """What holds for every fault, told only where it does not."""
    number = expected.run
    is_complete = left.run.kept is Kept.COMPLETE
    is_sealed = ("run_sealed", number) in left.events
    wrongs = {
        "the fault did not strike": not hit.is_struck,
        "processes left over": hit.stragglers > 0,
        "a traceback": "Traceback" in hit.output,
        "the start is not in the ledger": left.run.kept is not Kept.NONE
        and ("run_started", number) not in left.events,
        "sealed without complete evidence": is_sealed and not is_complete,
        "a summary of an incomplete run": left.run.has_summary and not is_sealed,
        "verify presents an incomplete run": number in left.judged.presented
        and not is_sealed,
        f"verify: {left.judged.unsound}": bool(left.judged.unsound),
    }
    for wrong, is_so in wrongs.items():
        if is_so:
            yield Point("", wrong, passed=False)


def _refusal(expected: Expected, trial: Trial) -> Iterator[Point]:
    if expected.refused is None:
        return
    again, wanted = trial.refused, expected.refused
    right = (
        again is not None
        and again.status == wanted.status
        and re.search(wanted.says, again.output) is not None
    )
    words = "refused until mended"
    seen = words if right else f"exit {again.status if again else '?'} on restart"
    yield Point(words, seen, passed=right)


def _resumption(expected: Expected, trial: Trial) -> Point:
    """All runs are sealed in the end, and none that was sealed is done again."""
    before, after = trial.left.events, trial.mended.events
    survived = ("run_sealed", expected.run) in before
    wanted = "nothing left to do" if expected.status == 0 else "resumes"
    if trial.resumed.status != 0:
        return Point(wanted, f"exit {trial.resumed.status} on resuming", passed=False)
    again = {
        run
        for event, run in after[len(before) :]
        if event == "run_started" and ("run_sealed", run) in before
    }
    if again != set(expected.redone):
        return Point(wanted, f"runs done again: {sorted(again, key=str)}", passed=False)
    is_told = survived or trial.left.run.kept is Kept.NONE
    if not is_told and ("run_aborted", expected.run) not in after:
        return Point(wanted, "the ledger has no end of the run", passed=False)
    if unsound := trial.mended.judged.failed & _SOUND:
        return Point(wanted, f"verify fails {', '.join(sorted(unsound))}", passed=False)
    seen = "nothing left to do" if survived else "resumes"
    return Point(wanted, seen, passed=seen == wanted)
