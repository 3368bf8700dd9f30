"""Inputs that fuzzing kept, and the sound ones it starts from: no reader breaks."""

from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

INPUTS = sorted(
    path for path in (Path(__file__).parent / "inputs").glob("*/*") if path.is_file()
)


@pytest.mark.parametrize("path", INPUTS, ids=lambda p: f"{p.parent.name}-{p.name}")
def test_no_reader_breaks(path, tmp_path):
    TARGETS[path.parent.name](path.read_bytes(), tmp_path)


def test_every_target_has_inputs():
    assert {path.parent.name for path in INPUTS} == set(TARGETS)
