"""Official models of checkpointing: what published results are held against.

Independent of conf/: the judge does not take the word of what it judges.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from mlps.checkpoint_sizing import ModelShape, checkpoint_bytes
from mlps.plan import build

_FILE = Path(__file__).parent / "editions" / "checkpoint_figures.yaml"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointFigures:
    """One model; `data_parallel` of a whole checkpoint, labels as in table 2."""

    name: str
    template: str
    data_parallel: int
    label: str
    subset_label_gib: float
    shape: ModelShape

    @property
    def ranks(self) -> int:
        """Ranks of a whole checkpoint."""
        return self.shape.model_parallel * self.data_parallel

    def bytes(self, ranks: int) -> int:
        """Bytes of one checkpoint of so many ranks; of too few, their part of it."""
        if ranks < self.ranks:
            return checkpoint_bytes(self.shape, ranks, self.data_parallel)
        return checkpoint_bytes(self.shape, ranks)

    def parameters(self) -> dict[str, str]:
        """List what its template sets, by key as text; not folders and counts."""
        shape = self.shape
        own: dict[str, str | int] = {
            "model.name": self.template,
            "model.num_layers": shape.layers,
            "model.parallelism.tensor": shape.tensor_parallel,
            "model.parallelism.pipeline": shape.pipeline_parallel,
            "model.parallelism.zero_stage": shape.zero_stage,
            "model.transformer.vocab_size": shape.vocabulary,
            "model.transformer.hidden_size": shape.hidden,
            "model.transformer.ffn_hidden_size": shape.ffn_hidden,
            "model.transformer.num_attention_heads": shape.attention_heads,
            "model.transformer.num_kv_heads": shape.kv_heads,
        }
        return {key: str(value) for key, value in own.items()} | dict(_common())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    models: tuple[CheckpointFigures, ...]
    template: tuple[_Setting, ...]


@cache
def _book() -> _Book:
    return build(_Book, yaml.load(_FILE.read_bytes(), Loader=_LOADER), _FILE.name)


def _common() -> Mapping[str, str]:
    return {setting.key: setting.value for setting in _book().template}


def checkpoint_figures() -> tuple[CheckpointFigures, ...]:
    """Figures of every model."""
    return _book().models


def figures_named(name: str) -> CheckpointFigures | None:
    """Figures of the model of that name, None when it is none of them."""
    return next((f for f in checkpoint_figures() if f.name == name.lower()), None)
