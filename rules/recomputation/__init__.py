"""Official numbers of a published result beside those its raw files give."""

from collections.abc import Callable, Mapping

from rules.recomputation import checkpointing, kv_cache, training, vector_database
from rules.stored import Category, Comparison, Workload

_BY_CATEGORY: Mapping[Category, Callable[[Workload], tuple[Comparison, ...]]] = {
    Category.TRAINING: training.compare,
    Category.CHECKPOINTING: checkpointing.compare,
    Category.VECTOR_DATABASE: vector_database.compare,
    Category.KV_CACHE: kv_cache.compare,
}


def compare(workload: Workload) -> tuple[Comparison, ...]:
    """Everything that can be recomputed from the workload's files."""
    return _BY_CATEGORY[workload.category](workload)
