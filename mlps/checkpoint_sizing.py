"""Bytes of an emulated checkpoint: one arithmetic for plans, runs and rules.

A model of decoder layers is spread over ranks by tensor, pipeline and data
parallelism, and its state is sharded by ZeRO. All divisions round down, as in the
official implementation (dlio_benchmark/checkpointing/base_checkpointing.py f6796ed).
"""

from dataclasses import dataclass
from functools import lru_cache

_PARTS = 3  # master weights and two moments of the optimizer
_UNSHARDED = 5  # tensors of the hidden size that every rank keeps per part


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelShape:
    """Dimensions of a model, how it is spread, and bytes of one element."""

    layers: int
    hidden: int
    ffn_hidden: int
    attention_heads: int
    kv_heads: int
    vocabulary: int
    tensor_parallel: int
    pipeline_parallel: int
    zero_stage: int
    model_width_bytes: int
    optimizer_width_bytes: int

    def __post_init__(self) -> None:
        """Refuse what no model can be."""
        sizes = {name: getattr(self, name) for name in _POSITIVE}
        small = [name for name, size in sizes.items() if size < 1]
        if small:
            raise ValueError(f"{', '.join(small)} must be at least 1")
        if self.zero_stage not in (0, 1, 2, 3):
            raise ValueError(f"zero_stage {self.zero_stage} is none of 0, 1, 2, 3")
        if self.hidden < self.attention_heads:
            raise ValueError("hidden must be at least attention_heads")

    @property
    def model_parallel(self) -> int:
        """Ranks that hold one copy of the model: tensor times pipeline."""
        return self.tensor_parallel * self.pipeline_parallel

    @property
    def kv_hidden(self) -> int:
        """Width of keys, and of values, of one layer."""
        return self.hidden // self.attention_heads * self.kv_heads


_POSITIVE = (
    "layers",
    "hidden",
    "ffn_hidden",
    "attention_heads",
    "kv_heads",
    "vocabulary",
    "tensor_parallel",
    "pipeline_parallel",
    "model_width_bytes",
    "optimizer_width_bytes",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankState:
    """Bytes that one rank writes of one checkpoint."""

    model_bytes: int
    optimizer_bytes: int

    @property
    def bytes(self) -> int:
        """Model and optimizer together."""
        return self.model_bytes + self.optimizer_bytes


@lru_cache(maxsize=64)
def parameters(shape: ModelShape) -> int:
    """Count the parameters of the whole model."""
    layer = sum(_layer_elements(shape, tensor=1, shards=1))
    ends = 2 * shape.vocabulary * shape.hidden + shape.hidden
    return shape.layers * layer + ends


def data_parallel(shape: ModelShape, ranks: int) -> int:
    """Count the copies of the model on so many ranks; ValueError for none."""
    copies = ranks // shape.model_parallel
    if copies < 1:
        raise ValueError(
            f"{ranks} ranks don't hold a model spread over {shape.model_parallel};"
            " a subset needs the data parallelism of the whole"
        )
    return copies


def rank_state(shape: ModelShape, rank: int, copies: int) -> RankState:
    """Bytes of one rank; `copies` is the data parallelism of the whole checkpoint."""
    stage = rank // shape.tensor_parallel % shape.pipeline_parallel
    copy = rank // shape.model_parallel
    holds_model = shape.zero_stage >= 3 or copy == 0
    shards = copies if shape.zero_stage >= 3 else 1
    return RankState(
        model_bytes=_stage_elements(shape, stage, shards) * shape.model_width_bytes
        if holds_model
        else 0,
        optimizer_bytes=_optimizer_elements(shape, copies)
        * shape.optimizer_width_bytes,
    )


def rank_states(
    shape: ModelShape, ranks: int, copies: int | None = None
) -> tuple[RankState, ...]:
    """Bytes of every rank; a subset of the ranks must say the `copies` of the whole."""
    whole = copies or data_parallel(shape, ranks)
    return tuple(rank_state(shape, rank, whole) for rank in range(ranks))


def checkpoint_bytes(shape: ModelShape, ranks: int, copies: int | None = None) -> int:
    """Bytes of one checkpoint of all ranks together."""
    return sum(state.bytes for state in rank_states(shape, ranks, copies))


def _layer_elements(shape: ModelShape, *, tensor: int, shards: int) -> tuple[int, ...]:
    """Elements of norm, qkv, projection, norm, gated up and down of one layer."""
    hidden, ffn = shape.hidden, shape.ffn_hidden
    qkv = hidden * (hidden + 2 * shape.kv_hidden)
    matrices = (qkv, hidden * hidden, 2 * hidden * ffn, hidden * ffn)
    return (
        hidden // shards,
        hidden // shards,
        *(size // tensor // shards for size in matrices),
    )


@lru_cache(maxsize=4096)
def _stage_elements(shape: ModelShape, stage: int, shards: int) -> int:
    """Elements of the layers that one rank of a pipeline stage holds."""
    many, more = divmod(shape.layers, shape.pipeline_parallel)
    layers = many + 1 if stage < more else many
    layer = sum(_layer_elements(shape, tensor=shape.tensor_parallel, shards=shards))
    table = shape.hidden * shape.vocabulary // shape.tensor_parallel // shards
    first = table if stage == 0 else 0
    is_last = stage == shape.pipeline_parallel - 1
    last = table + shape.hidden // shards if is_last else 0
    return layers * layer + first + last


def _optimizer_elements(shape: ModelShape, copies: int) -> int:
    share = parameters(shape) // (copies * shape.model_parallel)
    return _PARTS * (share + _UNSHARDED * shape.hidden)
