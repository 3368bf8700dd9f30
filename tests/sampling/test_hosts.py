"""Facts of a host: recorded bytes and the live machine."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import psutil
import pytest

from mlps.evidence import BY_NAME
from runner.record import hosts
from runner.record.procfs.fdinfo import mount_id_of
from runner.record.procfs.mountinfo import mounts_of

MOUNTINFO = (
    rb"22 27 0:21 / /proc rw,relatime - proc proc rw" + b"\n"
    rb"27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard" + b"\n"
    rb"40 27 0:45 /sub /mnt/my\040data\134x ro,noatime shared:2 master:3"
    rb" propagate_from:4 - nfs4 filer:/a\040b rw,vers=4.2" + b"\n"
    rb"41 27 0:46 / /empty\011source rw - tmpfs  rw" + b"\n"
)


def test_mountinfo_with_escapes_and_optional_fields():
    mounts = mounts_of(MOUNTINFO)
    assert [m.mount_id for m in mounts] == [22, 27, 40, 41]
    data = mounts[2]
    assert data.mount_point == b"/mnt/my data\\x"
    assert data.source == b"filer:/a b"
    assert (data.fs_type, data.device) == (b"nfs4", b"0:45")
    assert (data.options, data.super_options) == (b"ro,noatime", b"rw,vers=4.2")
    assert (mounts[3].mount_point, mounts[3].source) == (b"/empty\tsource", b"")


def test_mount_id():
    assert mount_id_of(b"pos:\t0\nflags:\t012000000\nmnt_id:\t27\nino:\t2\n") == 27


@pytest.mark.parametrize(
    ("cpuinfo", "model"),
    [
        (
            b"processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: AMD EPYC 9654\n",
            "AMD EPYC 9654",
        ),
        (
            b"processor\t: 0\ncpu\t\t: POWER9, altivec supported\n",
            "POWER9, altivec supported",
        ),
        (
            b"processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n",
            "CPU implementer 0x41, CPU part 0xd40",
        ),
        (b"", ""),
    ],
    ids=["x86", "power", "arm64", "nothing"],
)
def test_cpu_model(cpuinfo, model):
    assert hosts.cpu_model(cpuinfo) == model


def test_cpus_allowed(recorded):
    status = (recorded / "linux-4.18" / "self" / "status").read_bytes()
    assert hosts.cpus_allowed(status) == "0-31,64-79"


def test_own_cpus_allowed_are_those_of_the_scheduler():
    cpus = set()
    for part in hosts.own_cpus_allowed().split(","):
        first, _, last = part.partition("-")
        cpus |= set(range(int(first), int(last or first) + 1))
    assert cpus == os.sched_getaffinity(0)


def test_host_row():
    (row,) = hosts.host_rows(4)
    assert row["node"] == 4
    assert row["hostname"].decode() == os.uname().nodename
    assert row["memory_bytes"] == psutil.virtual_memory().total
    assert row["cpus"] == os.sysconf("SC_NPROCESSORS_ONLN")
    assert len(row["boot_id"]) == 36


def test_mount_rows_agree_with_df(tmp_path):
    df = shutil.which("df")
    if df is None:
        pytest.skip("no df")
    for path in (tmp_path, Path("/proc"), Path("/dev/shm")):
        (row,) = hosts.mount_rows(0, [("data", path)])
        said = subprocess.run(
            [df, "--output=target,fstype", path], capture_output=True, check=True
        )
        assert said.stdout.split(b"\n")[1].split() == [
            row["mount_point"],
            row["fs_type"],
        ]


def test_path_not_there_yet_is_served_by_its_parent(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    paths = [("data", tmp_path), ("results", link / "not" / "yet")]
    rows = hosts.mount_rows(0, paths)
    assert rows.dtype == BY_NAME["mounts"].dtype
    assert rows["role"].tolist() == [b"data", b"results"]
    assert rows["path"][1] == os.fsencode(link / "not" / "yet")
    assert rows["mount_point"][0] == rows["mount_point"][1]
    free = os.statvfs(tmp_path)
    assert rows["free_bytes"][0] == pytest.approx(
        free.f_bavail * free.f_frsize, rel=0.05
    )


def test_a_loop_of_links_is_served_by_its_folder(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    rows = hosts.mount_rows(0, [("a", tmp_path / "loop"), ("b", tmp_path)])
    assert rows["mount_point"][0] == rows["mount_point"][1]


def test_text_over_its_column_is_cut_visibly(monkeypatch):
    options = b"lowerdir=" + "é".encode() * 700
    line = b"1 0 0:9 / / rw - overlay overlay " + options + b"\n"
    (mount,) = mounts_of(line)
    monkeypatch.setattr(hosts, "_ground", lambda _: (1, 5))
    row = hosts._mount_row(0, "data", Path("/"), {1: mount}, {})
    rows = np.array([row], dtype=BY_NAME["mounts"].dtype)
    assert rows["options"][0].decode().endswith("é...")
    assert len(rows["options"][0]) <= 1024
