"""A world of 10,000 ranks: its rows are taken, bounded in memory, and read back."""

import time

import numpy as np
import pytest

from benchmarks import synthetic
from mlps.errors import EvidenceError
from mlps.evidence import BY_NAME
from mlps.evidence.reader import BUDGET_BYTES, read
from mlps.evidence.writer import EvidenceWriter
from runner.record import run_file
from runner.record.run_file import RunFile

RANKS = 10_000


def closing(ranks: int, phases: int) -> np.ndarray:
    rows = np.zeros(ranks * phases, BY_NAME["phases"].dtype)
    rows["rank"] = np.tile(np.arange(ranks), phases)
    rows["phase"] = np.repeat(np.arange(phases), ranks)
    return rows


def test_more_memory_allows_more_records(tmp_path):
    with EvidenceWriter(tmp_path / "e.h5") as writer:
        writer.append("phases", closing(RANKS, 12))
    with pytest.raises(
        EvidenceError, match=r"/phases has 120000 rows.*max-evidence-mi"
    ):
        read(tmp_path / "e.h5")
    found = read(tmp_path / "e.h5", 4 * BUDGET_BYTES)
    assert len(found.rows("phases")) == 120_000


def test_bytes_that_are_no_whole_rows_are_refused(tmp_path):
    with EvidenceWriter(tmp_path / "e.h5") as writer:
        size = BY_NAME["steps"].dtype.itemsize
        with pytest.raises(ValueError, match=f"{size + 1} bytes are no rows of {size}"):
            writer.append_bytes("steps", bytes(size + 1))
        writer.append_bytes("steps", bytes(2 * size))
    assert len(read(tmp_path / "e.h5").rows("steps")) == 2


def test_rows_wait_for_the_disk_in_the_image_not_one_by_one(tmp_path, monkeypatch):
    """Large files are written seldom; what came meanwhile is small, and chained."""
    monkeypatch.setattr(run_file, "FLUSH_INTERVAL_S", 0.0)
    monkeypatch.setattr(run_file, "FLUSH_BYTES_PER_S", 1)
    file = RunFile(tmp_path / "e.h5", b"plan")
    world = synthetic.World(16)
    file.flush_if_due()
    stored = (tmp_path / "e.h5").read_bytes()
    for number in range(3):
        for table, rows in synthetic.parts(world.second(number), 16, joined=True):
            file.append(table, rows)
        time.sleep(0.01)
        file.flush_if_due()
        assert not file._writer._pending
        assert (tmp_path / "e.h5").read_bytes() == stored
    file.end("complete", -1, "")
    evidence = read(tmp_path / "e.h5")
    assert evidence.chain_fault is None
    assert len(evidence.rows("process")) == 3 * 16
    steps = evidence.rows("steps")
    assert len(steps) == 3 * 16 * synthetic.STEPS_PER_S
    assert sorted(set(steps["rank"].tolist())) == list(range(16))
