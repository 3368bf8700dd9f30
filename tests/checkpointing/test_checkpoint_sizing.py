"""Sizes of the official models are those of the published table, to the byte."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlps.checkpoint_sizing import (
    ModelShape,
    checkpoint_bytes,
    data_parallel,
    parameters,
    rank_state,
    rank_states,
)
from rules.checkpoint_figures import checkpoint_figures, figures_named

GIB = 2**30
# name: parameters, GiB of model, optimizer and both, least and most of a rank, ranks
TABLE = {
    "llama3-8b": (8_030_261_248, 14.958, 89.747, 104.705, 13.088, 13.088, 8),
    "llama3-70b": (69_882_617_856, 130.184, 781.028, 911.212, 14.238, 14.238, 64),
    "llama3-405b": (405_853_388_800, 756.015, 4536.234, 5292.249, 8.860, 12.318, 512),
    "llama3-1t": (
        1_183_035_102_480,
        2203.661,
        13_222.928,
        15_426.589,
        12.913,
        17.966,
        1024,
    ),
}
SUBSETS = {
    "llama3-8b": 104.7,
    "llama3-70b": 113.9,
    "llama3-405b": 98.5,
    "llama3-1t": 143.7,
}
# what published runs of 8 and 64 ranks report, to the last bit
PUBLISHED = {"llama3-8b": 104.70452117919922, "llama3-70b": 911.2121276855469}
SMALL = ModelShape(
    layers=5,
    hidden=64,
    ffn_hidden=96,
    attention_heads=4,
    kv_heads=2,
    vocabulary=100,
    tensor_parallel=2,
    pipeline_parallel=2,
    zero_stage=1,
    model_width_bytes=2,
    optimizer_width_bytes=4,
)


def test_the_table_has_every_official_model():
    assert {f.name for f in checkpoint_figures()} == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_sizes_are_those_of_the_table(name):
    figures = figures_named(name)
    count, model, optimizer, whole, least, most, ranks = TABLE[name]
    states = rank_states(figures.shape, figures.ranks)
    assert figures.ranks == ranks == len(states)
    assert parameters(figures.shape) == count
    assert round(sum(s.model_bytes for s in states) / GIB, 3) == model
    assert round(sum(s.optimizer_bytes for s in states) / GIB, 3) == optimizer
    assert round(figures.bytes(ranks) / GIB, 3) == whole
    assert round(min(s.bytes for s in states) / GIB, 3) == least
    assert round(max(s.bytes for s in states) / GIB, 3) == most


@pytest.mark.parametrize("name", SUBSETS)
def test_eight_ranks_of_a_large_model_hold_a_part_of_it(name):
    assert round(figures_named(name).bytes(8) / GIB, 1) == SUBSETS[name]


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_size_is_the_published_one_to_the_last_bit(name):
    figures = figures_named(name)
    assert figures.bytes(figures.ranks) / GIB == PUBLISHED[name]


def test_stages_of_405b_hold_what_the_table_says():
    shape = figures_named("llama3-405b").shape
    held = {round(s.model_bytes / GIB, 3) for s in rank_states(shape, 256, 2)}
    assert held == {2.227, 2.716, 2.969, 3.458}


def test_a_second_copy_saves_only_its_optimizer_below_zero_3():
    first, second = (rank_state(SMALL, rank, 2) for rank in (0, 4))
    assert first.model_bytes > 0
    assert second.model_bytes == 0
    assert second.optimizer_bytes == first.optimizer_bytes


def test_with_zero_3_every_copy_saves_its_share():
    shape = dataclasses.replace(SMALL, zero_stage=3)
    shares = {s.model_bytes for s in rank_states(shape, 8) if s.model_bytes}
    assert len(rank_states(shape, 8)) == 8
    assert all(s.model_bytes for s in rank_states(shape, 8))
    assert max(shares) < rank_state(SMALL, 0, 2).model_bytes


def test_uneven_layers_go_to_the_first_stages():
    first, last = (rank_state(SMALL, rank, 1).model_bytes for rank in (0, 2))
    layer = 2 * (64 * (64 + 64) + 64 * 64 + 2 * 64 * 96 + 64 * 96) // 2 + 2 * 2 * 64
    assert first - last == layer - 2 * 64


def test_fewer_ranks_than_one_copy_must_say_how_many_there_are():
    with pytest.raises(ValueError, match="3 ranks don't hold"):
        data_parallel(SMALL, 3)
    assert checkpoint_bytes(SMALL, 3, 2) < checkpoint_bytes(SMALL, 8)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("layers", 0, "layers must be"),
        ("tensor_parallel", -1, "tensor_parallel must be"),
        ("zero_stage", 4, "zero_stage 4"),
        ("attention_heads", 65, "hidden must be"),
    ],
)
def test_shapes_that_no_model_has_are_refused(field, value, says):
    with pytest.raises(ValueError, match=says):
        dataclasses.replace(SMALL, **{field: value})


@given(
    layers=st.integers(1, 40),
    pipeline=st.integers(1, 8),
    tensor=st.sampled_from([1, 2, 4, 8]),
    copies=st.integers(1, 4),
)
def test_stages_and_slices_together_hold_the_whole_model(
    layers, pipeline, tensor, copies
):
    shape = dataclasses.replace(
        SMALL,
        layers=layers,
        pipeline_parallel=pipeline,
        tensor_parallel=tensor,
        zero_stage=1,
    )
    ranks = shape.model_parallel * copies
    held = sum(s.model_bytes for s in rank_states(shape, ranks)) // 2
    # norms are on every slice, all other tensors are cut into slices without a rest
    norms = (2 * layers + 1) * shape.hidden
    assert held - tensor * norms <= parameters(shape) - norms
    assert parameters(shape) - norms - (held - tensor * norms) < 8 * (layers + 2)
