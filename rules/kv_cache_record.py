"""What a KV-cache run wrote: options of its summary, and results of its ranks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rules.stored import Document, Leaf

OLDER_LATENCY = "aggregated_p95_latency_ms"
DEVICE_LATENCIES = ("aggregated_device_read_p95_ms", "aggregated_device_write_p95_ms")
_NUMBER = re.compile(r"[0-9]{1,2}")
_RANK = re.compile(r"option_(\d+)/trial_(\d+)/rank_(\d+)/[^/]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class RankResult:
    """Totals that one rank wrote in one trial of one option."""

    option: int
    trial: int
    rank: int
    document: Document


def options(leaf: Leaf) -> tuple[int, ...]:
    """Numbers of the options that the summary aggregates."""
    found = leaf.summary.mapping("options")
    return tuple(sorted(int(name) for name in found if _NUMBER.fullmatch(name)))


def at(option: int, key: str) -> tuple[str, ...]:
    """Path of an option's key in the summary."""
    return ("options", str(option), key)


def missing_ranks(leaf: Leaf, option: int) -> int:
    """Ranks whose results the aggregation did not find."""
    keys = at(option, "missing_files")
    return len(leaf.summary.items(*keys)) if leaf.summary.has(*keys) else 0


def ranks(leaf: Leaf) -> Sequence[RankResult]:
    """Results of the ranks that are there, in no particular order."""
    return [
        RankResult(
            option=int(place[1]),
            trial=int(place[2]),
            rank=int(place[3]),
            document=document,
        )
        for path, document in leaf.extra.items()
        if (place := _RANK.fullmatch(path))
    ]


def clients(leaf: Leaf) -> int:
    """Ranks of the whole run."""
    return leaf.summary.whole("total_ranks")
