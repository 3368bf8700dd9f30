"""Evidence that is large, or only says so: bounded memory, one clear line."""

import resource
import subprocess
import sys
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest

from mlps.errors import EvidenceError
from mlps.evidence import BY_NAME, CHUNK_ROWS, SCHEMA
from mlps.evidence.reader import BUDGET_BYTES, read
from tests.rules import campaigns, plans

MIB = 2**20
LIMIT_BYTES = 512 * MIB
SCATTERED = np.random.default_rng(1).integers(0, 2**62, CHUNK_ROWS)
VALUES = {
    "latency": {
        "operation": b"read",
        "phase": SCATTERED,
        "bucket": SCATTERED % 7000,
        "count": SCATTERED,
    }
}
"""Distinct values cost the most: each becomes an object, and all are sorted."""
PEAK = """
def peak_bytes():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(x.split()[1]) * 1024 for x in lines if x.startswith("VmHWM"))
"""


@pytest.fixture(scope="module")
def genuine(tmp_path_factory) -> bytes:
    doc = plans.frozen(plans.demo_plan())
    folder = tmp_path_factory.mktemp("genuine")
    run = campaigns.write_run(folder, doc, doc.plan.campaign.runs[2])
    return (run / "evidence.h5").read_bytes()


@pytest.fixture
def evidence(genuine, tmp_path) -> Path:
    path = tmp_path / "evidence.h5"
    path.write_bytes(genuine)
    return path


def blow_up(path: Path, table: str, size_bytes: int) -> None:
    """Add rows of one and the same chunk, which compresses to next to nothing."""
    dtype = BY_NAME[table].dtype
    rows = size_bytes // dtype.itemsize // CHUNK_ROWS * CHUNK_ROWS
    with h5py.File(path, "r+") as file:
        for column, (kind, _) in dtype.fields.items():
            dataset = file[table][column]
            dataset.resize((CHUNK_ROWS,))
            value = VALUES.get(table, {}).get(column, 0)
            dataset[:] = np.full(CHUNK_ROWS, value, dtype=kind)
            _, stored = dataset.id.read_direct_chunk((0,))
            dataset.resize((rows,))
            for first in range(CHUNK_ROWS, rows, CHUNK_ROWS):
                dataset.id.write_direct_chunk((first,), stored)


def told(code: str) -> tuple[int, str]:
    """Peak memory of a process of its own in bytes, and all it said."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK + code + "\nprint(peak_bytes())"],
        capture_output=True,
        text=True,
        check=True,
    )
    *said, peak_bytes = done.stdout.splitlines()
    return int(peak_bytes), " ".join([*said, done.stderr])


def verified(path: Path) -> tuple[int, str]:
    return told(
        f"import sys; sys.argv = ['mlps', 'verify', {str(path)!r}]\n"
        "from mlps.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass"
    )


@pytest.mark.parametrize("table", ["latency", "steps", "process", "chain"])
def test_what_fills_the_budget_is_judged_within_the_limit(evidence, table):
    blow_up(evidence, table, BUDGET_BYTES - MIB)
    assert evidence.stat().st_size < BUDGET_BYTES // 2
    peak_bytes, said = verified(evidence)
    assert "verdict" in said
    assert BUDGET_BYTES < peak_bytes < LIMIT_BYTES


def test_what_exceeds_the_budget_is_refused_by_its_headers(evidence):
    blow_up(evidence, "steps", BUDGET_BYTES // 2 + MIB)
    blow_up(evidence, "nfs", BUDGET_BYTES // 2 + MIB)
    peak_bytes, said = verified(evidence)
    assert f"the limit is {BUDGET_BYTES}" in said
    assert peak_bytes < 128 * MIB


def test_a_caller_can_ask_for_more_or_less(evidence):
    blow_up(evidence, "steps", 2 * MIB)
    with pytest.raises(EvidenceError) as refusal:
        read(evidence, budget_bytes=MIB)
    text = str(refusal.value)
    assert str(evidence) in text
    assert "the limit is 1048576; most in /steps: 19968 rows, 2076672 bytes" in text
    assert len(read(evidence, budget_bytes=4 * MIB).tables["steps"]) == 19968


@pytest.mark.parametrize("table", ["phases", "ranks", "clock", "hosts"])
def test_a_table_of_records_has_as_many_rows_as_a_machine_has_parts(evidence, table):
    blow_up(evidence, table, BY_NAME[table].dtype.itemsize * (2**15 + CHUNK_ROWS))
    with pytest.raises(EvidenceError, match=f"/{table} has 33280 rows, more than"):
        read(evidence)


def test_a_file_of_ten_gigabytes_of_nothing_is_refused_by_its_size(evidence):
    with evidence.open("r+b") as file:
        file.truncate(10**10)
    with pytest.raises(EvidenceError, match="a file of 10000000000 bytes"):
        read(evidence)


@pytest.mark.parametrize("claimed", [10**9, 2**31 - 1, 2**32 - 1])
def test_a_text_of_four_gigabytes_is_not_made_room_for(tmp_path, claimed):
    """HDF5 makes room for a text attribute as long as the file says it is."""
    path = tmp_path / "evidence.h5"
    with h5py.File(path, "w") as file:
        file.attrs["mlps_schema"] = SCHEMA
    data = bytearray(path.read_bytes())
    place = data.index(len(SCHEMA).to_bytes(4, "little"), data.index(b"mlps_schema"))
    data[place : place + 4] = claimed.to_bytes(4, "little")
    path.write_bytes(data)
    peak_bytes, said = told(
        "from pathlib import Path\n"
        "from mlps.evidence.reader import read\n"
        f"try: read(Path({str(path)!r}))\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    assert said.startswith(f"EvidenceError {path}: damaged")
    assert peak_bytes < LIMIT_BYTES


def test_the_limit_ends_with_the_reading(evidence):
    before = resource.getrlimit(resource.RLIMIT_AS)
    read(evidence)
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def with_chunk(path: Path, stored: bytes) -> None:
    """Replace the first chunk of a column by other stored bytes."""
    with h5py.File(path, "r+") as file:
        file["steps/wait_ns"].id.write_direct_chunk((0,), stored)


def test_a_chunk_that_inflates_without_end_is_refused_unread(evidence):
    with_chunk(evidence, zlib.compress(bytes(200 * MIB), 9) + bytes(4))
    with pytest.raises(EvidenceError, match=r"/steps/wait_ns stores 20\d+ bytes"):
        read(evidence)


def test_a_small_chunk_is_inflated_no_further_than_its_size(evidence):
    with_chunk(evidence, checked(zlib.compress(bytes(4 * MIB), 9)))
    with pytest.raises(EvidenceError, match="chunk that does not hold 4096 bytes"):
        read(evidence)


@pytest.mark.parametrize("size", [1, 8, 8 * CHUNK_ROWS - 1, 8 * CHUNK_ROWS + 1])
def test_a_chunk_of_another_size_never_shows_foreign_memory(evidence, size):
    with_chunk(evidence, checked(zlib.compress(bytes(size))))
    with pytest.raises(EvidenceError, match="chunk that does not hold 4096 bytes"):
        read(evidence)


@pytest.mark.parametrize("stored", [b"\0", b"\0" * 4, b"\0" * 5, b"x" * 60])
def test_a_chunk_of_junk_is_refused(evidence, stored):
    with_chunk(evidence, stored)
    with pytest.raises(EvidenceError, match="/steps/wait_ns"):
        read(evidence)


def test_a_chunk_that_skips_filters_is_refused(evidence):
    with h5py.File(evidence, "r+") as file:
        file["steps/wait_ns"].id.write_direct_chunk((0,), bytes(4096), filter_mask=7)
    with pytest.raises(EvidenceError, match="skips filters"):
        read(evidence)


def checked(data: bytes) -> bytes:
    """Append the Fletcher checksum HDF5 stores behind a chunk."""
    low = high = 0
    whole = data + b"\0" * (len(data) % 2)
    for first, second in zip(whole[::2], whole[1::2], strict=True):
        low = (low + (first << 8 | second)) % 65535
        high = (high + low) % 65535
    return data + (high << 16 | low).to_bytes(4, "little")
