"""Where a KV cache was, and that its times are times of storage."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mlps.plan import Division
from rules.catalogue.kv_cache import inputs
from rules.catalogue.kv_cache.executions import executions
from rules.catalogue.leaves import concluded, over
from rules.edition import Edition
from rules.finding import Outcome, Verdict
from rules.rule import Scope, StoredCase, judged, not_applicable, stored_rule
from rules.stored import Leaf

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_GATEWAY = re.compile(
    r"s3fs|rclone|mountpoint|goofys|geesefs|juicefs|nfs", re.IGNORECASE
)
_ARCHITECTURE = ("system_under_test", "solution", "architecture")
_MAX_TEXTS = 10_000


@stored_rule("6.4.1", "kvcachePosixCacheDir", Scope.KV_CACHE, ours=inputs.STUB)
def cache_dir(case: StoredCase) -> Outcome:
    """Check that cache and results were given, and are not in the same place.

    args.cache_dir and args.results_dir of the metadata, and fs_separation.json where
    there is one: the tool writes none for KV caches, so its absence shows nothing.
    """
    runs = case.workload.runs
    probed = sum(leaf.fs_separation.readable for leaf in runs)
    return concluded(
        over(runs, _together),
        runs,
        expected="cache_dir and results_dir set, and on different filesystems",
        actual=f"set and different in {len(runs)} runs; that the filesystems differ is"
        f" recorded in {probed} of them",
        where="metadata: args; fs_separation.json",
        fix="put the results on another filesystem than the cache",
    )


def _together(leaf: Leaf) -> Sequence[str]:
    args = leaf.metadata.mapping("args")
    cache, results = (str(args.get(k) or "") for k in ("cache_dir", "results_dir"))
    faults = [] if cache else ["cache_dir is not set"]
    faults += [] if results else ["results_dir is not set"]
    if cache and cache.rstrip("/") == results.rstrip("/"):
        faults.append(f"cache_dir and results_dir are both {cache[:200]}")
    probe = leaf.fs_separation
    if probe.readable and probe.flag("same_filesystem"):
        faults.append("cache and results are on the same filesystem")
    return faults


def _allocators(edition: Edition) -> Sequence[str]:
    table = edition.kv_cache
    if table is None:
        return ()
    return [f"harmless libraries: {', '.join(table.allocators)}"]


@stored_rule(
    "6.4.2",
    "kvcachePosixIoModel",
    Scope.KV_CACHE,
    numbers=_allocators,
    ours="the official text only describes cold reads; a library loaded before the"
    " benchmark can undo them, and the commands show it",
)
def io_model(case: StoredCase) -> Outcome:
    """Check that nothing came between the benchmark and its calls to storage.

    Reads are cold because the benchmark drops each file from the page cache. A library
    in LD_PRELOAD of an executed command can keep it from doing so; libraries that only
    allocate memory can't.
    """
    harmless = inputs.table(case.edition).allocators
    runs = case.workload.runs
    return concluded(
        over(runs, lambda leaf: _preloaded(leaf, harmless)),
        runs,
        expected="no library preloaded into the benchmark but allocators",
        actual=f"none in {len(runs)} runs",
        where="metadata: command_output_files",
        fix="run without the library, or say in the submission what it does",
    )


def _preloaded(leaf: Leaf, harmless: Sequence[str]) -> Sequence[str]:
    libraries = {lib for execution in executions(leaf) for lib in execution.preloaded}
    return [
        f"{library[:200]} is preloaded"
        for library in sorted(libraries)
        if not library.rpartition("/")[2].startswith(tuple(harmless))
    ]


@stored_rule("6.5.1", "kvcacheObjectViaGateway", Scope.KV_CACHE, ours=inputs.STUB)
def gateway(case: StoredCase) -> Outcome:
    """Check that the cache is a folder: objects are reached through a mount.

    args.cache_dir of the metadata and --rank-cache-base of the executed commands are
    paths, no addresses of a bucket.
    """
    runs = case.workload.runs
    return concluded(
        over(runs, _addresses),
        runs,
        expected="a cache folder on a mounted filesystem",
        actual=f"so in {len(runs)} runs",
        where="metadata: args.cache_dir, command_output_files",
        fix="mount the bucket (s3fs, rclone, Mountpoint) and point --cache-dir at it",
    )


def _addresses(leaf: Leaf) -> Sequence[str]:
    bases = {
        execution.flags.get("rank-cache-base", "") for execution in executions(leaf)
    }
    named = {leaf.metadata.text("args", "cache_dir"), *bases}
    return [f"{path[:200]} is no path" for path in sorted(named) if _SCHEME.match(path)]


@stored_rule("6.5.2", "kvcacheObjectLatencyScope", Scope.KV_CACHE, ours=inputs.STUB)
def latency_scope(case: StoredCase) -> Sequence[Outcome]:
    """Check that latencies are those of the mount, and that a gateway is named.

    No CLOSED command traces block devices. A system whose product is an object store
    names its gateway somewhere in its description; that it does not is a warning.
    """
    traced = _untraced(case)
    description = case.workload.description
    product = (*_ARCHITECTURE, "product_API")
    if not description.has(*product) or description.value(*product) != "object":
        return [traced]
    named = judged(
        any(_GATEWAY.search(text) for text in _texts(description.content)),
        expected="gateway and its configuration in the system description",
        actual=f"{description.where} names no gateway that is known here",
        where=description.where,
        fix="name gateway, version and mount options in the system description",
    )
    if named.verdict is Verdict.FAIL:
        named = replace(named, verdict=Verdict.WARN)
    return [traced, named]


def _untraced(case: StoredCase) -> Outcome:
    if case.division is not Division.CLOSED:
        return not_applicable("OPEN may trace devices")
    runs = case.workload.runs
    return concluded(
        over(runs, _traced),
        runs,
        expected="no --enable-latency-tracing in CLOSED",
        actual=f"so in {len(runs)} runs",
        where="metadata: command_output_files",
        fix="trace devices in OPEN only",
    )


def _traced(leaf: Leaf) -> Sequence[str]:
    return [
        f"{execution.place}: --enable-latency-tracing"
        for execution in executions(leaf)
        if "enable-latency-tracing" in execution.flags
    ]


def _texts(content: object) -> Iterator[str]:
    """First texts of plain data, as many as a description can have."""
    stack, left = [content], _MAX_TEXTS
    while stack and left:
        item = stack.pop()
        left -= 1
        if isinstance(item, Mapping):
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, str):
            yield item
