"""Hashes of workloads, and the official table they are looked up in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.comparability import comparability, workload_hash
from tests.stored.trees import training_v3

TABLE = comparability()
TRAINING = TABLE.allowlist("training")
PARAMETERS = next(
    metadata["parameters"]
    for path, metadata in training_v3().items()
    if "/run/" in path and path.endswith("_metadata.json")
)
LLAMA_8B = {
    "model": {
        "name": "llama_8b",
        "type": "transformer",
        "model_size": 30102,
    },
    "framework": "pytorch",
}


def test_the_shipped_workload_is_of_its_class():
    """The figures of unet3d on b200, as published, hash to the published hash."""
    found = workload_hash(PARAMETERS, TRAINING)
    (known,) = TABLE.matching("training", "unet3d", "b200", "3.0")
    assert known.id == "unet3d-b200-A"
    assert found == known.hashes[0]


@pytest.mark.parametrize("batch", ["7", 7, 7.0, " 7 "])
def test_spellings_of_a_number_hash_alike(batch):
    reader = PARAMETERS["reader"] | {"batch_size": batch}
    assert workload_hash(PARAMETERS | {"reader": reader}, TRAINING) == workload_hash(
        PARAMETERS, TRAINING
    )


@pytest.mark.parametrize(
    ("section", "key", "value", "same"),
    [
        ("reader", "batch_size", 8, False),
        ("reader", "read_threads", 99, True),
        ("dataset", "num_files_train", 1, True),
        ("dataset", "format", "hdf5", False),
        ("workflow", "checkpoint", "True", False),
        ("workflow", "checkpoint", "False", True),
        ("checkpoint", "checkpoint_folder", "/x", True),
        ("checkpoint", "checkpoint_after_epoch", 4, False),
    ],
)
def test_what_makes_a_workload(section, key, value, same):
    other = PARAMETERS | {section: PARAMETERS[section] | {key: value}}
    equal = workload_hash(other, TRAINING) == workload_hash(PARAMETERS, TRAINING)
    assert equal is same


def test_phases_of_checkpointing_share_a_class():
    allowlist = TABLE.allowlist("checkpointing")
    write = LLAMA_8B | {"checkpoint": {"num_checkpoints_write": 10, "fsync": True}}
    read = LLAMA_8B | {"checkpoint": {"num_checkpoints_write": 0, "fsync": True}}
    assert workload_hash(write, allowlist) == workload_hash(read, allowlist)


def test_nothing_to_hash():
    assert workload_hash({"storage": {"type": "local"}}, TRAINING) == ""
    assert TABLE.allowlist("kv_cache") is None


def test_the_table_agrees_with_itself():
    names = {edition.name for edition in TABLE.editions}
    for found in TABLE.classes:
        assert set(found.editions) <= names
        assert all(len(digest) == 16 for digest in found.hashes)
    assert len({found.id for found in TABLE.classes}) == len(TABLE.classes)


@given(
    st.dictionaries(
        st.sampled_from(["framework", "model", "train", "metric"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inside: (
                st.lists(inside, max_size=3)
                | st.dictionaries(st.sampled_from(["epochs", "au", "x"]), inside)
            ),
            max_leaves=6,
        ),
    )
)
def test_nothing_raises(parameters):
    assert len(workload_hash(parameters, TRAINING)) in (0, 16)
