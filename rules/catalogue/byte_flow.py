"""Whether the bytes an epoch delivered came through the kernel and from storage."""

from collections.abc import Iterator, Sequence

from mlps.errors import NotRecordedError
from mlps.units import format_bytes
from rules.edition import Edition
from rules.evidence_record import ByteFlow, DataMount, HostFacts
from rules.finding import Outcome
from rules.record import RunRecord
from rules.rule import TRAINING, Case, Stage, faultless, not_applicable, rule

_CACHED_PART = 0.01
"""What a proven flush may leave in memory (EV-12), of what was delivered."""
_IN_MEMORY = frozenset({"tmpfs", "ramfs", "hugetlbfs"})
_COUNTED = frozenset({"ext2", "ext3", "ext4", "xfs", "nfs", "nfs4"})
"""File systems that fetch as many bytes as they hold, and count them."""
_WHERE = (
    "evidence: /phases/delivered_bytes, /process/io_rchar, /process/io_read_bytes,"
    " /disks/sectors_read, /nfs/server_read_bytes, /mounts"
)


def _numbers(_: Edition) -> Sequence[str]:
    return [
        f"cold reads: at most {100 * _CACHED_PART:g} % of the bytes from memory",
        f"counted on {', '.join(sorted(_COUNTED))}",
    ]


@rule("EV-11", "bytesReconcile", needs=Stage.RUN, numbers=_numbers)
def bytes_reconcile(case: Case) -> Sequence[Outcome]:
    """Check that delivered bytes were read by the ranks and served by storage.

    Of each epoch and host: the ranks' read calls returned at least what was
    delivered; when the plan asks for cold reads, their storage reads and the device
    or NFS mount served it, but for what a proven flush may leave in memory. Each
    counter is taken from the last sample before the epoch to the first after it, so
    that only what is certain fails. Where the kernel does not count what a file
    system fetches, that side is not judged and the finding says so.
    """
    runs = case.presented(*TRAINING)
    faults: list[str] = []
    shares: list[float] = []
    aside: dict[str, None] = {}
    _require_counted(runs)
    for run in runs:
        facts = run.read().host_facts.sound(run.where)
        mounts = _mounts(run, facts)
        for flow, where in _flows(case, run, facts):
            said = (
                _uncounted(mounts[flow.node]) if case.plan.submission.cold_reads else ""
            )
            aside |= {said: None} if said else {}
            faults += [
                f"{where}: {fault}" for fault in _faults(case, flow, mounts[flow.node])
            ]
            shares += _cached_part(flow) if not said else []
    told = f"at least {100 * max(shares):.2f} %" if shares else "an unknown share"
    found = faultless(
        faults,
        expected="read calls that returned, storage that served, what was delivered",
        actual=f"in every epoch; {told} of an epoch came from the page cache",
        where=_WHERE,
        fix="read the dataset cold: flush every host before every epoch, and don't"
        " let anything else read or hold the data",
    )
    return [found, *(not_applicable(text) for text in aside)]


def _mounts(run: RunRecord, facts: HostFacts) -> dict[int, DataMount]:
    mounts = {mount.node: mount for mount in facts.mounts}
    if not facts.flows or any(flow.node not in mounts for flow in facts.flows):
        raise NotRecordedError(
            f"{run.where}: /phases, /ranks or /mounts lacks rows; record where each"
            " host has the data and what each rank was delivered"
        )
    return mounts


def _require_counted(runs: Sequence[RunRecord]) -> None:
    """Refuse a run without what counts the reads of the data in the other runs."""
    facts = [run.read().host_facts for run in runs]
    counted = [all(mount.counter for mount in own.mounts) for own in facts]
    if any(counted) and not all(counted):
        raise NotRecordedError(
            f"{runs[counted.index(False)].where}: nothing counts the reads of the"
            " device or mount of the data, as in other runs; sample /proc/diskstats and"
            " mountstats in all runs"
        )


def _flows(
    case: Case, run: RunRecord, facts: HostFacts
) -> Iterator[tuple[ByteFlow, str]]:
    names = case.epochs(run.number)
    counters = {mount.node: mount.counter for mount in facts.mounts}
    for flow in facts.flows:
        where = f"{run.label}: host {flow.node} in {names.get(flow.phase, flow.phase)}"
        if flow.syscall is None or flow.fetched is None:
            raise NotRecordedError(
                f"{where}: /process has no I/O counters before and after the epoch;"
                " sample /proc/self/io: set submission.sampler.interval_s above 0 and"
                " max_samples to 0, on a kernel with CONFIG_TASK_IO_ACCOUNTING"
            )
        counter = counters[flow.node]
        if counter and flow.storage is None:
            raise NotRecordedError(
                f"{where}: {counter} was not counted, or goes back; sample"
                " /proc/diskstats and mountstats before and after each epoch"
            )
        yield flow, where


def _faults(case: Case, flow: ByteFlow, mount: DataMount) -> Iterator[str]:
    delivered = flow.delivered_bytes
    if flow.syscall is not None and flow.syscall.most < delivered:
        yield (
            f"{format_bytes(delivered)} delivered, but read calls returned at most"
            f" {format_bytes(flow.syscall.most)}"
        )
    if not case.plan.submission.cold_reads:
        return
    if mount.fs_type in _IN_MEMORY:
        yield f"the data is on {mount.fs_type}, in memory, and the reads are to be cold"
    if mount.fs_type not in _COUNTED:
        return
    least = (1 - _CACHED_PART) * delivered
    witnesses = (
        ("storage reads of its ranks", flow.fetched),
        (f"reads of {mount.counter}", flow.storage),
    )
    for name, span in witnesses:
        if span is not None and span.most < least:
            yield (
                f"{format_bytes(delivered)} delivered, {name}: at most"
                f" {format_bytes(span.most)}; at least"
                f" {100 * (1 - span.most / delivered):.1f} % came from memory"
            )


def _cached_part(flow: ByteFlow) -> list[float]:
    """Give the least part of an epoch that its ranks did not fetch from storage."""
    if flow.fetched is None or flow.delivered_bytes <= 0:
        return []
    return [max(1 - flow.fetched.most / flow.delivered_bytes, 0.0)]


def _uncounted(mount: DataMount) -> str:
    """Say why the storage side can't be judged on this mount; "" where it can."""
    if mount.fs_type in _COUNTED or mount.fs_type in _IN_MEMORY:
        return ""
    return (
        f"what {mount.fs_type} fetches is not counted by the kernel, or not byte by"
        " byte; record the client counters of this file system to have the storage"
        " side judged"
    )
