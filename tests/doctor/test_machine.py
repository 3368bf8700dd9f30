"""The command on the machine it runs on, with a real launcher and a false one."""

import errno
import json
import os
import stat
import sys
import threading
import time
from pathlib import Path

import pytest

from mlps.doctor import gathering, launching, probing
from mlps.doctor.examination import examine
from mlps.doctor.facts import Lost, Spot
from mlps.doctor.row import Row, Status
from tests.conftest import BIN

pytestmark = pytest.mark.mpi

# What a launcher of another MPI does to its ranks: it starts each on its own.
STRANGER = """\
#!/bin/sh
[ "$1" = --version ] && exec echo "mpirun (Open MPI) 4.1.4"
shift 2
"$@"
"$@"
"""


def is_running(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def patient(monkeypatch):
    """Give a busy machine the time it needs."""
    for name in ("HELLO_S", "VERSION_S", "PACKAGES_S"):
        monkeypatch.setattr(launching, name, 120)
    monkeypatch.setattr(gathering, "PATHS_S", 120)


def looked_at(data: Path, results: Path) -> dict[str, Row]:
    return {row.subject: row for row in examine(gathering.gather(data, results)).rows}


def test_this_machine(tmp_path, patient, monkeypatch):
    monkeypatch.setenv("PATH", f"{BIN}:{os.environ['PATH']}")
    rows = looked_at(tmp_path / "d", tmp_path / "r")
    assert "one world of size 2" in rows["2 ranks"].what, rows
    assert rows["launcher"].what.startswith(f"{BIN}/mpirun")
    assert "of 4 KiB" in rows["small reads"].what
    assert str(tmp_path / "d") in rows["data"].what
    assert list(tmp_path.iterdir()) == []


def test_a_launcher_of_another_mpi(tmp_path, patient, monkeypatch):
    wrong = tmp_path / "bin" / "mpirun"
    wrong.parent.mkdir()
    wrong.write_text(STRANGER)
    wrong.chmod(wrong.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{wrong.parent}:{os.environ['PATH']}")
    row = looked_at(tmp_path, tmp_path)["2 ranks"]
    assert row.status is Status.ERROR
    assert "2 worlds of size 1" in row.what
    assert row.fix[0] == f"start with {BIN / 'mpirun'}"


def test_the_command_says_it_as_table_and_as_data(tmp_path, mlps):
    said = mlps("doctor", "--data", "/proc/none", "--results", "r", "--json")
    assert not said.stderr
    data = json.loads(said.stdout)
    rows = {row["subject"]: row for row in data["rows"]}
    assert rows["data"]["status"] == "ERROR"
    assert (data["ready"], said.returncode) == (False, 3)
    table = mlps("doctor", "--data", "/proc/none")
    assert table.returncode == 3
    assert "not ready: " in table.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_hangs_is_ended_with_its_children(tmp_path):
    mark = tmp_path / "pid"
    hang = ["sh", "-c", f"sleep 60 & echo $! > {mark}; wait"]
    said = launching.run(hang, 1.0)
    assert said.status is None
    end_s = time.monotonic() + 20
    while is_running(mark.read_text().strip()):
        assert time.monotonic() < end_s
        time.sleep(0.05)


def test_a_broken_package_is_told_apart(tmp_path, patient, monkeypatch):
    (tmp_path / "h5py.py").write_text("raise ImportError('libhdf5.so.310')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    problems = {p.name: p.problem for p in launching.software().packages}
    assert problems["h5py"] == "ImportError: libhdf5.so.310"
    assert not problems["numpy"]


def test_a_package_that_kills_its_process_is_told(tmp_path, patient, monkeypatch):
    (tmp_path / "numpy.py").write_text("import os; os.abort()\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    problems = {p.name: p.problem for p in launching.software().packages}
    assert not problems["mlps"]
    assert "ended with -6" in problems["hydra"]


def test_a_path_is_looked_at_and_left_as_it_was(tmp_path):
    found = probing.look_at(tmp_path / "not" / "yet", 20)
    assert isinstance(found, Spot)
    assert found.there == tmp_path
    assert found.device == tmp_path.stat().st_dev
    assert found.reads is not None
    assert len(found.reads.latencies_ns) > 0
    assert list(tmp_path.iterdir()) == []


def test_a_path_where_nothing_can_be_written():
    found = probing.look_at(Path("/proc/nothing"), 20)
    assert isinstance(found, Spot)
    assert found.write_errno in (errno.ENOENT, errno.EACCES, errno.EPERM)
    assert found.fs_type == "proc"


def test_a_path_that_does_not_answer(monkeypatch):
    let_go = threading.Event()
    monkeypatch.setattr(probing, "_spot", lambda path: let_go.wait(30))
    try:
        found = probing.look_at(Path("/x"), 0.05)
    finally:
        let_go.set()
    assert found == Lost(path=Path("/x"), reason="no answer within 0 s")


def test_files_that_can_not_be_read_give_their_errno(tmp_path):
    gone = str(tmp_path / "gone")
    assert gathering.read_files((gone, "/proc")) == {
        gone: errno.ENOENT,
        "/proc": errno.EISDIR,
    }


def test_nothing_of_mpi_or_hydra_is_imported():
    code = (
        "import sys, mlps.doctor.command as c\n"
        "bad = {'mpi4py', 'hydra', 'omegaconf', 'runner', 'rules', 'h5py', 'numpy'}\n"
        "print(sorted(bad & set(sys.modules)))"
    )
    said = launching.run([sys.executable, "-c", code], 20)
    assert said.stdout == "[]\n", said.stderr
