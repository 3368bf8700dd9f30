"""What sampling itself cost, as the evidence records it: reading and parsing /proc."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlps.evidence import ABSENT
from mlps.metrics import Tables

_COSTS = ("sampler_cpu_ns", "parse_cpu_ns")


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingCost:
    """Percent of one core. `node_percent` is what sampling a host adds to its leader.

    None where it can't be told: no two samples, or no rank that samples only itself.
    """

    rank_percent: float | None
    node_percent: float | None


def sampling_cost(tables: Tables) -> SamplingCost:
    """Means over the ranks that sample themselves alone, and over those that lead.

    Where every rank leads its host, the host's files and its own can't be told
    apart: all of it counts as the host's.
    """
    ranks, percent = _of_ranks(tables)
    leads = np.isin(ranks, tables["ranks"]["rank"][tables["ranks"]["local_rank"] == 0])
    alone, leading = percent[~leads], percent[leads]
    rank_percent = float(alone.mean()) if alone.size else None
    node_percent = None
    if leading.size:
        node_percent = max(float(leading.mean()) - (rank_percent or 0.0), 0.0)
    return SamplingCost(rank_percent=rank_percent, node_percent=node_percent)


def _of_ranks(
    tables: Tables,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Ranks with two samples or more, and the share of a core each spent on them."""
    rows = tables["process"]
    order = np.lexsort((rows["sampled_at_ns"], rows["rank"]))
    rank = rows["rank"][order]
    ranks, first, count = np.unique(rank, return_index=True, return_counts=True)
    start, end = order[first], order[first + count - 1]
    spent = np.zeros(len(ranks))
    for column in _COSTS:
        values = rows[column]
        known = (values[start] != ABSENT) & (values[end] != ABSENT)
        grown = values[end].astype(np.float64) - values[start].astype(np.float64)
        spent += np.where(known, grown, 0.0)
    passed = rows["sampled_at_ns"][end] - rows["sampled_at_ns"][start]
    usable = passed > 0
    return ranks[usable], 100 * spent[usable] / passed[usable]
