"""What a KV-cache result is: sums over ranks, means over trials, worst latencies."""

from collections.abc import Callable, Sequence

from mlps.plan import Division
from rules import kv_cache_record as record
from rules.catalogue.kv_cache import inputs
from rules.catalogue.leaves import concluded, over
from rules.edition import Edition
from rules.finding import Outcome
from rules.rule import Scope, StoredCase, stored_rule
from rules.stored import Leaf

_BANDWIDTHS = ("aggregated_read_bandwidth_gbps", "aggregated_write_bandwidth_gbps")
_TOKENS = "aggregated_storage_throughput_tokens_per_sec"


def _each_option(leaf: Leaf, check: Callable[[int], Sequence[str]]) -> Sequence[str]:
    return [
        f"option {option}: {fault}"
        for option in record.options(leaf)
        for fault in check(option)
    ]


def _positive(leaf: Leaf, option: int, keys: Sequence[str]) -> list[str]:
    """Keys of an option that are no number above 0."""
    faults = []
    for key in keys:
        path = record.at(option, key)
        if not leaf.summary.has(*path):
            faults.append(f"no {key}")
        elif leaf.summary.number(*path) <= 0:
            faults.append(f"{key} is {leaf.summary.number(*path):g}")
    return faults


def _differing(case: StoredCase, keys: Sequence[str]) -> list[str]:
    """Name aggregates that the ranks' own results contradict."""
    return [
        f"{c.metric}: {c.official:g}, recomputed {c.recomputed:g} {c.unit} ({c.where})"
        for c in case.comparisons
        if not c.agrees and any(key in c.metric for key in keys)
    ]


def _aggregate(
    case: StoredCase, keys: Sequence[str], check: Callable[[Leaf], Sequence[str]]
) -> Outcome:
    runs = case.workload.runs
    faults, gaps = over(runs, check)
    return concluded(
        ([*faults, *_differing(case, keys)], gaps),
        runs,
        expected=f"{' and '.join(keys)} above 0 in every option, of all ranks",
        actual="; ".join(_shown(runs, keys)),
        where="summary.json: options; option_*/trial_*/rank_*",
        fix="run all trials to their end and submit the summary that the tool wrote",
    )


def _shown(runs: Sequence[Leaf], keys: Sequence[str]) -> list[str]:
    found: list[str] = []

    def note(leaf: Leaf) -> Sequence[str]:
        for option in record.options(leaf):
            values = [
                f"{leaf.summary.number(*record.at(option, key)):.4g}"
                for key in keys
                if leaf.summary.has(*record.at(option, key))
            ]
            found.append(f"option {option}: {', '.join(values)}")
        return ()

    over(runs, note)
    return found


@stored_rule("6.3.4.1", "kvcacheAggregateBandwidth", Scope.KV_CACHE, ours=inputs.STUB)
def bandwidth(case: StoredCase) -> Outcome:
    """Check read and write bandwidth of every option: sum over ranks, mean over trials.

    The summary's aggregates are above 0 and of all ranks: no missing file, no failed
    trial. Where the ranks' results are there, they are added up again.
    """
    return _aggregate(
        case,
        _BANDWIDTHS,
        lambda leaf: [
            *_each_option(leaf, lambda option: _positive(leaf, option, _BANDWIDTHS)),
            *_incomplete(leaf),
        ],
    )


def _incomplete(leaf: Leaf) -> Sequence[str]:
    faults = [
        f"option {option}: {many} rank results are missing in the sum"
        for option in record.options(leaf)
        if (many := record.missing_ranks(leaf, option))
    ]
    faults += [
        f"option {option}: partial_failure is true"
        for option in record.options(leaf)
        if leaf.summary.has(*record.at(option, "partial_failure"))
        and leaf.summary.flag(*record.at(option, "partial_failure"))
    ]
    if leaf.summary.has("trial_failures") and leaf.summary.mapping("trial_failures"):
        failed = ", ".join(str(k)[:40] for k in leaf.summary.mapping("trial_failures"))
        faults.append(f"trials failed: {failed[:200]}")
    if leaf.summary.has("partial_failure") and leaf.summary.flag("partial_failure"):
        return faults or ["partial_failure is true"]
    return faults


@stored_rule("6.3.4.2", "kvcacheAggregateThroughput", Scope.KV_CACHE, ours=inputs.STUB)
def throughput(case: StoredCase) -> Outcome:
    """Check storage tokens/s of every option: sum over ranks, mean over trials.

    The summary's aggregate is above 0; where the ranks' results are there, they are
    added up again.
    """
    return _aggregate(
        case,
        (_TOKENS,),
        lambda leaf: _each_option(leaf, lambda n: _positive(leaf, n, (_TOKENS,))),
    )


def _latencies(edition: Edition) -> Sequence[str]:
    table = edition.kv_cache
    if table is None:
        return ()
    older = "counts" if table.older_latency else "does not count"
    return [
        " and ".join(record.DEVICE_LATENCIES),
        f"{record.OLDER_LATENCY}, P95 of storage I/O from tools before change 602,"
        f" {older}",
    ]


@stored_rule(
    "6.3.4.3",
    "kvcacheAggregateDeviceLatency",
    Scope.KV_CACHE,
    numbers=_latencies,
    ours=inputs.STUB,
)
def device_latency(case: StoredCase) -> Outcome:
    """Check the device latencies of every option: the worst P95 of ranks and trials.

    The summary's read and write P95. Older tools aggregated the P95 of storage I/O
    instead; whether that counts is the edition's. Where the ranks' results are there,
    the worst of them is taken again.
    """
    older = inputs.table(case.edition).older_latency
    keys = (*record.DEVICE_LATENCIES, record.OLDER_LATENCY)
    runs = case.workload.runs
    faults, gaps = over(runs, lambda leaf: _no_latency(leaf, older=older))
    return concluded(
        ([*faults, *_differing(case, keys)], gaps),
        runs,
        expected=" and ".join(record.DEVICE_LATENCIES)
        + (f", or {record.OLDER_LATENCY} of older tools" if older else ""),
        actual="; ".join(_shown(runs, keys)) + " ms, the worst of ranks and trials",
        where="summary.json: options; option_*/trial_*/rank_*",
        fix="run with a tool that aggregates device latencies",
    )


def _no_latency(leaf: Leaf, *, older: bool) -> Sequence[str]:
    def check(option: int) -> Sequence[str]:
        found = leaf.summary.has(*record.at(option, record.OLDER_LATENCY))
        lacking = _positive(leaf, option, record.DEVICE_LATENCIES)
        if not lacking or not found:
            return lacking
        if older:
            return _positive(leaf, option, (record.OLDER_LATENCY,))
        return [f"{' and '.join(lacking)}, only {record.OLDER_LATENCY} of storage I/O"]

    return _each_option(leaf, check)


@stored_rule("6.3.4.4", "kvcacheLatencyValidity", Scope.KV_CACHE, ours=inputs.STUB)
def latency_validity(case: StoredCase) -> Outcome:
    """Check that storage was read: not every rank of an option stayed in memory.

    cpu_tier_ranks of the summary, and storage_entries of the ranks' results where
    they are there. In CLOSED no rank of an option without memory tier can be in it.
    """
    table = inputs.table(case.edition)
    closed = case.division is Division.CLOSED
    runs = case.workload.runs

    def check(leaf: Leaf) -> Sequence[str]:
        return _each_option(
            leaf, lambda option: _in_memory(leaf, option, strict(option))
        )

    def strict(option: int) -> bool:
        row = table.option(option)
        return closed and row is not None and row.cpu_memory_gib == 0

    return concluded(
        over(runs, check),
        runs,
        expected="ranks that read from storage in every option",
        actual=f"so in {len(runs)} runs",
        where="summary.json: cpu_tier_ranks; cache_stats.storage_entries",
        fix="give the memory tiers less room, so that storage has to be read",
    )


def _in_memory(leaf: Leaf, option: int, strict: bool) -> Sequence[str]:
    summary = leaf.summary
    listed = len(summary.items(*record.at(option, "cpu_tier_ranks")))
    keys = ("summary", "cache_stats", "storage_entries")
    here = [r.document for r in record.ranks(leaf) if r.option == option]
    shown = sum(d.has(*keys) and d.number(*keys) == 0 for d in here)
    ran = summary.whole(*record.at(option, "rank_count")) * summary.whole(
        *record.at(option, "trial_count")
    ) - record.missing_ranks(leaf, option)
    if listed and listed >= ran:
        return [f"all {ran} ranks were served from memory"]
    if shown > listed:
        return [f"{shown} ranks have no storage entries, the summary lists {listed}"]
    if strict and listed:
        return [f"{listed} ranks were served from memory, and there is no memory tier"]
    return []


@stored_rule("6.3.4.5", "kvcacheHeadlineResult", Scope.KV_CACHE, ours=inputs.STUB)
def headline(case: StoredCase) -> Outcome:
    """Check that every option reports its headline, with the number of clients.

    Read bandwidth, device P95 of reads and writes (see 6.3.4.3), storage tokens/s and
    total_ranks of the summary.
    """
    older = inputs.table(case.edition).older_latency
    runs = case.workload.runs
    keys = (
        _BANDWIDTHS[0],
        *record.DEVICE_LATENCIES,
        record.OLDER_LATENCY,
        _TOKENS,
    )

    def check(leaf: Leaf) -> Sequence[str]:
        record.clients(leaf)
        simple = (_BANDWIDTHS[0], _TOKENS)
        return [
            *_each_option(leaf, lambda option: _positive(leaf, option, simple)),
            *_no_latency(leaf, older=older),
        ]

    sizes = ", ".join(
        str(leaf.summary.value("total_ranks"))
        for leaf in runs
        if leaf.summary.has("total_ranks")
    )
    return concluded(
        over(runs, check),
        runs,
        expected="read bandwidth, P95 of device reads and writes, and tokens/s of every"
        " option, with the number of clients",
        actual=f"{'; '.join(_shown(runs, keys))} with {sizes} clients",
        where="summary.json: options, total_ranks",
        fix="submit the summary that the tool wrote at the end of all options",
    )
