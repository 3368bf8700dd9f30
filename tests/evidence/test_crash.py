"""kill -9 of the writer at any moment: what was flushed is there, and whole."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from mlps.evidence import BY_NAME, TABLES
from mlps.evidence.reader import read
from mlps.evidence.writer import EvidenceWriter
from mlps.plan import render
from tests.rules import campaigns, plans

WRITER = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    import numpy as np
    from mlps.evidence import BY_NAME
    from mlps.evidence.writer import EvidenceWriter

    writer, pause_s = EvidenceWriter(Path(sys.argv[1])), float(sys.argv[2])
    number, random = 0, np.random.default_rng(1)
    while True:
        for table, size in (("steps", 37), ("latency", 11), ("events", 1)):
            rows = np.zeros(size, dtype=BY_NAME[table].dtype)
            for column in rows.dtype.names:  # incompressible: chunks grow and move
                if rows.dtype[column].kind in "iu":
                    rows[column] = random.integers(0, 2**40, size)
            rows["rank"] = number
            writer.append(table, rows)
        writer.flush()
        number += 1
        print(number, flush=True)
        time.sleep(pause_s)
    """
)


@pytest.mark.parametrize("flushes", [1, 12])
def test_a_writer_killed_between_flushes_leaves_all_rows(tmp_path: Path, flushes: int):
    path = tmp_path / "evidence.h5"
    flushed = killed(path, flushes, pause_s=0.05)
    assert_whole(path, flushed)


@pytest.mark.parametrize("flushes", [3, 14, 25])
def test_a_writer_killed_in_a_flush_leaves_all_rows_before(tmp_path, flushes):
    path = tmp_path / "evidence.h5"
    flushed = killed(path, flushes, pause_s=0)
    assert_whole(path, flushed)


def killed(path: Path, flushes: int, pause_s: float) -> int:
    """Kill a writer after some flushes; returns how many it said it did."""
    command = [sys.executable, "-c", WRITER, str(path), str(pause_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        for _ in range(flushes):
            writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        said = writer.stdout.read().split()
    return max([flushes, *map(int, said)])


def assert_whole(path: Path, flushed: int) -> None:
    evidence = read(path)
    assert evidence.outcome == "unfinished"
    assert len(evidence.tables["steps"]) >= 37 * flushed
    assert len(evidence.tables["events"]) >= flushed
    assert evidence.chain_fault is None
    assert evidence.tables["steps"]["rank"][-1] >= flushed - 1


def test_rows_come_back_as_they_were_written(tmp_path):
    doc = plans.frozen(plans.demo_plan())
    tables = campaigns.tables_of(doc, doc.plan.campaign.runs[2], campaigns.PLAIN)
    path = tmp_path / "evidence.h5"
    with EvidenceWriter(path) as writer:
        for name, rows in tables.items():
            writer.append(name, rows)
        head_before = writer.head
    evidence = read(path)
    for name, rows in tables.items():
        assert np.array_equal(evidence.tables[name], rows), name
    assert evidence.chain_fault is None
    assert evidence.chain_head == writer.head != head_before
    assert evidence.plan_bytes == render(doc)


def test_flushing_often_or_once_gives_the_same_rows(tmp_path):
    rows = np.zeros(1300, dtype=BY_NAME["steps"].dtype)
    rows["step"] = np.arange(1300)
    with EvidenceWriter(tmp_path / "once.h5") as writer:
        writer.append("steps", rows)
    with EvidenceWriter(tmp_path / "often.h5") as writer:
        for first in range(0, 1300, 100):
            writer.append("steps", rows[first : first + 100])
            writer.flush()
    once, often = read(tmp_path / "once.h5"), read(tmp_path / "often.h5")
    assert np.array_equal(once.tables["steps"], often.tables["steps"])
    assert once.chain_fault is often.chain_fault is None


def test_the_same_rows_give_the_same_bytes(tmp_path):
    doc = plans.frozen(plans.demo_plan())
    for name in ("a", "b"):
        with EvidenceWriter(tmp_path / name) as writer:
            tables = campaigns.tables_of(
                doc, doc.plan.campaign.runs[2], campaigns.PLAIN
            )
            for table, rows in tables.items():
                writer.append(table, rows)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_rows_of_another_shape_are_refused(tmp_path):
    with (
        EvidenceWriter(tmp_path / "evidence.h5") as writer,
        pytest.raises(ValueError, match="table 'steps'"),
    ):
        writer.append("steps", np.zeros(1, dtype=BY_NAME["phases"].dtype))


def test_an_existing_file_is_never_overwritten(tmp_path):
    path = tmp_path / "evidence.h5"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        EvidenceWriter(path)
    assert path.read_bytes() == b"precious"


def test_an_error_while_writing_keeps_what_was_held(tmp_path):
    path = tmp_path / "evidence.h5"
    with pytest.raises(RuntimeError), EvidenceWriter(path) as writer:
        writer.append("events", np.zeros(3, dtype=BY_NAME["events"].dtype))
        raise RuntimeError("rank died")
    assert len(read(path).tables["events"]) == 3


def test_every_declared_table_is_in_an_empty_file(tmp_path):
    path = tmp_path / "evidence.h5"
    EvidenceWriter(path).close()
    evidence = read(path)
    assert set(evidence.tables) == {t.name for t in TABLES}
    assert evidence.chain_fault is None
