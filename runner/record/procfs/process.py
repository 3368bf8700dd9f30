"""A rank's own process: /proc/self/{io,stat,status,schedstat}.

`io`, faults and ticks are of all threads of the process. Context switches,
schedstat and the block delay are of its main thread, as the kernel counts them.
"""

import numpy as np

from mlps.evidence import ABSENT, BY_NAME, StructArray
from mlps.evidence.kernel_tables import IO_FIELDS
from runner.record.procfs.field import keyed, kibibytes, known, number, numbers

IO = "/proc/self/io"
STAT = "/proc/self/stat"
STATUS = "/proc/self/status"
SCHEDSTAT = "/proc/self/schedstat"
TASK_DELAYACCT = "/proc/sys/kernel/task_delayacct"

_DTYPE = BY_NAME["process"].dtype
_IO_KEYS = tuple(field.encode() for field in IO_FIELDS)
_VOLUNTARY, _INVOLUNTARY = b"voluntary_ctxt_switches", b"nonvoluntary_ctxt_switches"
_STATUS_KEYS = (b"Threads", b"VmRSS", b"VmHWM", _VOLUNTARY, _INVOLUNTARY)
_FIRST_AFTER_NAME = 3
_BLOCK_DELAY = 42


def process_rows(  # noqa: PLR0913, PLR0917 - one argument per file
    rank: int,
    at_ns: int,
    io: bytes | None,
    stat: bytes,
    status: bytes,
    schedstat: bytes | None,
    task_delayacct: bytes | None,
) -> StructArray:
    """Give the row; what the sampling cost is left to the sampler."""
    row = (
        rank,
        at_ns,
        *_io(io),
        *_stat(stat, task_delayacct),
        *_status(status),
        *_schedstat(schedstat),
        ABSENT,
        ABSENT,
        0,
    )
    return np.array([row], dtype=_DTYPE)


def _io(raw: bytes | None) -> tuple[int, ...]:
    if raw is None:
        return (ABSENT,) * len(_IO_KEYS)
    found = keyed(raw, b":", _IO_KEYS, IO)
    return tuple(known(found, key, IO) for key in _IO_KEYS)


def _stat(raw: bytes, task_delayacct: bytes | None) -> tuple[int, ...]:
    # The name is the program's own: it may hold spaces, parentheses and newlines.
    _, parenthesis, rest = raw.rpartition(b")")
    words = rest.split()
    if not parenthesis or len(words) <= 15 - _FIRST_AFTER_NAME:
        raise ValueError(f"{STAT}: too short or without a name: {raw[:40]!r}")
    faults_ticks = (
        number(words[n - _FIRST_AFTER_NAME], STAT) for n in (10, 12, 14, 15)
    )
    return (*faults_ticks, _block_delay(words, task_delayacct))


def _block_delay(words: list[bytes], task_delayacct: bytes | None) -> int:
    # With delay accounting off (the default since Linux 5.14) the kernel writes 0
    # for what it did not measure. Older kernels have no such switch.
    switched_off = task_delayacct is not None and task_delayacct.strip() == b"0"
    after = words[_BLOCK_DELAY - _FIRST_AFTER_NAME :]
    return ABSENT if switched_off or not after else number(after[0], STAT)


def _status(raw: bytes) -> tuple[int, ...]:
    found = keyed(raw, b":", _STATUS_KEYS, STATUS)
    sizes = (
        kibibytes(found[key], STATUS) if key in found else ABSENT
        for key in (b"VmRSS", b"VmHWM")
    )
    return (
        known(found, b"Threads", STATUS),
        *sizes,
        known(found, _VOLUNTARY, STATUS),
        known(found, _INVOLUNTARY, STATUS),
    )


def _schedstat(raw: bytes | None) -> tuple[int, ...]:
    if raw is None:
        return (ABSENT, ABSENT)
    words = raw.split()
    if len(words) < 3:
        raise ValueError(f"{SCHEDSTAT}: fewer than three numbers: {raw[:40]!r}")
    run_ns, delay_ns, slices = numbers(words, 3, SCHEDSTAT)
    # Who reads this has run at least once: no slice means nobody counts.
    return (run_ns, delay_ns) if slices else (ABSENT, ABSENT)
