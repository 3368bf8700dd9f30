"""Whether every host forgot the dataset before it was read."""

from collections.abc import Iterator, Sequence

from mlps.errors import NotRecordedError
from rules.edition import Edition
from rules.evidence_record import HostFacts, HostFlush, Passport, PhaseStart
from rules.finding import Outcome
from rules.record import RunRecord
from rules.rule import TRAINING, Case, Stage, faultless, not_applicable, rule

_RESIDENT_PERCENT = 1
"""The runner's own limit: other processes may touch a file between flush and look."""
_FLUSHED = "flushed"
_STIR_BYTES = 2**29
"""What others of a busy host may read while the caches are dropped."""
_UNCOUNTED = -1
_DROPPED = "drop_caches"
_METHODS = (_DROPPED, "fadvise")


def _numbers(_: Edition) -> Sequence[str]:
    return [f"less than {_RESIDENT_PERCENT} % of the sampled pages left in memory"]


@rule("EV-12", "cacheFlushed", needs=Stage.RUN, numbers=_numbers)
def cache_flushed(case: Case) -> Outcome:
    """Check that every host emptied its page cache before each epoch, with proof.

    Proof is residency: of sampled pages of the dataset next to none was in memory
    after the flush (mincore), and the flush ended before the host's ranks began.
    What the kernel counts must agree with dropped caches: drops that grow, a page
    cache that does not.
    Caches beyond the page cache (ZFS, GPFS, the storage itself) are not seen.
    """
    if not case.plan.submission.cold_reads:
        return not_applicable("the plan does not ask for cold reads")
    runs, faults, pages = case.presented(*TRAINING), [], 0
    for run in runs:
        facts = run.read().host_facts.sound(run.where)
        if not facts.flushes or not facts.starts:
            raise NotRecordedError(
                f"{run.where}: /flushes, /phases or /ranks has no rows; record a flush"
                " of each host before each epoch, and what was in memory after it"
            )
        faults += [f"{run.label}: {text}" for text in _unflushed(case, run, facts)]
        pages += sum(flush.sampled_pages for flush in facts.flushes)
    return faultless(
        faults,
        expected="a flush of every host before every epoch, less than"
        f" {_RESIDENT_PERCENT} % of the sampled pages in memory after it",
        actual=f"proven on {pages} pages of {len(runs)} runs",
        where="evidence: /flushes; plan: submission.cold_reads",
        fix="run as a user who may drop caches, on hosts where nobody else reads the"
        " dataset, and take the run anew",
    )


def _unflushed(case: Case, run: RunRecord, facts: HostFacts) -> Iterator[str]:
    names = case.epochs(run.number)
    done = {(flush.node, flush.phase): flush for flush in facts.flushes}
    if len(done) < len(facts.flushes):
        yield f"{len(facts.flushes) - len(done)} flushes more than one of each phase"
    for start in facts.starts:
        what = f"host {start.node} before {names.get(start.phase, start.phase)}"
        flush = done.get((start.node, start.phase - 1))
        if flush is None:
            yield f"no flush of {what}"
        else:
            faults = [*_faults(flush, start), *_contradictions(flush, facts.passport)]
            yield from (f"flush of {what} {fault}" for fault in faults)
    yield from _backwards(facts)


def _faults(flush: HostFlush, start: PhaseStart) -> Iterator[str]:
    if flush.outcome != _FLUSHED:
        yield f"{flush.outcome or 'has no outcome'}"
    if flush.sampled_pages < 1:
        yield "was proven on no page"
    elif 100 * flush.resident_pages >= _RESIDENT_PERCENT * flush.sampled_pages:
        yield f"left {flush.resident_pages} of {flush.sampled_pages} pages in memory"
    begun_ns = flush.start_ns if start.before_ns is None else start.before_ns
    if not begun_ns <= flush.start_ns <= flush.end_ns:
        yield "was not done in its phase"
    if flush.end_ns > start.start_ns:
        yield f"ended {(flush.end_ns - start.start_ns) / 1e9:.3f} s after its start"


def _contradictions(flush: HostFlush, passport: Passport | None) -> Iterator[str]:
    """Say where the record of a flush can't be true, or the kernel saw none."""
    if flush.method not in _METHODS:
        yield f"by {flush.method or 'no method'}"
    before, after = flush.drops
    is_counted = flush.method == _DROPPED and before != _UNCOUNTED
    if min(flush.drops) < _UNCOUNTED or (is_counted and before >= after):
        yield f"dropped nothing: {before} drops before, {after} after"
    if passport is None:
        return
    cached_before, cached_after = flush.cached_bytes
    part = _RESIDENT_PERCENT * passport.dataset_bytes / 100
    # Others may fill the cache while file after file is forgotten; a drop takes all.
    room = max(part, _STIR_BYTES)
    grown = flush.method == _DROPPED and cached_after > cached_before + room
    if grown or min(flush.cached_bytes) < _UNCOUNTED:
        yield f"left {cached_after} bytes of page cache, {cached_before} before it"
    # Each file may end in a page that is not full.
    most = passport.dataset_bytes + passport.files * flush.page_bytes
    looked_at = flush.sampled_pages * flush.page_bytes
    if looked_at > most or min(flush.page_bytes - 1, flush.resident_pages) < 0:
        yield f"was proven on {flush.sampled_pages} pages, more than there are"
    if not 0 <= flush.resident_before_pages <= flush.sampled_pages:
        yield (
            f"found {flush.resident_before_pages} of {flush.sampled_pages} pages in"
            " memory before it"
        )


def _backwards(facts: HostFacts) -> Iterator[str]:
    """Say where a host counts less drops before a flush than after the one before."""
    last: dict[int, int] = {}
    for flush in sorted(facts.flushes, key=lambda flush: (flush.node, flush.phase)):
        before, after = flush.drops
        if 0 <= before < last.get(flush.node, before):
            yield f"host {flush.node} counts {before} drops after {last[flush.node]}"
        last[flush.node] = after
