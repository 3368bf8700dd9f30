"""Cuts what one rank of a KV-cache run wrote down to the numbers that count.

A file holds every latency of its rank. Hundreds of ranks times nine trials of them
don't fit into memory; a handful of totals of each does.
"""

from collections.abc import Mapping

_MAX_TEXT = 256
_Wanted = Mapping[str, "_Wanted | None"]
_CACHE: _Wanted = dict.fromkeys(
    (
        "storage_entries",
        "tier_storage_read_bandwidth_gbps",
        "tier_storage_write_bandwidth_gbps",
        "storage_read_device_p95_ms",
        "storage_write_device_p95_ms",
    )
)
_WANTED: _Wanted = {
    "seed": None,
    "summary": {
        "avg_throughput_tokens_per_sec": None,
        "storage_throughput_tokens_per_sec": None,
        "storage_io_latency_ms": {"p95": None},
        "cache_stats": _CACHE,
        "autoscaling_stats": None,
    },
}


def totals(content: object) -> object:
    """Totals of a rank's result file, at the keys they have there.

    A list is cut to its first item, text to its beginning.
    """
    return _cut(content, _WANTED)


def _cut(content: object, wanted: _Wanted | None) -> object:
    if isinstance(content, Mapping):
        return _kept(content, wanted or {})
    if isinstance(content, list):
        return [_cut(item, None) for item in content[:1]]
    return content[:_MAX_TEXT] if isinstance(content, str) else content


def _kept(content: Mapping[str, object], wanted: _Wanted) -> Mapping[str, object]:
    return {key: _cut(content[key], wanted[key]) for key in wanted if key in content}
