"""Faults of the results: full, read-only, broken, deleted, moved away, damaged."""

import errno

from tests.faults import tampering
from tests.faults.fault import Expected, Fault, Kept, Moment
from tests.faults.file_system import Broken, Full
from tests.faults.ground import Capability
from tests.faults.shim import Shim
from tests.faults.tampering import Tampering

_FULL_BYTES = 8 * 2**20
_WRITTEN = r"(evidence\.h5|runner\.log|campaign\.jsonl)"
_LEFT = (Kept.ABORTED, Kept.UNFINISHED)


def _told(number: int, thing: str) -> dict[str, str]:
    return {
        "rank": r"rank 0 \(host",
        "host": r"\(host {host}",
        "object": rf"/results/\S*{thing}",
        "errno": rf"errno {number}\b",
    }


def _at_the_end(name: str, rule: str, number: int, thing: str) -> Fault:
    return Fault(
        name=f"results: {name}",
        injection=Shim((rule,), ranks=(0,)),
        expected=Expected(
            status=4,
            says=_told(number, thing),
            kept=(*_LEFT, Kept.COMPLETE),
            within_s=16,
        ),
    )


FAULTS = (
    Fault(
        name="results: the file system fills up",
        injection=Full("results", _FULL_BYTES),
        expected=Expected(status=4, says=_told(errno.ENOSPC, _WRITTEN), kept=_LEFT),
    ),
    Fault(
        name="results: the file system turns read-only",
        injection=Broken("results", errno.EROFS),
        hides_results=True,
        expected=Expected(status=4, says=_told(errno.EROFS, _WRITTEN), kept=_LEFT),
    ),
    Fault(
        name="results: file system breaks (ext4 shut down)",
        injection=Broken("results", errno.EIO),
        hides_results=True,
        expected=Expected(
            status=4, says=_told(errno.EIO, _WRITTEN), kept=(*_LEFT, Kept.NONE)
        ),
    ),
    Fault(
        name="results: nothing can be created (chattr +i)",
        injection=Tampering(
            tampering.freeze_results,
            tampering.thaw_results,
            needs=Capability.LINUX_IMMUTABLE,
        ),
        expected=Expected(status=4, says=_told(errno.EPERM, "evidence"), kept=_LEFT),
    ),
    Fault(
        name="results: deleted",
        injection=Tampering(tampering.delete_results),
        expected=Expected(
            status=4, says=_told(errno.ENOENT, "evidence"), kept=(Kept.NONE,)
        ),
    ),
    Fault(
        name="results: replaced by an empty directory",
        injection=Tampering(tampering.replace_results, tampering.bring_results_back),
        expected=Expected(
            status=4, says=_told(errno.ENOENT, "evidence"), kept=(Kept.NONE,)
        ),
    ),
    _at_the_end("EIO on sync of evidence", "sync evidence.h5 errno 5", 5, "evidence"),
    _at_the_end(
        "EROFS on the rename of evidence", "rename evidence.h5 errno 30", 30, "evidence"
    ),
    _at_the_end(
        "EROFS on the summary at the end", "rename summary.json errno 30", 30, "summary"
    ),
    _at_the_end(
        "EIO on the ledger at the end", "sync campaign.jsonl errno 5", 5, "campaign"
    ),
    _at_the_end(
        "ENOSPC on SHA256SUMS at the end", "write SHA256SUMS errno 28", 28, "SHA256SUMS"
    ),
    _at_the_end("ENOSPC on runner.log", "write runner.log errno 28", 28, "runner.log"),
    Fault(
        name="results: a line of the ledger is damaged",
        injection=Tampering(tampering.damage_ledger, tampering.put_ledger_back),
        moment=Moment.BETWEEN,
        expected=Expected(
            status=3,
            says={"object": r"/results/\S*campaign\.jsonl", "what": "damaged"},
        ),
    ),
)
