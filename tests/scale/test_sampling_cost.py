"""What sampling cost: the leader's extra is the host's, the rest each rank's own."""

import numpy as np
import pytest

from mlps.evidence import ABSENT, BY_NAME
from mlps.evidence.reader import read
from mlps.sampling_cost import sampling_cost
from tests.runner.plans import small_plan, store

SECOND_NS = 10**9


def process(rank: int, sampler_us: int, parse_us: int, first: int = 0) -> np.ndarray:
    """Ten samples a second apart; counters began before the first of them."""
    rows = np.zeros(10, BY_NAME["process"].dtype)
    number = np.arange(10)
    rows["rank"], rows["sampled_at_ns"] = rank, number * SECOND_NS
    rows["sampler_cpu_ns"] = first + number * sampler_us * 1000
    rows["parse_cpu_ns"] = first + number * parse_us * 1000
    return rows[::-1]


def tables(*processes: np.ndarray, local: tuple[int, ...]) -> dict[str, np.ndarray]:
    ranks = np.zeros(len(local), BY_NAME["ranks"].dtype)
    ranks["rank"], ranks["local_rank"] = np.arange(len(local)), local
    return {"process": np.concatenate(processes), "ranks": ranks}


def test_a_host_costs_what_its_leader_spends_more_than_others():
    found = sampling_cost(
        tables(
            process(0, 300, 200, first=10**9),
            process(1, 60, 40),
            process(2, 160, 140),
            local=(0, 1, 2),
        )
    )
    assert found.rank_percent == pytest.approx(0.02)
    assert found.node_percent == pytest.approx(0.03)


def test_alone_on_a_host_all_of_it_is_the_host_s():
    found = sampling_cost(
        tables(process(0, 300, 200), process(1, 100, 0), local=(0, 0))
    )
    assert found.rank_percent is None
    assert found.node_percent == pytest.approx(0.03)


def test_what_was_not_recorded_is_none_or_left_out():
    rows = process(0, 300, 200)
    rows["parse_cpu_ns"] = ABSENT
    assert sampling_cost(tables(rows, local=(0,))).node_percent == pytest.approx(0.03)
    none = sampling_cost(tables(process(0, 1, 1)[:1], local=(0,)))
    assert (none.rank_percent, none.node_percent) == (None, None)
    empty = sampling_cost(tables(process(0, 1, 1)[:0], local=()))
    assert (empty.rank_percent, empty.node_percent) == (None, None)


@pytest.mark.mpi
def test_a_real_run_stays_below_half_a_percent_a_host_and_a_tenth_a_rank(
    tmp_path, mlps_runner
):
    """CPU time, not wall time; the figures asked for, with room for a noisy machine."""

    doc = small_plan(ranks=4, files=24, compute_s=0.5, epochs=1, interval_s=0.1)
    done = mlps_runner(4, str(store(doc, tmp_path / "plan.yaml")))
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.glob("results/*/runs/01-*/evidence.h5")
    found = sampling_cost(read(path).tables)
    assert found.rank_percent is not None
    assert found.node_percent is not None
    per_hz = 10
    assert 0 < found.rank_percent / per_hz < 0.1
    assert found.node_percent / per_hz < 0.5
