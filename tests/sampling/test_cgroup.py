"""Control groups: both versions, containers, and the groups of this machine."""

from pathlib import Path

import pytest

from runner.record import hosts
from runner.record.procfs.cgroup import (
    MemoryGroup,
    chain,
    cpu_quota,
    find_cpu_quota,
    find_memory_groups,
    memory_groups,
)

MIB = 2**20
UNIFIED = "30 1 0:26 {root} {top} rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
LEGACY = "31 1 0:27 {root} {top} rw shared:5 - cgroup cgroup rw,{name}\n"


def group(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content + "\n")


def unified(top: Path, cgroup: str, root: str = "/", controller: str = "memory"):
    mountinfo = UNIFIED.format(root=root, top=top)
    return chain(cgroup.encode(), mountinfo.encode(), controller.encode())


def test_every_limit_up_to_the_top_counts_without_file_pages(tmp_path):
    job, step = tmp_path / "slurm" / "job", tmp_path / "slurm" / "job" / "step"
    group(tmp_path)
    group(tmp_path / "slurm", memory__max="max")
    stat = f"anon 5\ninactive_file {300 * MIB}\nactive_file {100 * MIB}"
    used = str(700 * MIB)
    group(job, memory__max=str(1024 * MIB), memory__current=used, memory__stat=stat)
    group(
        step,
        memory__max=str(2048 * MIB),
        memory__current=str(200 * MIB),
        memory__stat="inactive_file 0\nactive_file 0",
    )
    found = unified(tmp_path, "0::/slurm/job/step\n")
    assert found.folders == (step, job, tmp_path / "slurm", tmp_path)
    assert list(memory_groups(found)) == [
        MemoryGroup(path=str(step), limit_bytes=2048 * MIB, used_bytes=200 * MIB),
        MemoryGroup(path=str(job), limit_bytes=1024 * MIB, used_bytes=300 * MIB),
    ]
    assert next(iter(memory_groups(found))).room_bytes == 1848 * MIB


def test_version_1_has_a_hierarchy_per_controller(tmp_path):
    own = tmp_path / "docker" / "a"
    unlimited = "9223372036854771712"
    group(tmp_path, memory__limit_in_bytes=unlimited)
    group(
        own,
        memory__limit_in_bytes=str(512 * MIB),
        memory__usage_in_bytes=str(100 * MIB),
        memory__stat=f"inactive_file 7\ntotal_inactive_file {60 * MIB}\n"
        "total_active_file 0",
    )
    mountinfo = LEGACY.format(root="/", top="/cpu", name="cpu")
    mountinfo += LEGACY.format(root="/", top=tmp_path, name="memory")
    mountinfo += UNIFIED.format(root="/", top="/unified")
    cgroup = b"5:cpu,cpuacct:/x\n4:memory:/docker/a\n0::/elsewhere\n"
    found = chain(cgroup, mountinfo.encode(), b"memory")
    assert not found.is_unified
    assert list(memory_groups(found)) == [
        MemoryGroup(path=str(own), limit_bytes=512 * MIB, used_bytes=40 * MIB)
    ]
    assert chain(cgroup, mountinfo.encode(), b"cpu").folders[0] == Path("/cpu/x")


@pytest.mark.parametrize(
    ("cgroup", "root", "inner"),
    [
        ("0::/docker/a\n", "/docker/a", "."),
        ("0::/docker/a/b\n", "/docker/a", "b"),
        ("0::/../../x\n", "/", "."),
        ("0::/x\n", "/docker/a", "."),
        ("0::/\n", "/", "."),
    ],
)
def test_a_container_shows_a_part_of_the_tree(tmp_path, cgroup, root, inner):
    assert unified(tmp_path, cgroup, root).folders[0] == tmp_path / inner


def test_nothing_is_said_without_control_groups():
    mountinfo = b"27 1 254:0 / / rw - ext4 /dev/vda rw\n"
    assert chain(b"0::/\n", mountinfo, b"memory") is None


@pytest.mark.parametrize(
    ("quota", "cpus"), [("max 100000", None), ("150000 100000", 1.5), ("", None)]
)
def test_the_least_quota_counts(tmp_path, quota, cpus):
    group(tmp_path / "a", cpu__max="400000 100000" if cpus else "max 100000")
    group(tmp_path / "a" / "b", cpu__max=quota)
    assert cpu_quota(unified(tmp_path, "0::/a/b\n", controller="cpu")) == cpus


def test_quota_of_version_1(tmp_path):
    group(tmp_path, cpu__cfs_quota_us="-1", cpu__cfs_period_us="100000")
    group(tmp_path / "a", cpu__cfs_quota_us="50000", cpu__cfs_period_us="100000")
    mountinfo = LEGACY.format(root="/", top=tmp_path, name="cpu").encode()
    assert cpu_quota(chain(b"3:cpu:/a\n", mountinfo, b"cpu")) == 0.5


def test_this_machine():
    groups = find_memory_groups()
    assert all(group.used_bytes >= 0 for group in groups)
    assert find_cpu_quota() is None or find_cpu_quota() > 0
    (row,) = hosts.host_rows(0)
    limits = [group.limit_bytes for group in groups]
    assert row["memory_limit_bytes"] == min(limits, default=-1)
