"""The arithmetic of the host facts: ranges, gaps, corrected clocks, lockstep."""

import numpy as np
import pytest

from mlps.evidence import ABSENT, BY_NAME
from rules.evidence_record import Span
from rules.sources import bounds
from rules.sources.evidence_clock import Correction, corrections, lockstep
from rules.sources.evidence_samples import Samples, Window, growth, sampling

WINDOW = Window(phase=1, start_ns=100, end_ns=200)


def counted(*pairs: tuple[int, int]):
    rows = np.zeros(len(pairs), dtype=BY_NAME["process"].dtype)
    rows["sampled_at_ns"] = [at for at, _ in pairs]
    rows["io_rchar"] = [count for _, count in pairs]
    return rows


GROWTH = {
    "at both edges": ([(100, 5), (200, 25)], Span(least=0, most=20)),
    "inside and outside": (
        [(90, 1), (110, 4), (190, 9), (210, 11)],
        Span(least=5, most=10),
    ),
    "one inside": ([(90, 1), (150, 4), (210, 11)], Span(least=0, most=10)),
    "nothing before": ([(110, 4), (210, 11)], None),
    "nothing after": ([(90, 4), (150, 11)], None),
    "no rows": ([], None),
    "not counted": ([(90, ABSENT), (210, ABSENT)], None),
    "backwards": ([(90, 9), (210, 1)], None),
}


@pytest.mark.parametrize(("pairs", "expected"), GROWTH.values(), ids=GROWTH)
def test_growth_of_a_counter(pairs, expected):
    assert growth(counted(*pairs), ("io_rchar",), WINDOW) == expected


def test_samples_are_found_by_owner_in_order_of_time():
    rows = counted((30, 3), (10, 1), (20, 2), (40, 4))
    rows["rank"] = [1, 0, 1, 1]
    samples = Samples(rows, "rank")
    assert samples.of(1)["io_rchar"].tolist() == [2, 3, 4]
    assert samples.of(0)["io_rchar"].tolist() == [1]
    assert len(samples.of(7)) == 0


@pytest.mark.parametrize(
    ("at", "count", "gap"),
    [
        ([], 0, 100),
        ([150], 1, 50),
        ([90, 120, 210], 3, 80),
        ([100, 130, 200, 300], 4, 70),
    ],
)
def test_gaps_count_from_the_edges_of_the_phase(at, count, gap):
    found = sampling("rank 0", np.array(at, dtype=np.int64), WINDOW)
    assert (found.samples, found.longest_gap_ns) == (count, gap)


def clock(*measured: tuple[int, int, int]):
    rows = np.zeros(len(measured), dtype=BY_NAME["clock"].dtype)
    for row, (at, offset, error) in zip(rows, measured, strict=True):
        row["sampled_at_ns"], row["offset_ns"], row["error_ns"] = at, offset, error
    return rows


@pytest.mark.parametrize(
    ("measured", "offset", "error"),
    [
        ([(50, 10, 2), (250, 20, 4)], 16, 8),
        ([(10, 0, 90), (50, 10, 2), (250, 10, 2), (400, 0, 90)], 10, 2),
    ],
)
def test_a_clock_is_known_to_what_lies_between_measurements(measured, offset, error):
    bounds, (found,) = corrections(clock(*measured), {0: [WINDOW]})
    assert (found.offset_ns, found.error_ns) == (offset, error)
    assert bounds[0].error_ns == error


@pytest.mark.parametrize("measured", [[], [(50, 10, 2)], [(250, 10, 2)]])
def test_a_clock_not_measured_before_and_after_is_not_known(measured):
    bounds, known = corrections(clock(*measured), {0: [WINDOW]})
    assert (bounds[0].rank, bounds[0].error_ns, known) == (0, None, ())


def steps(start: int):
    """Three steps of 100 ns."""
    rows = np.zeros(3, dtype=BY_NAME["steps"].dtype)
    rows["step"], rows["start_ns"] = range(3), start + 100 * np.arange(3)
    rows["wait_ns"], rows["compute_ns"], rows["barrier_ns"] = 30, 50, 20
    return rows


@pytest.mark.parametrize(
    ("late", "offset", "error", "apart"),
    [
        (0, 0, 0, -100),
        (100, 0, 0, 0),
        (130, 0, 0, 30),
        (130, 0, 10, 10),
        (130, -130, 0, -100),
    ],
)
def test_ranks_are_apart_by_what_the_clocks_leave_certain(late, offset, error, apart):
    known = [
        Correction(rank=0, phase=1, offset_ns=0, error_ns=error),
        Correction(rank=1, phase=1, offset_ns=offset, error_ns=error),
    ]
    (found,) = lockstep({(0, 1): steps(0), (1, 1): steps(late)}, known)
    assert (found.apart_ns, found.steps) == (apart, 3)
    if apart > 0:
        assert (found.leader, found.follower, found.step) == (0, 1, 0)


def endless(**changed: np.ndarray) -> dict[str, np.ndarray]:
    tables = {name: np.zeros(0, BY_NAME[name].dtype) for name in BY_NAME}
    return tables | changed


def filled(table: str, **columns: object):
    size = max(len(np.atleast_1d(values)) for values in columns.values())
    rows = np.zeros(size, dtype=BY_NAME[table].dtype)
    for column, values in columns.items():
        rows[column] = values
    return rows


ENDLESS = {
    "a phase closed twice": ("phases", {"rank": [1, 1], "phase": [3, 3]}, "twice"),
    "operations": ("latency", {"operation": np.arange(17).astype("S")}, "17 different"),
    "phases": ("latency", {"phase": np.arange(4097)}, "4097 different"),
    "ranks": ("process", {"rank": np.arange(46_341)}, "46341 rows of 46341 ranks"),
    "a bucket of no duration": ("latency", {"bucket": [2**40]}, f"bucket {2**40}"),
}


@pytest.mark.parametrize(("table", "columns", "says"), ENDLESS.values(), ids=ENDLESS)
def test_rows_that_would_take_without_end_are_named(table, columns, says):
    assert bounds.fault(endless()) == ""
    assert says in bounds.fault(endless(**{table: filled(table, **columns)}))
