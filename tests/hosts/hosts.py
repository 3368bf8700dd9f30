"""Runs campaigns across emulated hosts and prints a table: `make hosts`.

`hosts.py [WORD]` plays the scenarios whose name holds WORD. Exit status: 0 when all
was as expected, or when no hosts can be emulated here (it says why); 1 otherwise.
"""

import signal
import sys
import textwrap
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.hosts import room
from tests.hosts.scenarios import Scenario, Seen, scenarios

_WIDTH = 100


def main() -> int:
    """Enter the room and play; or say why not."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if folder := room.folder():
        return _play_all(sys.argv[1] if len(sys.argv) > 1 else "", folder)
    if why := room.missing():
        sys.stdout.write(f"hosts: skipped: {why}\n")
        return 0
    try:
        return room.enter()
    except KeyboardInterrupt:
        return 130


def _play_all(word: str, folder: Path) -> int:
    room.settle()
    rows = []
    chosen = [one for one in scenarios() if word in one.name]
    for number, scenario in enumerate(chosen):
        rows.append(_played(scenario, folder / str(number)))
        sys.stdout.write(_row(*rows[-1]))
        sys.stdout.flush()
    wrong = [scenario.name for scenario, seen, _ in rows if seen.wrong]
    verdict = f"not as expected: {', '.join(wrong)}" if wrong else "all as expected"
    sys.stdout.write(f"\n{len(rows)} scenarios: {verdict}\n")
    return 1 if wrong else 0


def _played(scenario: Scenario, folder: Path) -> tuple[Scenario, Seen, float]:
    folder.mkdir()
    start_s = time.monotonic()
    try:
        seen = scenario.play(folder)
    except (RuntimeError, TimeoutError) as problem:
        seen = Seen(wrong=[str(problem)])
    if seen.wrong:
        sys.stderr.write(f"{scenario.name}: what was going on\n{seen.traces}\n")
    return scenario, seen, time.monotonic() - start_s


def _row(scenario: Scenario, seen: Seen, seconds: float) -> str:
    lines = [f"{scenario.name}  ({seconds:.0f} s)", f"  expected  {scenario.expected}"]
    marked = [("seen", fact) for fact in seen.facts]
    marked += [("WRONG", fact) for fact in seen.wrong]
    for mark, fact in marked:
        first, *more = textwrap.wrap(fact, _WIDTH - 12, break_on_hyphens=False) or [""]
        lines += [f"  {mark:<8}  {first}", *(f"{'':<12}{line}" for line in more)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
