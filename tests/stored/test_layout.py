"""Where a path of a published tree belongs, in all the shapes submitters made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.sources.layout import place
from rules.stored import Category, Layout

HAND = "Closed/Acme/results/sys"


@pytest.mark.parametrize(
    "path",
    [
        f"{HAND}/unet3d-h100/runs/run1/c002",
        f"{HAND}/unet3d_h100/run-1",
        f"{HAND}/unet3d/h100/runs/run1",
        f"{HAND}/3DUNET-H100/1",
        f"{HAND}/h100/unet3d/results/run_4",
        f"{HAND}/h100_x8/unet3d_4clients/runs/2024-08-20-16-29",
        f"data/results/me/{HAND}/unet3d-H100/run1",
    ],
)
def test_hand_made_trees(path):
    found = place(path.split("/"))
    assert found.layout is Layout.V1
    assert (found.division, found.organisation, found.system) == (
        "closed",
        "Acme",
        "sys",
    )
    assert (found.model, found.accelerator, found.phase) == ("unet3d", "h100", "run")
    folder = path.split("/")[: found.depth][-1]
    assert "unet" in folder.lower() or "h100" in folder.lower()


@pytest.mark.parametrize(
    ("below", "category", "engine", "model", "phase"),
    [
        ("training/unet3d/run", Category.TRAINING, "", "unet3d", "run"),
        ("training/unet3d/datagen", Category.TRAINING, "", "unet3d", "datagen"),
        ("training/unet3d-b200/run", Category.TRAINING, "", "unet3d", "run"),
        ("training/unet3d/b200/run", Category.TRAINING, "", "unet3d", "run"),
        ("checkpointing/llama3-405b", Category.CHECKPOINTING, "", "llama3-405b", "run"),
        ("checkpointing/llama3_1t", Category.CHECKPOINTING, "", "llama3-1t", "run"),
        (
            "vector_database/milvus/DISKANN/run",
            Category.VECTOR_DATABASE,
            "milvus",
            "DISKANN",
            "run",
        ),
        ("vectordb/HNSW/datagen", Category.VECTOR_DATABASE, "", "HNSW", "datagen"),
        ("kv_cache/llama3.1-8b/run", Category.KV_CACHE, "", "llama3.1-8b", "run"),
    ],
)
def test_trees_of_the_tool(below, category, engine, model, phase):
    above = "open/Acme/results/sys"
    parts = [*above.split("/"), *below.split("/"), "20260724_141551"]
    found = place(parts)
    assert found.layout is Layout.CATEGORIES
    assert (found.category, found.engine) == (category, engine)
    assert (found.model, found.phase) == (model, phase)
    assert found.division == "open"
    assert (found.organisation, found.system) == ("Acme", "sys")
    workload = below.removesuffix("/run").removesuffix("/datagen")
    assert parts[: found.depth] == [*above.split("/"), *workload.split("/")]


def test_a_bare_leaf_says_nothing():
    found = place(["20260724_141551"])
    assert (found.model, found.accelerator, found.organisation) == ("", "", "")


PART = st.sampled_from(
    ["closed", "open", "results", "training", "run", "unet3d", "h100", "x", "runs"]
) | st.text(alphabet="ab_-0", min_size=1, max_size=4)


@given(st.lists(PART, min_size=1, max_size=9))
def test_any_path_has_a_place(parts):
    found = place(parts)
    assert 0 <= found.depth <= len(parts)


@pytest.mark.parametrize(
    ("path", "workload"),
    [
        ("unet3d_h100/unet3d_h100_run_1", "unet3d_h100"),
        ("unet3d-h100/runs/unet3d_h100_1", "unet3d-h100"),
    ],
)
def test_a_run_named_after_its_workload_is_no_workload(path, workload):
    parts = [*HAND.split("/"), *path.split("/")]
    assert parts[: place(parts).depth] == [*HAND.split("/"), workload]


def test_a_workload_without_a_folder_for_its_system():
    parts = ["Closed", "Acme", "results", "unet3d-h100", "runs", "run1"]
    found = place(parts)
    assert (found.system, found.model, found.accelerator) == ("", "unet3d", "h100")
    assert parts[: found.depth][-1] == "unet3d-h100"
    named = place(["Closed", "Acme", "results", "Rig_unet3d_H100_5Clients", "run1"])
    assert named.system == "Rig_unet3d_H100_5Clients"
