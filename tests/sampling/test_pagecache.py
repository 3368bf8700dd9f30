"""Flushing is proven on real files, by privilege and without."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlps.errors import NotReadyError
from mlps.evidence import BY_NAME
from runner.workload.pagecache import (
    Method,
    Residency,
    flush,
    is_direct,
    open_flags,
    residency,
    spread,
)

PAGE = os.sysconf("SC_PAGE_SIZE")
FILE_PAGES = 64
NOBODY = 65534


@pytest.fixture
def files(disk_path: Path) -> list[Path]:
    """Three files that are resident and, being fresh, dirty."""
    paths = [disk_path / f"file{n}" for n in range(3)]
    for path in paths:
        path.write_bytes(os.urandom(FILE_PAGES * PAGE - 1))
    return paths


def test_written_files_are_resident(files):
    found = residency(files)
    assert found == Residency(sampled_pages=192, resident_pages=192)
    assert not found.is_flushed


def test_fadvise_flush_is_proven(files):
    (row,) = flush(iter(files), files, node=2, phase=5, method=Method.FADVISE)
    assert row.dtype == BY_NAME["flushes"].dtype
    assert (row["node"], row["phase"]) == (2, 5)
    assert (row["method"], row["outcome"]) == (b"fadvise", b"flushed")
    assert (row["sampled_pages"], row["resident_pages"]) == (192, 0)
    assert row["end_ns"] > row["start_ns"]
    assert row["cached_before_bytes"] > 0


def test_looking_does_not_bring_pages_in_and_reading_does(files):
    flush(files, files, node=0, phase=0, method=Method.FADVISE)
    assert residency(files).resident_pages == 0
    assert residency(files).resident_pages == 0
    with files[1].open("rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
        os.pread(file.fileno(), 1, 7 * PAGE)
    assert residency(files).resident_pages == 1
    files[1].read_bytes()
    assert residency(files).resident_pages == FILE_PAGES


def test_a_file_left_out_makes_the_flush_fail(files):
    (row,) = flush(files[:2], files, node=0, phase=0, method=Method.FADVISE)
    assert row["outcome"] == b"failed"
    assert row["resident_pages"] == FILE_PAGES


def test_drop_caches_is_proven_where_permitted(files):
    if not os.access("/proc/sys/vm/drop_caches", os.W_OK):
        pytest.skip("this user may not drop caches")
    (row,) = flush([], files, node=0, phase=0)
    assert (row["method"], row["outcome"]) == (b"drop_caches", b"flushed")
    assert row["drops_after"] > row["drops_before"]
    assert row["resident_pages"] == 0


def test_memory_file_system_can_not_be_flushed():
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        path = Path(folder) / "file"
        path.write_bytes(bytes(FILE_PAGES * PAGE))
        (row,) = flush([path], [path], node=0, phase=0, method=Method.FADVISE)
    assert row["outcome"] == b"failed"
    assert row["resident_pages"] == FILE_PAGES


def test_no_sample_is_no_proof(files):
    (row,) = flush(files, [], node=0, phase=0, method=Method.FADVISE)
    assert row["outcome"] == b"failed"


@pytest.mark.parametrize(
    ("sampled", "resident", "flushed"),
    [
        (100, 0, True),
        (100, 1, False),
        (1000, 9, True),
        (1000, 10, False),
        (0, 0, False),
    ],
)
def test_less_than_one_percent(sampled, resident, flushed):
    found = Residency(sampled_pages=sampled, resident_pages=resident)
    assert found.is_flushed is flushed


def test_missing_file_is_named(files):
    gone = files[0].with_name("gone")
    with pytest.raises(NotReadyError, match="gone: its cache can't be flushed"):
        flush([gone], files, node=0, phase=0, method=Method.FADVISE)
    with pytest.raises(NotReadyError, match="gone: can't be looked at"):
        flush(files, [gone], node=0, phase=0, method=Method.FADVISE)


def test_many_files_are_flushed_by_all_threads_once(files, monkeypatch):
    seen = []
    monkeypatch.setattr("runner.workload.pagecache._forget", seen.append)
    paths = [Path(f"/{n}") for n in range(1000)]
    flush(iter(paths), files, node=0, phase=0, method=Method.FADVISE, threads=7)
    assert sorted(seen) == sorted(paths)


def test_spread_covers_a_small_file_and_both_ends_of_a_large_one():
    assert spread(0) == []
    assert spread(5) == [(0, 5)]
    size = 10**12 + 1
    ranges = spread(size)
    assert len(ranges) == 16
    assert ranges[0][0] == 0
    assert size - PAGE <= sum(ranges[-1]) <= size
    assert all(start % PAGE == 0 for start, _ in ranges)


UNPRIVILEGED = """
import os, sys
from pathlib import Path
from mlps.errors import NotReadyError
from runner.workload.pagecache import flush
os.setgroups([]); os.setgid(65534); os.setuid(65534)
path = Path(sys.argv[1])
try:
    row = flush([path], [path], node=0, phase=0)[0]
except NotReadyError as error:
    print(error)
else:
    print(row["method"].decode(), row["outcome"].decode())
"""


@pytest.fixture
def shared_file(disk_path: Path) -> Iterator[Path]:
    """A file another user can reach, on the file system of the test."""
    if os.geteuid() != 0:
        pytest.skip("needs root to become another user")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "file"
        path.write_bytes(os.urandom(FILE_PAGES * PAGE))
        path.chmod(0o444)
        yield path


def flushed_as_nobody(path: Path) -> str:
    command = [sys.executable, "-P", "-c", UNPRIVILEGED, path]
    said = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=30
    )
    return said.stdout.strip()


def test_owner_without_privilege_flushes_with_fadvise(shared_file):
    os.chown(shared_file, NOBODY, NOBODY)
    assert flushed_as_nobody(shared_file) == "fadvise flushed"
    assert residency([shared_file]).resident_pages == 0


def test_who_may_not_see_residency_is_told_so(shared_file):
    assert "the kernel hides from this user" in flushed_as_nobody(shared_file)


def test_open_flags_show_o_direct(files):
    plain = os.open(files[0], os.O_RDONLY)
    try:
        direct = os.open(files[0], os.O_RDONLY | os.O_DIRECT)
    except OSError as error:
        os.close(plain)
        pytest.skip(f"no O_DIRECT here: {error}")
    try:
        assert not is_direct(plain)
        assert is_direct(direct)
        assert open_flags(direct) & os.O_ACCMODE == os.O_RDONLY
    finally:
        os.close(plain)
        os.close(direct)
