"""Whether the bytes an epoch delivered came through the kernel and from storage."""

from collections.abc import Iterator, Sequence

from mlps.errors import NotRecordedError
from mlps.traffic import NOT_COUNTED, Medium
from mlps.units import format_bytes
from rules.cached_share import CachedShare, cached_share
from rules.edition import Edition
from rules.evidence_record import ByteFlow, DataMount, HostFacts
from rules.finding import Outcome
from rules.record import RunRecord
from rules.rule import TRAINING, Case, Stage, faultless, not_applicable, rule

_CACHED_PERCENT = 1
"""What a proven flush may leave in memory (EV-12), of what was delivered."""
_COUNTED = frozenset({Medium.DISKS, Medium.NFS})
_WHERE = (
    "evidence: /phases/delivered_bytes, /process/io_rchar, /process/io_read_bytes,"
    " /disks/sectors_read, /nfs/server_read_bytes, /mounts/counted_by"
)


def _numbers(_: Edition) -> Sequence[str]:
    return [f"cold reads: at most {_CACHED_PERCENT} % of the bytes from memory"]


@rule("EV-11", "bytesReconcile", needs=Stage.RUN, numbers=_numbers)
def bytes_reconcile(case: Case) -> Sequence[Outcome]:
    """Check that delivered bytes were read by the ranks and served by storage.

    Of each epoch and host: the ranks' read calls returned at least what was
    delivered; when the plan asks for cold reads, their storage reads and the device
    or NFS mount served it, but for what a proven flush may leave in memory. Each
    counter is taken from the last sample before the epoch to the first after it:
    that leaves a range for the share of the page cache, and only what is certain
    fails. Where the kernel does not count what a file system fetches (/mounts says
    so), that side is not judged and the finding says so.
    """
    runs = case.presented(*TRAINING)
    faults: list[str] = []
    shares: list[tuple[CachedShare, str]] = []
    aside: dict[str, None] = {}
    _require_counted(runs)
    for run in runs:
        facts = run.read().host_facts.sound(run.where)
        mounts = _mounts(run, facts)
        misnamed = [f"{run.label}: {text}" for text in _misnamed(mounts)]
        if misnamed:
            faults += misnamed
            continue
        for flow, where in _flows(case, run, facts):
            mount = mounts[flow.node]
            aside |= dict.fromkeys(_uncounted(case, mount))
            faults += [f"{where}: {fault}" for fault in _faults(case, flow, mount)]
            share = cached_share(flow) if mount.medium in _COUNTED else None
            shares += [(share, where)] if share else []
    found = faultless(
        faults,
        expected="read calls that returned, storage that served, what was delivered",
        actual=f"in every epoch; {_largest(shares)}",
        where=_WHERE,
        fix="read the dataset cold: flush every host before every epoch, and don't"
        " let anything else read or hold the data",
    )
    return [found, *(not_applicable(text) for text in aside)]


def _largest(shares: Sequence[tuple[CachedShare, str]]) -> str:
    """Name the epoch with the largest share; by its lower end, which is certain."""
    if not shares:
        return "an unknown share came from the page cache"
    share, where = max(shares, key=lambda each: each[0].percent[1:])
    return f"most in {where}: {share.told}"


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
    for run, own in zip(runs, facts, strict=True):
        if any(not mount.counted_by for mount in own.mounts):
            raise NotRecordedError(
                f"{run.where}: /mounts does not say what counts the reads of the data;"
                " record counted_by of each host"
            )
    counted = [all(mount.counter for mount in own.mounts) for own in facts]
    if any(counted) and not all(counted):
        raise NotRecordedError(
            f"{runs[counted.index(False)].where}: nothing counts the reads of the"
            " device or mount of the data, as in other runs; sample /proc/diskstats and"
            " mountstats in all runs"
        )


def _misnamed(mounts: dict[int, DataMount]) -> Iterator[str]:
    """Say where what counts a mount is not what counts its kind of file system."""
    for mount in mounts.values():
        wanted = _wanted(mount)
        said, told = mount.counted_by, f"host {mount.node} has the data on"
        if mount.medium is Medium.DISKS and not mount.source.startswith("/"):
            yield f"{told} {mount.fs_type} of {mount.source!r}, which is no device"
        elif not (
            said == wanted or (wanted == NOT_COUNTED and said.startswith(wanted))
        ):
            yield f"{told} {mount.fs_type}, counted by {said!r} instead of {wanted!r}"


def _wanted(mount: DataMount) -> str:
    """Name what counts this kind of mount; any reason will do where nothing does."""
    if mount.medium is Medium.NFS:
        return f"{Medium.NFS.value} {mount.mount_point}"
    is_told = mount.medium is Medium.DISKS and mount.counter
    return (
        f"{Medium.DISKS.value} {mount.disk or mount.counter}"
        if is_told
        else (NOT_COUNTED)
    )


def _flows(
    case: Case, run: RunRecord, facts: HostFacts
) -> Iterator[tuple[ByteFlow, str]]:
    names = case.epochs(run.number)
    counters = {mount.node: mount.counter for mount in facts.mounts}
    for flow in facts.flows:
        epoch = names.get(flow.phase, f"phase {flow.phase}")
        where = f"run {run.label} {epoch} host {flow.node}"
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
    if mount.medium is Medium.MEMORY:
        yield f"the data is on {mount.fs_type}, in memory, and the reads are to be cold"
    share = cached_share(flow) if mount.medium in _COUNTED else None
    if share and 100 * share.least_bytes > _CACHED_PERCENT * delivered:
        yield f"{share.told}; {_witnessed(flow, mount)}"


def _witnessed(flow: ByteFlow, mount: DataMount) -> str:
    """Say what each witness saw of storage, at most."""
    witnesses = (
        ("storage reads of its ranks", flow.fetched),
        (f"reads of {mount.counter}", flow.storage),
    )
    return ", ".join(
        f"{name}: at most {format_bytes(span.most)}" for name, span in witnesses if span
    )


def _uncounted(case: Case, mount: DataMount) -> Iterator[str]:
    """Say which side of storage can't be judged on this mount, and why."""
    if not case.plan.submission.cold_reads or not mount.counted_by.startswith(
        NOT_COUNTED
    ):
        return
    why = mount.counted_by.removeprefix(NOT_COUNTED)
    if mount.medium is Medium.DISKS:
        yield f"reads of the device are not judged: {why}"
    elif mount.medium is Medium.UNCOUNTED:
        yield (
            f"what storage served is not judged: {why}; record the client counters of"
            " this file system to have it judged"
        )
