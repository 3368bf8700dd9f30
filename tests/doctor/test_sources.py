"""Files of strangers: os-release, cgroup, mountinfo, whatever is in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlps.doctor.cgroup import cpu_quota, limit_files, memory_limit_bytes
from mlps.doctor.mount import mounts_of
from mlps.doctor.system import Family, fields, linux
from tests.doctor import machines

V2 = b"31 23 0:28 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = (
    b"31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    b"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    b"35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
)
DOCKER_V1 = (
    b"35 31 0:32 /docker/ab12 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
)


@pytest.mark.parametrize(
    ("name", "family", "number"),
    [
        ("debian-12", Family.DEBIAN, (12,)),
        ("ubuntu-22.04", Family.DEBIAN, (22, 4)),
        ("rhel-9.4", Family.RHEL, (9, 4)),
        ("rocky-9.6", Family.RHEL, (9, 6)),
        ("fedora-44", Family.RHEL, (44,)),
        ("sles-15.5", Family.SUSE, (15, 5)),
        ("opensuse-leap-15.6", Family.SUSE, (15, 6)),
        ("opensuse-tumbleweed", Family.SUSE, (20250910,)),
    ],
)
def test_systems(name, family, number):
    system = linux(machines.release(name), "6.1", "x86_64")
    assert (system.family, system.number) == (family, number)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (None, "Linux 6.1"),
        (b"", "Linux 6.1"),
        (b"\x00\xff\xfe", "Linux 6.1"),
        (b"PRETTY_NAME=$(reboot)\nID=`id`\n", "$(reboot)"),
        (b'NAME="a \\"b\\" \\$c"\n', 'a "b" $c'),
        (b"NAME='\x1b[2J'\n", "?[2J"),
        (b"# NAME=no\nNAME=yes\nVERSION_ID=rolling\n", "yes"),
    ],
)
def test_odd_releases_are_data(said, name):
    system = linux(said, "6.1", "x86_64")
    assert system.name == name
    assert system.family is Family.OTHER
    assert system.number == ()


@given(st.binary(max_size=400))
def test_any_bytes_are_parsed(data):
    fields(data)
    mounts_of(data)
    limit_files(data, V1)
    limit_files(b"0::/a/b\n4:memory:/x\n", data)
    files = {"/a/memory.max": data, "/a/cpu.max": data, "/a/cpu.cfs_quota_us": data}
    memory_limit_bytes(files)
    cpu_quota(files)


@pytest.mark.parametrize(
    ("cgroup", "mountinfo", "named"),
    [
        (
            b"0::/user.slice/job\n",
            V2,
            [
                "/sys/fs/cgroup/memory.max",
                "/sys/fs/cgroup/cpu.max",
                "/sys/fs/cgroup/user.slice/memory.max",
                "/sys/fs/cgroup/user.slice/cpu.max",
                "/sys/fs/cgroup/user.slice/job/memory.max",
                "/sys/fs/cgroup/user.slice/job/cpu.max",
            ],
        ),
        (
            b"4:memory:/job\n3:cpu,cpuacct:/\n1:name=systemd:/\n0::/\n",
            V1,
            [
                "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/job/memory.limit_in_bytes",
                "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us",
                "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us",
            ],
        ),
        (
            b"4:memory:/docker/ab12\n",
            DOCKER_V1,
            ["/sys/fs/cgroup/memory/memory.limit_in_bytes"],
        ),
        (
            b"0::/../../other\n",
            V2,
            ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/cpu.max"],
        ),
        (b"junk\n", V2, []),
        (b"0::/job\n", b"", []),
    ],
)
def test_limits_of_all_groups_above_are_looked_for(cgroup, mountinfo, named):
    assert limit_files(cgroup, mountinfo) == named


def test_the_least_limit_counts():
    files = {
        "/a/memory.max": b"max\n",
        "/a/b/memory.max": b"4096\n",
        "/a/b/c/memory.max": b"8192\n",
        "/a/cpu.max": b"300000 100000\n",
        "/a/b/cpu.max": b"50000 100000\n",
    }
    assert memory_limit_bytes(files) == 4096
    assert cpu_quota(files) == 0.5
