"""Parsers on recorded bytes of three kernels."""

from pathlib import Path

import pytest

from mlps.evidence import ABSENT, StructArray
from mlps.evidence.kernel_tables import DISK_FIELDS, NET_FIELDS, NFS_FIELDS
from runner.record.procfs import cpu, disks, memory, net, nfs, pressure, process


@pytest.fixture
def read(recorded: Path):
    def file_of(kernel: str, name: str) -> bytes | None:
        path = recorded / kernel / name
        return path.read_bytes() if path.exists() else None

    return file_of


def process_row(read, kernel: str) -> StructArray:
    files = ("io", "stat", "status", "schedstat")
    raw = [read(kernel, f"self/{file}") for file in files]
    switch = read(kernel, "sys/kernel/task_delayacct")
    return process.process_rows(7, 123, *raw, switch)[0]


def test_process_of_an_old_kernel(read):
    row = process_row(read, "linux-3.10")
    assert (row["rank"], row["sampled_at_ns"]) == (7, 123)
    assert row["io_rchar"] == 1948
    assert row["io_read_bytes"] == 4096
    assert (row["minor_faults"], row["major_faults"]) == (1523, 9)
    assert (row["user_ticks"], row["system_ticks"]) == (12, 5)
    assert row["block_delay_ticks"] == 77
    assert row["threads"] == 3
    assert row["rss_bytes"] == 12284 * 1024
    assert row["peak_rss_bytes"] == 12296 * 1024
    assert (row["voluntary_switches"], row["involuntary_switches"]) == (42, 3)
    assert (row["run_ns"], row["run_delay_ns"]) == (70213911, 90233)
    assert (row["sampler_cpu_ns"], row["late_ns"]) == (ABSENT, 0)


def test_process_name_with_spaces_parentheses_and_newline(read):
    row = process_row(read, "linux-4.18")
    assert (row["minor_faults"], row["major_faults"]) == (90210, 17)
    assert (row["user_ticks"], row["system_ticks"]) == (1812, 655)
    assert row["block_delay_ticks"] == 9
    assert row["io_cancelled_write_bytes"] == 4096


def test_what_the_kernel_does_not_measure_is_absent_not_zero(read):
    row = process_row(read, "linux-6.8")
    assert row["block_delay_ticks"] == ABSENT
    assert (row["run_ns"], row["run_delay_ns"]) == (ABSENT, ABSENT)
    assert row["io_rchar"] == 2**62
    assert row["io_read_bytes"] == 2**53 + 1


def test_files_a_kernel_lacks_are_absent_columns(read):
    stat, status = (read("linux-6.8", f"self/{f}") for f in ("stat", "status"))
    row = process.process_rows(0, 0, None, stat, status, None, None)[0]
    assert row["io_rchar"] == ABSENT
    assert row["io_cancelled_write_bytes"] == ABSENT
    assert row["run_ns"] == ABSENT
    assert row["block_delay_ticks"] == 0


def test_cpu(read):
    stat, loadavg = (read("linux-4.18", f) for f in ("stat", "loadavg"))
    row = cpu.cpu_rows(2, 9, stat, loadavg)[0]
    assert row.tolist() == (
        *(2, 9, 90123, 12, 40021, 9912031, 1233, 2201, 812, 55),
        *(99123311, 11, 0, 1234),
    )


def test_cpu_of_a_kernel_without_steal():
    row = cpu.cpu_rows(0, 0, b"cpu 1 2 3 4 5 6 7\nctxt 8\n", b"1.05 0.00 0.00 1/2 3")[0]
    assert row["softirq_ticks"] == 7
    assert row["steal_ticks"] == ABSENT
    assert row["procs_running"] == ABSENT
    assert row["load1_hundredths"] == 105


def test_memory_is_exact_bytes(read):
    row = memory.memory_rows(0, 0, read("linux-6.8", "meminfo"))[0]
    assert row["memtotal_bytes"] == 2113929216 * 1024
    assert row["active_file_bytes"] == 1024
    assert row["cached_bytes"] == 999999999 * 1024


def test_memory_key_an_old_kernel_lacks(read):
    row = memory.memory_rows(0, 0, read("linux-3.10", "meminfo"))[0]
    assert row["memavailable_bytes"] == ABSENT
    assert row["swapcached_bytes"] == 0


def test_vmstat(read):
    old = memory.vmstat_rows(0, 0, read("linux-3.10", "vmstat"))[0]
    assert (old["pgpgin"], old["drop_pagecache"]) == (1873014, 2)
    assert old["workingset_refault_file"] == ABSENT
    assert old["oom_kill"] == ABSENT
    new = memory.vmstat_rows(0, 0, read("linux-6.8", "vmstat"))[0]
    assert new.tolist()[2:] == (1, 2, 3, 4, 5, 6, 7, 11, 10, 9, 8, 13, 14, 15)


def test_disks_of_14_columns(read):
    rows = disks.disk_rows(0, 0, read("linux-3.10", "diskstats"))
    assert rows["device"].tolist() == [b"sda", b"sda1", b"sda2", b"dm-0"]
    assert rows["sectors_read"][0] == 1746148
    assert rows["weighted_io_ms"][0] == 1247800
    assert (rows["discards_completed"] == ABSENT).all()
    assert (rows["flush_ms"] == ABSENT).all()


def test_disks_of_18_columns(read):
    rows = disks.disk_rows(0, 0, read("linux-4.18", "diskstats"))
    assert rows["device"].tolist() == [b"nvme0n1", b"nvme0n1p1", b"loop1"]
    assert rows["sectors_discarded"].tolist() == [81920, 0, 0]
    assert (rows["flushes_completed"] == ABSENT).all()


def test_disks_of_20_columns_and_of_a_kernel_to_come(read):
    rows = disks.disk_rows(0, 0, read("linux-6.8", "diskstats"))
    assert rows["device"].tolist() == [b"nvme0n1", b"zram0", b"nvme9n1"]
    assert rows[0].tolist()[3:] == tuple(range(1, len(DISK_FIELDS) + 1))


def test_net_without_space_and_with_alias(read):
    rows = net.net_rows(3, 4, read("linux-3.10", "net/dev"))
    assert rows["interface"].tolist() == [b"eth0", b"lo", b"eth0:1"]
    assert rows["rx_bytes"].tolist() == [1296214551, 104492, 7]
    assert rows["tx_packets"][0] == 611402
    new = net.net_rows(3, 4, read("linux-6.8", "net/dev"))
    assert new[0].tolist()[3:] == tuple(range(1, len(NET_FIELDS) + 1))


def test_pressure(read):
    raw = [read("linux-6.8", f"pressure/{r}") for r in pressure.RESOURCES]
    rows = pressure.pressure_rows(0, 5, *raw)
    assert rows["resource"].tolist() == [b"cpu", b"io", b"memory"]
    assert rows["some_total_us"].tolist() == [123456, 1, 0]
    assert rows["full_total_us"].tolist() == [ABSENT, 2, 0]


def test_pressure_that_is_partly_there(read):
    rows = pressure.pressure_rows(0, 5, None, read("linux-6.8", "pressure/io"), None)
    assert rows["resource"].tolist() == [b"io"]


def test_nfs(read):
    rows = nfs.nfs_rows(1, 6, read("linux-4.18", "self/mountstats"))
    assert rows["mount_point"].tolist() == [b"/mnt/ml data", b"/home"]
    assert rows["server_read_bytes"].tolist() == [905969700, 5]
    assert rows[1].tolist()[3:] == tuple(range(1, len(NFS_FIELDS) + 1))


@pytest.mark.parametrize("kernel", ["linux-3.10", "linux-6.8"])
def test_no_nfs_no_rows(read, kernel):
    assert len(nfs.nfs_rows(1, 6, read(kernel, "self/mountstats"))) == 0
