"""What the kernel and the time daemons say of the clock."""

import ctypes
import shutil
from pathlib import Path

from mlps.doctor.facts import Clock
from mlps.doctor.launching import run

UNSYNCHRONISED = 0x40

_CHRONY_S = 2.0
_TIMESYNCD = "/run/systemd/timesync/synchronized"
_LONGS_BEFORE_STATUS = ("offset", "freq", "maxerror", "esterror")


class _Timex(ctypes.Structure):
    """The head of struct timex; the tail is room for what newer kernels write."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        *((name, ctypes.c_long) for name in _LONGS_BEFORE_STATUS),
        ("status", ctypes.c_int),
        ("tail", ctypes.c_long * 64),
    )


def clock() -> Clock:
    """Ask the kernel (reading needs no rights), systemd-timesyncd and chrony."""
    timex = _Timex()
    libc = ctypes.CDLL(None, use_errno=True)
    answered = libc.adjtimex(ctypes.byref(timex)) >= 0
    chrony = ""
    if shutil.which("chronyc"):
        chrony = run(["chronyc", "-n", "tracking"], _CHRONY_S).stdout
    return Clock(
        status=timex.status if answered else None,
        max_error_us=timex.maxerror if answered else 0,
        timesyncd=Path(_TIMESYNCD).exists(),
        chrony=chrony,
    )
