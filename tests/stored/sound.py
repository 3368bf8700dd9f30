"""Sound published trees that are mutated, and what in them is harmless."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.stored import harmless
from tests.stored.checkpointing_trees import checkpointing_v3
from tests.stored.files import Files
from tests.stored.kv_cache_trees import kv_cache
from tests.stored.mutation import is_data
from tests.stored.trees import training_v1, training_v3
from tests.stored.vector_database_trees import single_client, vector_database


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A sound tree, the edition that judges it, and what is harmless in it.

    Of leaves and ranks that are alike only one is tried: `alike` matches the others.
    """

    make: Callable[[], Files]
    values: harmless.Reasons
    removed: harmless.Reasons
    alike: str
    edition: str = "3.0"

    def tried(self) -> list[str]:
        """Paths of the files to change."""
        return [path for path in self.make() if not re.search(self.alike, path)]

    def data(self) -> list[str]:
        """Paths of those that hold plain data."""
        return [path for path in self.tried() if is_data(path)]


SOUND: dict[str, Sound] = {
    "training": Sound(
        make=training_v3,
        values=harmless.TRAINING,
        removed=harmless.TRAINING_FILES,
        alike=r"/run/(?!20260724_121600/)\d|/[1-9]_(per|output)",
    ),
    "training v1.0": Sound(
        make=training_v1,
        values=harmless.TRAINING_V1,
        removed=harmless.TRAINING_V1_FILES,
        alike=r"/runs/(?!run3/)",
        edition="1.0",
    ),
    "checkpointing": Sound(
        make=checkpointing_v3,
        values=harmless.CHECKPOINTING,
        removed=harmless.CHECKPOINTING_FILES,
        alike=r"/[2-7]_(per|output)|/20260724_120237/1_(per|output)",
    ),
    "vector database": Sound(
        make=vector_database,
        values=harmless.SEVERAL_CLIENTS,
        removed=harmless.SEVERAL_CLIENTS_FILES,
        alike=r"/run/(?!20260724_080400/)\d",
    ),
    "vector database, one client": Sound(
        make=single_client,
        values=harmless.SINGLE_CLIENT,
        removed=harmless.SINGLE_CLIENT_FILES,
        alike=r"/run/(?!20260724_080400/)\d",
    ),
    "kv cache": Sound(
        make=kv_cache,
        values=harmless.KV_CACHE,
        removed=harmless.KV_CACHE_FILES,
        alike=r"option_[13]|trial_[02]|rank_[013]",
    ),
}
