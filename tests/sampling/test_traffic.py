"""What counts the traffic of a mount: recorded lines of many kinds."""

from pathlib import Path

import pytest

from mlps.evidence import BY_NAME
from runner.record import hosts
from runner.record.procfs.disks import DISKSTATS, block_devices
from runner.record.procfs.mountinfo import mounts_of

DISKS = b"""\
   8       0 sda 9 0 72 1 0 0 0 0 0 1 1 0 0 0 0 0 0
   8       1 sda1 9 0 72 1 0 0 0 0 0 1 1 0 0 0 0 0 0
   9     127 md127 5 0 40 0 0 0 0 0 0 0 0 0 0 0 0 0 0
 253       3 dm-3 5 0 40 0 0 0 0 0 0 0 0 0 0 0 0 0 0
 259       1 nvme0n1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
 259       2 nvme1n1p1 7 0 56 0 0 0 0 0 0 0 0 0 0 0 0 0 0
"""
OWN = "its client counts for itself, if at all"
MOUNTS = {
    "29 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw": "disks sda1",
    "91 29 8:0 / /mnt/a rw - xfs /dev/sda rw,attr2,inode64": "disks sda",
    "92 29 253:3 / /scratch rw - xfs /dev/mapper/vg0-data rw": "disks dm-3",
    "93 29 9:127 / /raid rw - ext4 /dev/md127 rw,stripe=512": "disks md127",
    "94 29 259:2 /data /srv/data rw - ext4 /dev/nvme1n1p1 rw": "disks nvme1n1p1",
    "95 29 259:1 / /multipath rw - xfs /dev/nvme0n1 rw": (
        "none: /proc/diskstats counts nothing of nvme0n1"
    ),
    "96 29 254:9 / /hidden rw - ext4 /dev/vdb rw": (
        "none: /proc/diskstats has no device 254:9"
    ),
    "40 29 0:45 / /mnt/nfs rw - nfs4 filer:/x rw,vers=4.2,proto=tcp": "nfs /mnt/nfs",
    "41 29 0:46 / /mnt/my\\040data rw - nfs filer:/x rw,vers=3": "nfs /mnt/my data",
    "42 29 0:47 / /mnt/rdma rw - nfs4 filer:/x rw,vers=4.1,proto=rdma": (
        "nfs /mnt/rdma"
    ),
    "50 29 0:50 / /dev/shm rw - tmpfs tmpfs rw": "none: tmpfs: it is memory",
    "51 29 0:51 / /lus rw - lustre 10.0.0.1@o2ib:/lus rw": f"none: lustre: {OWN}",
    "52 29 0:52 / /gpfs rw - gpfs gpfs0 rw": f"none: gpfs: {OWN}",
    "53 29 0:53 / /ceph rw - ceph 10.0.0.1:6789:/ rw": f"none: ceph: {OWN}",
    "54 29 0:54 / /weka rw - wekafs backend/default rw": f"none: wekafs: {OWN}",
    "55 29 0:55 / /beegfs rw - beegfs beegfs_nodev rw": f"none: beegfs: {OWN}",
    "56 29 0:56 / /daos rw - fuse.daos dfuse rw": (
        "none: fuse.daos: a program serves it and may keep a cache of its own"
    ),
    "57 29 0:57 / /s3 rw - fuse.s3fs s3fs rw": (
        "none: fuse.s3fs: a program serves it and may keep a cache of its own"
    ),
    "58 29 0:58 / / rw - overlay overlay rw,lowerdir=/a,upperdir=/b": (
        "none: overlay: it shows files of other file systems"
    ),
    "59 29 0:59 / /pool rw - zfs tank/data rw": (
        "none: zfs: it may compress, or spread over devices"
    ),
    "60 29 0:60 / /btr rw - btrfs /dev/sda1 rw,compress=zstd": (
        "none: btrfs: it may compress, or spread over devices"
    ),
    "61 29 0:61 / /new rw - quantumfs q rw": (
        "none: quantumfs: nothing is known of what it counts"
    ),
}


@pytest.mark.parametrize("line", MOUNTS)
def test_what_counts_a_mount(line):
    (mount,) = mounts_of(line.encode() + b"\n")
    assert hosts.counted(mount, block_devices(DISKS)).decode() == MOUNTS[line]


@pytest.mark.parametrize("kernel", ["linux-3.10", "linux-4.18", "linux-6.8"])
def test_devices_of_recorded_kernels(recorded, kernel):
    raw = (recorded / kernel / "diskstats").read_bytes()
    devices = block_devices(raw)
    assert len(devices) == len(raw.splitlines())
    assert {device.name for device in devices.values() if device.is_counting}


def test_a_line_that_is_no_device_is_named():
    with pytest.raises(ValueError, match=f"{DISKSTATS}: no device"):
        block_devices(b"8 0\n")


def test_a_path_of_this_machine_is_counted_where_its_device_is(disk_path):
    (row,) = hosts.mount_rows(0, [("data", disk_path)])
    device = block_devices(Path(DISKSTATS).read_bytes()).get(row["device"].decode())
    if device is None or row["fs_type"] not in (b"ext4", b"xfs"):
        pytest.skip(f"{row['fs_type'].decode()} of no known block device")
    assert row["counted_by"].decode() == f"disks {device.name}"


def test_a_long_mount_point_fits():
    line = f"40 29 0:45 / /{'m' * 1000} rw - nfs filer:/x rw\n"
    (mount,) = mounts_of(line.encode())
    assert (
        len(hosts.counted(mount, {})) <= BY_NAME["mounts"].dtype["counted_by"].itemsize
    )
