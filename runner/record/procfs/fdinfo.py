"""One open file as the kernel has it: /proc/self/fdinfo/<fd>."""

from runner.record.procfs.field import keyed, known

FDINFO = "/proc/self/fdinfo"

_FLAGS, _MOUNT_ID = b"flags", b"mnt_id"


def open_flags_of(fdinfo: bytes) -> int:
    """Give the flags of the open file (the kernel writes them in octal)."""
    octal = keyed(fdinfo, b":", (_FLAGS,), FDINFO)[_FLAGS]
    if not octal or octal.strip(b"01234567"):
        raise ValueError(f"{FDINFO}: {octal[:40]!r} is no octal number")
    return int(octal, 8)


def mount_id_of(fdinfo: bytes) -> int:
    """Give the id of the mount the file was opened on, as in mountinfo."""
    return known(keyed(fdinfo, b":", (_MOUNT_ID,), FDINFO), _MOUNT_ID, FDINFO)
