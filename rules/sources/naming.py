"""What a workload's own files call it, for what its path does not say."""

import re
from collections.abc import Mapping
from typing import TypedDict

from rules.stored import Category, Document, Layout, Leaf, Workload

_CHOICE = re.compile(r"workload=([a-z0-9]+)_(a100|h100|b200|mi355)")
KINDS: Mapping[str, Category] = {
    "training": Category.TRAINING,
    "checkpointing": Category.CHECKPOINTING,
    "vector_database": Category.VECTOR_DATABASE,
    "vectordb": Category.VECTOR_DATABASE,
    "kv_cache": Category.KV_CACHE,
    "kvcache": Category.KV_CACHE,
}


_SWITCH = re.compile(r"\+*workload\.workflow\.(generate_data|train)=(\w+)")


def phase_of(leaf: Leaf) -> str:
    """Phase of a leaf; overrides that only generate data say so, whatever its name."""
    found = leaf.overrides.content
    switches = {
        match[1]: match[2].lower()
        for item in (found if isinstance(found, list) else [])
        if isinstance(item, str) and (match := _SWITCH.fullmatch(item))
    }
    only_data = {"generate_data": "true", "train": "false"}
    return "datagen" if switches == only_data else leaf.phase


class Names(TypedDict):
    """Fields of a workload that its path may leave empty."""

    layout: Layout
    category: Category
    division: str
    organisation: str
    system: str
    model: str
    accelerator: str
    edition: str


def named(workload: Workload) -> Names:
    """Fill what the path left empty from metadata, overrides and summary."""
    leaves = workload.leaves
    metadata = [leaf.metadata for leaf in leaves]
    kind = _first(metadata, "benchmark_type")
    category = KINDS.get(kind, workload.category)
    stamped = [leaf.provenance for leaf in leaves]
    return Names(
        layout=Layout.CATEGORIES if kind else workload.layout,
        category=category,
        division=workload.division or _first(metadata, "args", "mode"),
        organisation=workload.organisation or _first(metadata, "args", "orgname"),
        system=workload.system or _first(metadata, "args", "systemname"),
        model=workload.model or _first(metadata, "model") or _chosen(leaves)[0],
        accelerator=workload.accelerator
        or _first([leaf.metadata for leaf in workload.runs], "accelerator")
        or _chosen(leaves)[1],
        edition=_first(stamped, "rules_edition"),
    )


def chosen(leaf: Leaf) -> tuple[str, str]:
    """Model and accelerator of the template a leaf's overrides name, or nothing."""
    found = leaf.overrides.content
    for item in found if isinstance(found, list) else []:
        match = _CHOICE.fullmatch(item) if isinstance(item, str) else None
        if match:
            return match[1], match[2]
    return "", ""


def _chosen(leaves: tuple[Leaf, ...]) -> tuple[str, str]:
    names = [chosen(leaf) for leaf in leaves if leaf.phase == "run"]
    return next((n for n in names if n[0]), ("", ""))


def _first(documents: list[Document], *keys: str) -> str:
    for document in documents:
        if document.has(*keys):
            value = document.value(*keys)
            if isinstance(value, str):
                return value
    return ""
