"""What counts the reads and writes of a path: a block device, an NFS mount, or nothing.

Pure: from what the kernel says of a mount to the text recorded as `counted_by`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

NOT_COUNTED = "none: "
"""How a text begins that says why nothing counts a path."""


class Medium(StrEnum):
    """Where a kind of file system keeps bytes, as far as the kernel counts them."""

    DISKS = "disks"
    NFS = "nfs"
    MEMORY = "memory"
    UNCOUNTED = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockDevice:
    """A line of /proc/diskstats; `is_counting` is false when all of it is zero."""

    name: str
    is_counting: bool


_OF_ITS_OWN = "its client counts for itself, if at all"
_IN_A_PROGRAM = "a program serves it and may keep a cache of its own"
_OF_OTHERS = "it shows files of other file systems"
_NOT_BYTE_BY_BYTE = "it may compress, or spread over devices"
_IN_MEMORY = "it is memory"

_DISKS = frozenset({"ext2", "ext3", "ext4", "xfs"})
"""They fetch as many bytes as their files hold, of one block device."""
_NFS = frozenset({"nfs", "nfs4"})
"""Bytes of a mount are counted when a read is done, over TCP and RDMA alike."""
_MEMORY = frozenset({"tmpfs", "ramfs", "hugetlbfs", "devtmpfs"})
_REASONS = {
    **dict.fromkeys(("lustre", "gpfs", "beegfs", "beegfs_nodev"), _OF_ITS_OWN),
    **dict.fromkeys(("ceph", "wekafs", "panfs", "pvfs2", "afs"), _OF_ITS_OWN),
    **dict.fromkeys(("cifs", "smb3", "9p", "virtiofs", "vboxsf"), _OF_ITS_OWN),
    **dict.fromkeys(("fuse", "fuseblk", "fusectl"), _IN_A_PROGRAM),
    **dict.fromkeys(("overlay", "aufs", "ecryptfs"), _OF_OTHERS),
    **dict.fromkeys(("btrfs", "zfs", "bcachefs", "f2fs"), _NOT_BYTE_BY_BYTE),
    **dict.fromkeys(("squashfs", "erofs"), _NOT_BYTE_BY_BYTE),
    **dict.fromkeys(_MEMORY, _IN_MEMORY),
}


def medium_of(fs_type: str) -> Medium:
    """Say where a kind of file system keeps bytes; what is unknown is uncounted."""
    for kinds, medium in (
        (_DISKS, Medium.DISKS),
        (_NFS, Medium.NFS),
        (_MEMORY, Medium.MEMORY),
    ):
        if fs_type in kinds:
            return medium
    return Medium.UNCOUNTED


def counted_by(
    fs_type: str,
    device: str,
    mount_point: str,
    devices: Mapping[str, BlockDevice],
) -> str:
    """Name the table and the key in it, or say why there is none.

    `device` is the mount's major:minor, by which `devices` has those of diskstats.
    """
    medium = medium_of(fs_type)
    if medium is Medium.NFS:
        return f"{medium.value} {mount_point}"
    if medium is not Medium.DISKS:
        kind = "fuse" if fs_type.startswith("fuse.") else fs_type
        reason = _REASONS.get(kind, "nothing is known of what it counts")
        return f"{NOT_COUNTED}{fs_type}: {reason}"
    found = devices.get(device)
    if found is None:
        return f"{NOT_COUNTED}/proc/diskstats has no device {device}"
    if not found.is_counting:
        return f"{NOT_COUNTED}/proc/diskstats counts nothing of {found.name}"
    return f"{medium.value} {found.name}"
