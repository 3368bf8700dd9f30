"""Bytes the kernel never writes: a ValueError that names the file, nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.record import hosts
from runner.record.procfs import (
    cpu,
    disks,
    fdinfo,
    memory,
    mountinfo,
    net,
    nfs,
    pressure,
    process,
)

RECORDED = Path(__file__).parent / "recorded"
STAT = b"1 (x) S " + b"1 " * 49
STATUS = b"Threads:\t1\n"
MOUNTINFO = (
    b"22 27 0:21 / /proc rw,relatime shared:5 master:1 - proc proc rw\n"
    b"27 1 254:0 / / rw - ext4 /dev/vda rw,discard\n"
)


@dataclass(frozen=True, slots=True)
class Parser:
    """One parser, the path its errors name, and bytes it accepts."""

    path: str
    parse: Callable[[bytes], object]
    samples: tuple[bytes, ...]


def kernel_files(name: str) -> tuple[bytes, ...]:
    paths = sorted(RECORDED.glob(f"*/{name}"))
    assert paths
    # Long files are cut so that a mutation has a chance to hit something.
    return tuple(path.read_bytes()[-1500:] for path in paths)


PARSERS = {
    "io": Parser(
        "/proc/self/io",
        lambda raw: process.process_rows(0, 0, raw, STAT, STATUS, None, None),
        kernel_files("self/io"),
    ),
    "stat": Parser(
        "/proc/self/stat",
        lambda raw: process.process_rows(0, 0, None, raw, STATUS, None, None),
        kernel_files("self/stat"),
    ),
    "status": Parser(
        "/proc/self/status",
        lambda raw: process.process_rows(0, 0, None, STAT, raw, None, None),
        kernel_files("self/status"),
    ),
    "schedstat": Parser(
        "/proc/self/schedstat",
        lambda raw: process.process_rows(0, 0, None, STAT, STATUS, raw, None),
        kernel_files("self/schedstat"),
    ),
    "host-stat": Parser(
        "/proc/stat",
        lambda raw: cpu.cpu_rows(0, 0, raw, b"0.00 0"),
        tuple(path.read_bytes()[:300] for path in RECORDED.glob("*/stat")),
    ),
    "loadavg": Parser(
        "/proc/loadavg",
        lambda raw: cpu.cpu_rows(0, 0, b"cpu 1 2 3 4\n", raw),
        kernel_files("loadavg"),
    ),
    "meminfo": Parser(
        "/proc/meminfo",
        lambda raw: memory.memory_rows(0, 0, raw),
        tuple(path.read_bytes()[:600] for path in RECORDED.glob("*/meminfo")),
    ),
    "vmstat": Parser(
        "/proc/vmstat",
        lambda raw: memory.vmstat_rows(0, 0, raw),
        kernel_files("vmstat"),
    ),
    "diskstats": Parser(
        "/proc/diskstats",
        lambda raw: disks.disk_rows(0, 0, raw),
        kernel_files("diskstats"),
    ),
    "net": Parser(
        "/proc/net/dev",
        lambda raw: net.net_rows(0, 0, raw),
        kernel_files("net/dev"),
    ),
    "pressure": Parser(
        "/proc/pressure/io",
        lambda raw: pressure.pressure_rows(0, 0, None, raw, None),
        kernel_files("pressure/io"),
    ),
    "nfs": Parser(
        "/proc/self/mountstats",
        lambda raw: nfs.nfs_rows(0, 0, raw),
        kernel_files("self/mountstats"),
    ),
    "mountinfo": Parser("/proc/self/mountinfo", mountinfo.mounts_of, (MOUNTINFO,)),
    "flags": Parser(
        "/proc/self/fdinfo",
        fdinfo.open_flags_of,
        (b"pos:\t0\nflags:\t0140000\nmnt_id:\t27\n",),
    ),
    "mount-id": Parser(
        "/proc/self/fdinfo",
        fdinfo.mount_id_of,
        (b"pos:\t0\nflags:\t0140000\nmnt_id:\t27\n",),
    ),
    "cpus-allowed": Parser(
        "/proc/self/status",
        hosts.cpus_allowed,
        (b"Name:\tx\nCpus_allowed_list:\t0-1\n",),
    ),
}
each_parser = pytest.mark.parametrize("parser", PARSERS.values(), ids=PARSERS.keys())

SPLICES = st.sampled_from(
    [
        *(b"", b" ", b"\n", b"\t", b"\0", b"\xff", b":", b"x", b"kB", b"\\777"),
        *(b"-1", b"+1", b"1_0", b"1e3", b"9" * 5000),
        *(b"18446744073709551615", b"18446744073709551616"),
    ]
)


def parses_or_names_the_file(parser: Parser, raw: bytes) -> None:
    try:
        parser.parse(raw)
    except ValueError as error:
        assert str(error).startswith(f"{parser.path}: ")
        assert len(str(error)) < 300


@each_parser
def test_recorded_bytes_are_accepted(parser):
    for sample in parser.samples:
        parser.parse(sample)


@each_parser
@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=300))
def test_any_bytes(parser, raw):
    parses_or_names_the_file(parser, raw)


@each_parser
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_nearly_right_bytes(parser, data):
    raw = data.draw(st.sampled_from(parser.samples))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(raw)))
        length = data.draw(st.integers(0, 8))
        raw = raw[:start] + data.draw(SPLICES) + raw[start + length :]
    parses_or_names_the_file(parser, raw)


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("io", b""),
        ("io", b"rchar: -1\n"),
        ("io", b"rchar: 1_0\n"),
        ("io", b"rchar: 18446744073709551616\n"),
        ("stat", b"1 (x S 1 2 3"),
        ("stat", b"1 (x) S 1 2 3"),
        ("status", b"Threads:\t1\nVmRSS:\t5 MB\n"),
        ("status", b"VmRSS:\t18446744073709551615 kB\n"),
        ("schedstat", b"1 2"),
        ("host-stat", b"cpu0 1 2 3 4\nctxt 5\n"),
        ("host-stat", b"cpu 1 2 3\n"),
        ("loadavg", b"0.5 0.4"),
        ("meminfo", b"MemFree: 1 kB\n"),
        ("meminfo", b"MemTotal: 1\n"),
        ("vmstat", b"nr_free_pages 1\n"),
        ("diskstats", b"8 0 sda 1 2 3 4\n"),
        ("diskstats", b"8 0 sda " + b"1 " * 13),
        ("diskstats", b"8 0 " + b"x" * 65 + b" 1" * 11),
        ("net", b""),
        ("net", b"Inter-|\n face |\neth0: 1 2 3\n"),
        ("pressure", b"some avg10=0.00\n"),
        ("nfs", b"device a mounted on /b with fstype nfs\n\tbytes: x\n"),
        ("mountinfo", b"22 27 0:21 / /proc rw\n"),
        ("flags", b"flags:\t09\n"),
        ("flags", b"flags:\n"),
        ("mount-id", b"flags:\t0\n"),
    ],
)
def test_what_is_refused(name, raw):
    with pytest.raises(ValueError, match=PARSERS[name].path):
        PARSERS[name].parse(raw)
