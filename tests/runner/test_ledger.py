"""The ledger: chained, locked, and readable after a line was cut off."""

import hashlib
import json

import pytest

from mlps.errors import NotReadyError
from runner.campaign.ledger import Ledger


def test_each_line_holds_the_digest_of_the_line_before(tmp_path):
    ledger = Ledger(tmp_path / "campaign.jsonl")
    for run in range(3):
        ledger.append("run_started", run, f"id{run}")
    ledger.close()
    lines = (tmp_path / "campaign.jsonl").read_bytes().split(b"\n")[:-1]
    before = ""
    for line in lines:
        assert json.loads(line)["previous"] == before
        before = hashlib.sha256(line).hexdigest()


def test_a_torn_line_is_put_aside_and_stays_readable_ever_after(tmp_path):
    path = tmp_path / "campaign.jsonl"
    first = Ledger(path)
    first.append("run_started", 1, "a")
    first.append("run_sealed", 1, "a")
    first.close()
    path.write_bytes(path.read_bytes() + b'{"event": "run_star')
    second = Ledger(path)
    assert [e.event for e in second.entries] == ["run_started", "run_sealed", "torn"]
    second.append("run_started", 2, "b")
    second.close()
    third = Ledger(path)
    assert [e.event for e in third.entries][-2:] == ["torn", "run_started"]
    assert third.sealed_runs() == {1: "a"}
    assert [e.run for e in third.open_runs()] == [2]
    third.close()


def test_a_damaged_line_is_named(tmp_path):
    path = tmp_path / "campaign.jsonl"
    path.write_bytes(b"hello\n")
    with pytest.raises(NotReadyError, match="hello"):
        Ledger(path)
