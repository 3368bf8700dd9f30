"""A few faults injected for real, and the judgement of what is seen."""

import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mlps.atomic import replace_file
from mlps.errors import RunFailedError
from runner.campaign.ledger import Ledger
from tests.faults.catalogue import FAULTS
from tests.faults.fault import Expected, Kept, Refusal
from tests.faults.ground import host
from tests.faults.judgement import judge
from tests.faults.observation import Judged, RunSeen, Seen
from tests.faults.table import Row, render
from tests.faults.trial import Ending, Trial

_TREE = Path(__file__).resolve().parents[2]
_SMALL = (
    "rank 1: OOM killer (memory control group)",
    "data: EIO on read",
    "datagen: ENOSPC on write",
    "results: EROFS on the summary at the end",
    "results: a line of the ledger is damaged",
)

EXPECTED = Expected(
    status=4,
    says={"rank": r"rank 1 \(host {host}", "errno": "errno 5"},
    blamed=1,
    refused=Refusal(says="damaged"),
)
SOUND = Ending(
    status=4,
    seconds=3.0,
    output=f"aborted: rank 1 (host {host()}): cannot read (errno 5)",
    stragglers=0,
    is_struck=True,
)
LEFT = Seen(
    run=RunSeen(kept=Kept.ABORTED, blamed=1, kept_bytes=1000),
    events=(("run_started", 0), ("run_sealed", 0), ("run_started", 1)),
    judged=Judged(presented=frozenset({0}), failed=frozenset({"EV-03"})),
)
TRIAL = Trial(
    names={"pid0": "10", "pid1": "11"},
    hit=SOUND,
    left=LEFT,
    refused=replace(SOUND, status=3, output="2 files are damaged"),
    resumed=replace(SOUND, status=0, output=""),
    mended=Seen(
        run=RunSeen(kept=Kept.COMPLETE, has_summary=True),
        events=(*LEFT.events, ("run_aborted", 1), ("run_started", 1)),
        judged=Judged(presented=frozenset({0, 1})),
    ),
)


def hit(**changes):
    return replace(TRIAL, hit=replace(SOUND, **changes))


def left(**changes):
    return replace(TRIAL, left=replace(LEFT, **changes))


def mended(**changes):
    return replace(TRIAL, mended=replace(TRIAL.mended, **changes))


def run(**changes):
    return left(run=replace(LEFT.run, **changes))


@pytest.mark.mpi
@pytest.mark.alone
def test_a_few_faults_end_as_expected():
    names = [f"^{name.replace('(', '.').replace(')', '.')}$" for name in _SMALL]
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults", *names],
        cwd=_TREE,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert all(name in done.stdout for name in _SMALL)
    skipped = [line for line in done.stdout.splitlines() if line.startswith("skip")]
    if skipped:
        pytest.skip("; ".join(" ".join(line.split()) for line in skipped))


def test_what_was_expected_is_told_in_the_same_words():
    verdict = judge(EXPECTED, TRIAL)
    assert verdict.passed
    assert verdict.seen == verdict.expected
    assert verdict.seen == (
        "exit 4; says rank, errno; evidence aborted (rank 1);"
        " refused until mended; resumes"
    )


@pytest.mark.parametrize(
    ("trial", "seen"),
    [
        (hit(status=0), "exit 0"),
        (hit(status=None), "did not end"),
        (hit(seconds=12.1), "exit 4 late"),
        (hit(output="aborted: rank 1 (errno 5)"), "says errno"),
        (hit(output="something failed"), "says nothing of it"),
        (hit(output=f"{SOUND.output}\nTraceback (most"), "a traceback"),
        (hit(stragglers=1), "processes left over"),
        (hit(is_struck=False), "the fault did not strike"),
        (run(kept=Kept.COMPLETE), "evidence complete"),
        (run(kept=Kept.NONE), "evidence none"),
        (run(fault="/steps is cut"), "(/steps is cut)"),
        (run(blamed=0), "evidence aborted (rank 0)"),
        (run(has_summary=True), "a summary of an incomplete run"),
        (left(events=LEFT.events[:2]), "the start is not in the ledger"),
        (
            left(events=(*LEFT.events, ("run_sealed", 1))),
            "sealed without complete evidence",
        ),
        (
            left(judged=Judged(presented=frozenset({0, 1}))),
            "verify presents an incomplete run",
        ),
        (left(judged=Judged(unsound="exit 2")), "verify: exit 2"),
        (replace(TRIAL, refused=SOUND), "exit 4 on restart"),
        (replace(TRIAL, resumed=SOUND), "exit 4 on resuming"),
        (
            mended(events=(*TRIAL.mended.events, ("run_started", 0))),
            "runs done again: [0]",
        ),
        (mended(events=LEFT.events), "the ledger has no end of the run"),
        (mended(judged=Judged(failed=frozenset({"EV-07"}))), "verify fails EV-07"),
    ],
)
def test_what_differs_fails_and_is_told(trial, seen):
    verdict = judge(EXPECTED, trial)
    assert not verdict.passed
    assert seen in verdict.seen.removesuffix("; resumes")
    assert seen not in verdict.expected.split("; ")


@pytest.mark.parametrize(
    ("expected", "seen"),
    [
        (replace(EXPECTED, event="clock was set"), "no event"),
        (replace(EXPECTED, fails="EV-13"), "EV-13 passes"),
    ],
)
def test_what_a_survivor_must_notice_is_asked_for(expected, seen):
    verdict = judge(expected, TRIAL)
    assert not verdict.passed
    assert seen in verdict.seen


def test_the_table_counts_and_quotes_what_went_wrong():
    fault = next(fault for fault in FAULTS if fault.expected)
    skipped = next(fault for fault in FAULTS if fault.skipped)
    text = render(
        [
            Row(
                fault=fault, mark="FAIL", seen="exit 0", seconds=1.0, output="all well"
            ),
            Row(fault=skipped, mark="skip", seen=skipped.skipped),
        ]
    )
    assert f"{fault.name} said:\n    all well" in text
    assert skipped.skipped in text
    assert text.endswith("0 as expected, 1 not, 1 skipped")


def test_every_fault_has_a_name_of_its_own_and_says_what_is_expected():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert all((fault.expected is None) == bool(fault.skipped) for fault in FAULTS)


@pytest.fixture
def small_files():
    """Limit the size of files for a while: writes beyond it are EFBIG."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size_bytes: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_ledger_line_that_could_not_be_written_leaves_nothing(tmp_path, small_files):
    path = tmp_path / "campaign.jsonl"
    ledger = Ledger(path)
    ledger.append("run_started", 0, "a")
    whole = path.read_bytes()
    small_files(len(whole) + 20)
    with pytest.raises(RunFailedError, match=r"campaign\.jsonl: cannot .*errno 27\)"):
        ledger.append("run_sealed", 0, "a")
    small_files(2**20)
    assert path.read_bytes() == whole
    assert ledger.sealed_runs() == {}
    ledger.append("run_aborted", 0, "a")
    ledger.close()
    again = Ledger(path)
    assert [entry.event for entry in again.entries] == ["run_started", "run_aborted"]
    again.close()


def test_a_file_that_could_not_be_replaced_is_named_and_stays(tmp_path, small_files):
    path = tmp_path / "summary.json"
    replace_file(path, b"before")
    small_files(100)
    with pytest.raises(OSError, match="File too large") as caught:
        replace_file(path, bytes(1000))
    assert caught.value.filename == str(path)
    assert caught.value.errno == 27
    assert path.read_bytes() == b"before"
