"""Sharding as properties: nothing twice, nothing lost but the remainder."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from mlps.plan import Shuffle
from runner.workload import sharding
from tests.runner.plans import small_plan

DATASET = small_plan().plan.workload.dataset


@given(
    files=st.integers(1, 500),
    world=st.integers(1, 64),
    seed=st.integers(0, 2**32),
    epoch=st.integers(1, 9),
    shuffle=st.sampled_from(Shuffle),
)
def test_shares_are_equal_disjoint_and_cover_all_but_the_remainder(
    files, world, seed, epoch, shuffle
):
    dataset = dataclasses.replace(DATASET, files=files)
    order = sharding.order(dataset, shuffle, seed, epoch)
    shares = [sharding.share(order, rank, world).tolist() for rank in range(world)]
    dealt = [index for share in shares for index in share]
    assert {len(share) for share in shares} == {files // world}
    assert len(set(dealt)) == len(dealt) == files - files % world
    assert set(dealt) <= set(range(files))


@given(seed=st.integers(0, 2**32), epoch=st.integers(1, 9))
def test_the_order_depends_on_seed_and_epoch_only(seed, epoch):
    dataset = dataclasses.replace(DATASET, files=200)
    order = sharding.order(dataset, Shuffle.SEED, seed, epoch).tolist()
    assert order == sharding.order(dataset, Shuffle.SEED, seed, epoch).tolist()
    assert sorted(order) == list(range(200))
    assert order != sharding.order(dataset, Shuffle.SEED, seed, epoch + 1).tolist()
    assert order != sharding.order(dataset, Shuffle.SEED, seed + 1, epoch).tolist()


def test_without_shuffle_files_come_as_listed():
    order = sharding.order(DATASET, Shuffle.OFF, 1, 1)
    assert sharding.share(order, 1, 4).tolist() == [1, 5, 9]
