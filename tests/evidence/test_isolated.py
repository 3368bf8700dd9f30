"""Reading in a process of its own: the same rows, and no death but the child's."""

import faulthandler
import os
import signal

import numpy as np
import pytest

from mlps.errors import EvidenceError
from mlps.evidence import TABLES, isolated
from mlps.evidence.isolated import Limits, read_isolated
from mlps.evidence.reader import read
from mlps.evidence.writer import EvidenceWriter


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "evidence.h5"
    with EvidenceWriter(file) as writer:
        for table in TABLES:
            if table.name != "chain":
                writer.append(table.name, np.ones(3, table.dtype))
    return file


def test_the_rows_are_the_same(path):
    alone, here = read_isolated(path), read(path)
    for table in TABLES:
        assert alone.tables[table.name].tobytes() == here.tables[table.name].tobytes()
    assert alone.chain_fault is None


def test_errors_are_the_readers_own(path):
    path.write_bytes(b"no hdf5")
    with pytest.raises(EvidenceError) as here:
        read(path)
    with pytest.raises(EvidenceError) as alone:
        read_isolated(path)
    assert str(alone.value) == str(here.value)


def dying(number):
    def die(*_):
        faulthandler.disable()  # the child's death is no news of the test
        os.kill(os.getpid(), number)

    return die


def spinning(*_):
    while True:
        pass


def sleeping(*_):
    signal.pause()


@pytest.mark.parametrize(
    ("reads", "says"),
    [
        (dying(signal.SIGSEGV), "crashed on it \\(SIGSEGV\\)"),
        (dying(signal.SIGABRT), "crashed on it \\(SIGABRT\\)"),
        (dying(signal.SIGKILL), "crashed on it \\(SIGKILL\\)"),
        (spinning, "more than 1 s of CPU"),
        (sleeping, "took more than 0.5 s"),
    ],
)
def test_a_child_that_dies_is_one_error(path, monkeypatch, reads, says):
    monkeypatch.setattr(isolated, "read", reads)
    wall_s = 0.5 if reads is sleeping else 20
    with pytest.raises(EvidenceError, match=says) as error:
        read_isolated(path, limits=Limits(cpu_s=1, wall_s=wall_s))
    assert str(path) in str(error.value)


def test_no_child_is_left(path):
    read_isolated(path)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
