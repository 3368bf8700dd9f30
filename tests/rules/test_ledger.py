"""campaign.jsonl line by line: what is edited, removed, torn or no entry at all."""

import json

import pytest

from rules.sources import ledger
from tests.rules import campaigns

EVENTS = [
    campaigns.event("start"),
    *(
        campaigns.event(name, run, f"{run:08x}")
        for run in range(3)
        for name in ("run_started", "run_sealed")
    ),
    campaigns.event("end"),
]


@pytest.fixture
def lines(tmp_path) -> list[bytes]:
    campaigns.write_ledger(tmp_path, EVENTS)
    return (tmp_path / "campaign.jsonl").read_bytes().splitlines(keepends=True)


def test_a_whole_ledger_has_no_fault(lines):
    read = ledger.parse(b"".join(lines))
    assert (read.fault, read.torn, len(read.events)) == ("", False, len(EVENTS))
    assert [e.line for e in read.events] == list(range(1, len(EVENTS) + 1))


@pytest.mark.parametrize("line", range(len(EVENTS) - 1))
def test_an_edited_line_breaks_the_chain(lines, line):
    lines[line] = lines[line].replace(str(campaigns.WALL_NS).encode(), b"1")
    assert f"line {line + 2} does not follow" in ledger.parse(b"".join(lines)).fault


@pytest.mark.parametrize("line", range(len(EVENTS) - 1))
def test_a_removed_line_breaks_the_chain(lines, line):
    del lines[line]
    assert f"line {line + 1} does not follow" in ledger.parse(b"".join(lines)).fault


@pytest.mark.parametrize("line", range(len(EVENTS) - 1))
def test_an_inserted_line_breaks_the_chain(lines, line):
    lines.insert(line + 1, lines[line])
    assert ledger.parse(b"".join(lines)).fault


@pytest.mark.parametrize("kept", [1, 30, 100])
def test_a_torn_last_line_is_tolerated_and_said(lines, kept):
    read = ledger.parse(b"".join(lines[:-1]) + lines[-1][:kept])
    assert (read.fault, read.torn, len(read.events)) == ("", True, len(EVENTS) - 1)


def test_a_last_line_without_its_newline_is_whole(lines):
    read = ledger.parse(b"".join(lines)[:-1])
    assert (read.fault, read.torn, len(read.events)) == ("", False, len(EVENTS))


def test_a_torn_line_marked_by_the_next_start_is_tolerated(lines):
    torn = lines[3][:40]
    before = b"".join(lines[:3]) + torn + b"\n"
    data = {**campaigns.event("torn"), "previous": ledger._digest(torn)}
    read = ledger.parse(before + json.dumps(data).encode() + b"\n")
    assert (read.fault, read.torn) == ("", True)
    assert read.events[-1].event == "torn"


def test_a_torn_line_in_the_middle_is_a_fault(lines):
    lines[3] = lines[3][:40] + b"\n"
    assert ledger.parse(b"".join(lines)).fault == "line 4 is no ledger entry"


STRANGE = {
    "no json": b"{",
    "a list": b"[]",
    "a key missing": b'{"event": "start"}',
    "a key more": json.dumps(
        {**campaigns.event("start"), "previous": "", "more": 1}
    ).encode(),
    "a number as event": json.dumps(
        {**campaigns.event("start"), "previous": "", "event": 1}
    ).encode(),
    "a text as run": json.dumps(
        {**campaigns.event("start"), "previous": "", "run": "1"}
    ).encode(),
    "true as time": json.dumps(
        {**campaigns.event("start"), "previous": "", "wall_ns": True}
    ).encode(),
    "deep": b"[" * 100_000,
    "bytes": b"\xff\xfe",
    "empty": b"",
}


@pytest.mark.parametrize("line", STRANGE.values(), ids=STRANGE)
def test_a_strange_line_is_a_fault(line):
    read = ledger.parse(line + b"\n" + line + b"\n")
    assert read.events == ()
    assert read.fault == "line 1 is no ledger entry"


def test_an_empty_ledger_holds_nothing():
    assert ledger.parse(b"").events == ()
