"""Faults of the data: errors, short reads, full and broken file systems."""

import errno
from resource import RLIMIT_FSIZE
from signal import SIGKILL

from tests.faults import tampering
from tests.faults.catalogue.processes import STALLED_S, SURVIVED_S
from tests.faults.fault import Expected, Fault, Kept, Moment, Refusal, Together
from tests.faults.file_system import Broken, Full
from tests.faults.limits import Limit
from tests.faults.shim import Shim
from tests.faults.signals import Signal
from tests.faults.tampering import Tampering

_FILE = r"/data/\S+/img_\d+_of_\d+\.npz"
_SLOW_WRITES = Shim(("write .part sleep 150",), at_once=True)
_FULL_BYTES = 16 * 2**20


def _errno(number: int) -> str:
    return rf"errno {number}\b"


def _told(number: int | None, thing: str = _FILE, rank: str = "[01]") -> dict[str, str]:
    says = {"rank": rf"rank {rank} \(host", "host": r"\(host {host}", "object": thing}
    return says | ({"errno": _errno(number)} if number is not None else {})


def _read_error(number: int) -> Fault:
    name = errno.errorcode[number]
    return Fault(
        name=f"data: {name} on read",
        injection=Shim((f"read {{data}} errno {number}",), ranks=(1,)),
        expected=Expected(status=4, says=_told(number, rank="1"), blamed=1),
    )


def _changed(name: str, act: tampering.Act, says: dict[str, str], damage: str) -> Fault:
    return Fault(
        name=f"data: {name}",
        injection=Tampering(act, tampering.generate_anew),
        expected=Expected(
            status=4, says=says, refused=Refusal(says=damage), redone=(0,)
        ),
    )


def _datagen(name: str, rule: str, number: int) -> Fault:
    return Fault(
        name=f"datagen: {name}",
        injection=Shim((rule,), ranks=(1,)),
        moment=Moment.START,
        expected=Expected(status=4, says=_told(number, rank="1"), blamed=1, run=0),
    )


FAULTS = (
    _read_error(errno.EIO),
    _read_error(errno.ESTALE),
    Fault(
        name="data: ESTALE on open",
        injection=Shim((f"open {{data}} errno {errno.ESTALE}",), ranks=(1,)),
        expected=Expected(status=4, says=_told(errno.ESTALE, rank="1"), blamed=1),
    ),
    Fault(
        name="data: end of file before the end",
        injection=Shim(("read {data} zero 0",), ranks=(1,)),
        expected=Expected(
            status=4,
            says=_told(None, rank="1") | {"sizes": r"has \d+ bytes, the manifest"},
            blamed=1,
        ),
    ),
    Fault(
        name="data: short reads",
        injection=Shim(("read {data} short 0",)),
        expected=Expected(
            status=0,
            within_s=SURVIVED_S,
            says={"summary": "01-measured +utilization"},
            kept=(Kept.COMPLETE,),
        ),
    ),
    Fault(
        name="data: slow reads on rank 1 (100 ms)",
        injection=Shim(("read /train/ sleep 100",), ranks=(1,)),
        moment=Moment.START,
        expected=Expected(
            status=0,
            within_s=SURVIVED_S,
            says={"slow rank": r"utilization [0-8]\d\..*slowest rank 1"},
            kept=(Kept.COMPLETE,),
        ),
        plan={"compute_s": 0.15},
    ),
    Fault(
        name="data: a read that hangs on rank 1",
        injection=Shim(("read {data} sleep 3600000",), ranks=(1,)),
        expected=Expected(
            status=4,
            says=_told(None, rank="1") | {"pid": "pid {pid1}", "phase": "epoch-[12]"},
            blamed=1,
            within_s=STALLED_S,
        ),
    ),
    Fault(
        name="data: file system breaks (ext4 shut down)",
        injection=Broken("data", errno.EIO),
        expected=Expected(status=4, says=_told(errno.EIO)),
        plan={"cold_reads": True},
    ),
    _changed(
        "files truncated",
        tampering.truncate,
        _told(None) | {"sizes": r"has 1000 bytes, the manifest says \d+"},
        r"size: 1000 bytes, the manifest says",
    ),
    _changed(
        "files grown",
        tampering.grow,
        _told(None) | {"what": r"bytes, the manifest says|framing is wrong"},
        r"size: \d+ bytes, the manifest says",
    ),
    _changed(
        "files deleted", tampering.delete, _told(errno.ENOENT), "missing: there is no"
    ),
    _changed(
        "files replaced by directories (the rank raises)",
        tampering.make_directories,
        _told(None),
        r"img_\d+\S*: \w+: ",
    ),
    Fault(
        name="data: EIO on the manifest at a start",
        injection=Shim(("read manifest.json errno 5",)),
        moment=Moment.BETWEEN,
        expected=Expected(
            status=3,
            says={"object": r"/data/\S+/manifest\.json", "errno": _errno(errno.EIO)},
        ),
    ),
    Fault(
        name="data: ESTALE on the manifest of rank 1 at a start",
        injection=Shim(("read manifest.npy errno 116",), ranks=(1,)),
        moment=Moment.BETWEEN,
        expected=Expected(
            status=3,
            says={
                "rank": "rank 1",
                "host": "{host}",
                "object": r"/data/\S+/manifest\.npy",
                "errno": _errno(errno.ESTALE),
            },
        ),
    ),
    _datagen("ENOSPC on write", "write .part errno 28", errno.ENOSPC),
    _datagen("EIO on write", "write .part errno 5", errno.EIO),
    _datagen("EIO on sync", "sync .npz.part errno 5", errno.EIO),
    _datagen("EDQUOT on write", "write .part errno 122", errno.EDQUOT),
    Fault(
        name="datagen: file too large (ulimit -f)",
        injection=Together((Limit(1, RLIMIT_FSIZE, 100_000), _SLOW_WRITES)),
        moment=Moment.DATAGEN,
        expected=Expected(status=4, says=_told(errno.EFBIG, rank="1"), blamed=1, run=0),
    ),
    Fault(
        name="datagen: short writes",
        injection=Shim(("write .part short 0",)),
        moment=Moment.START,
        expected=Expected(
            status=0,
            within_s=SURVIVED_S,
            says={"summary": "00-datagen +12 files"},
            kept=(Kept.COMPLETE,),
        ),
    ),
    Fault(
        name="datagen: rank 1 is killed (kill -9)",
        injection=Together((Signal(SIGKILL, ("pid1",)), _SLOW_WRITES)),
        moment=Moment.DATAGEN,
        expected=Expected(
            status=None,
            says={"rank": r"rank 1 \(host {host}, pid {pid1}\) died"},
            blamed=1,
            run=0,
        ),
    ),
    Fault(
        name="datagen: the file system fills up",
        injection=Together((Full("data", _FULL_BYTES), _SLOW_WRITES)),
        moment=Moment.DATAGEN,
        expected=Expected(status=4, says=_told(errno.ENOSPC), run=0),
    ),
    Fault(
        name="datagen: the file system turns read-only",
        injection=Together((Broken("data", errno.EROFS), _SLOW_WRITES)),
        moment=Moment.DATAGEN,
        expected=Expected(status=4, says=_told(errno.EROFS), run=0),
    ),
)
