"""Parsers against psutil on the machine the test runs on."""

import os
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from mlps.evidence import ABSENT, StructArray
from runner.record.procfs.look import HOST_LOOKS, RANK_LOOKS, open_look

LOOKS = {look.table: look for look in (*RANK_LOOKS, *HOST_LOOKS)}
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def rows_of(table: str) -> StructArray:
    with ExitStack() as closing:
        look = open_look(LOOKS[table], Path("/proc"), closing)
        if not look.reads:
            pytest.skip(f"this kernel lacks {look.absent}")
        return look.parse(0, 1, look.read())


@pytest.mark.parametrize("table", LOOKS)
def test_every_table_can_be_read_here(table):
    assert rows_of(table).dtype.names is not None


def test_process_io_is_between_two_looks_of_psutil():
    before = psutil.Process().io_counters()
    row = rows_of("process")[0]
    after = psutil.Process().io_counters()
    if row["io_rchar"] == ABSENT:
        pytest.skip("this kernel does not account I/O of processes")
    assert before.read_chars <= row["io_rchar"] <= after.read_chars
    assert before.read_count <= row["io_syscr"] <= after.read_count
    assert before.write_bytes <= row["io_write_bytes"] <= after.write_bytes


def test_process_cpu_memory_and_switches():
    process = psutil.Process()
    before, switches = process.cpu_times(), process.num_ctx_switches()
    row = rows_of("process")[0]
    after = process.cpu_times()
    user_s = row["user_ticks"] / TICKS_PER_S
    assert before.user <= user_s <= after.user
    assert before.system <= row["system_ticks"] / TICKS_PER_S <= after.system
    assert row["rss_bytes"] == pytest.approx(process.memory_info().rss, rel=0.05)
    assert row["peak_rss_bytes"] >= row["rss_bytes"]
    assert row["threads"] == process.num_threads()
    assert row["voluntary_switches"] >= switches.voluntary


def test_host_cpu():
    before = psutil.cpu_times()
    row = rows_of("cpu")[0]
    after = psutil.cpu_times()
    for field in ("user", "system", "idle", "iowait", "softirq"):
        ticks = row[f"{field}_ticks"] / TICKS_PER_S
        # The kernel may take back a little idle and iowait time.
        assert getattr(before, field) - 1 <= ticks <= getattr(after, field) + 1
    assert row["context_switches"] <= psutil.cpu_stats().ctx_switches


def test_host_memory():
    row = rows_of("memory")[0]
    memory = psutil.virtual_memory()
    assert row["memtotal_bytes"] == memory.total
    assert row["memavailable_bytes"] == pytest.approx(memory.available, rel=0.1)


def test_disks():
    before = psutil.disk_io_counters(perdisk=True, nowrap=False)
    rows = rows_of("disks")
    after = psutil.disk_io_counters(perdisk=True, nowrap=False)
    for row in rows:
        device = row["device"].decode()
        read_bytes = int(row["sectors_read"]) * 512
        assert before[device].read_bytes <= read_bytes <= after[device].read_bytes
        assert before[device].write_count <= row["writes_completed"]
    busy = {device for device, seen in before.items() if any(seen[:4])}
    assert busy <= {device.decode() for device in rows["device"]}


def test_net():
    before = psutil.net_io_counters(pernic=True, nowrap=False)
    rows = rows_of("net")
    after = psutil.net_io_counters(pernic=True, nowrap=False)
    assert {name.decode() for name in rows["interface"]} == set(before)
    for row in rows:
        name = row["interface"].decode()
        assert before[name].bytes_recv <= row["rx_bytes"] <= after[name].bytes_recv
        assert before[name].packets_sent <= row["tx_packets"]
