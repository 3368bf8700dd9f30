"""The checks of a start and of a rehearsal, each by itself."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mlps.software import Lock, Package
from mlps.units import format_bytes
from runner import ground, handshake
from runner.clock import ClockReading
from runner.ground import Ground
from runner.handshake import Answer
from runner.place import Place
from runner.procfs.cgroup import MemoryGroup
from runner.rehearsal import paths, space
from runner.rehearsal.binding import Binding, advice, judge_bindings
from runner.rehearsal.clocks import judge_clocks
from runner.rehearsal.flushing import check_flush, judge_flush
from runner.rehearsal.memory import Appetite, judge_groups, judge_host
from runner.rehearsal.mount import Mounted, judge_mounts
from runner.rehearsal.placement import check_placement
from runner.rehearsal.reads import (
    Latencies,
    judge_reads,
    summarize,
    time_reads,
    write_file,
)
from runner.rehearsal.row import error, ok
from runner.rehearsal.sampling import check_sampler, evidence_bytes
from runner.rehearsal.scratch import scratch, scratch_folder
from runner.rehearsal.screen import render
from runner.rehearsal.sharing import judge_sharing, look_for_nonce, write_nonce
from tests.runner.plans import small_plan

MIB = 2**20
PLAN = small_plan().plan
HERE = Path("/data")
LOCK = Lock(
    platform="cpython 3.11.2 Linux x86_64",
    packages=(Package(name="numpy", version="2.1.3", digest="sha256:" + 64 * "0"),),
)


def place(ranks: int = 2, hosts: int = 1, rank: int = 0) -> Place:
    nodes = tuple(number // (ranks // hosts) for number in range(ranks))
    return Place(
        rank=rank,
        world=ranks,
        node=nodes[rank],
        local_rank=rank % (ranks // hosts),
        local_ranks=ranks // hosts,
        hosts=tuple(f"host{node}" for node in nodes),
        nodes=nodes,
    )


def answer(**values: object) -> Answer:
    return Answer(
        **{
            "pid": 1,
            "plan_digest": "sha256:a",
            "software": LOCK,
            "python": "3.11.2",
            "cpus_allowed": "0",
            "appetite": Appetite(budget_bytes=1, groups=()),
            "problems": (),
            **values,
        }
    )


def verdicts(rows) -> list[str]:
    return [row.verdict.value for row in rows]


def test_the_plans_number_of_ranks_per_host_is_asked_for():
    assert verdicts(check_placement(PLAN, place(2))) == ["OK"]
    shared = replace(PLAN, system=replace(PLAN.system, data_shared=True))
    (row,) = check_placement(shared, place(4))
    assert row.says == "ranks on this host: 4, the plan says 2"
    assert "ppr:2:node" in row.fix
    assert verdicts(check_placement(shared, place(4, hosts=2))) == ["OK"]
    apart = list(check_placement(PLAN, place(4, hosts=2)))
    assert verdicts(apart) == ["OK", "ERROR"]
    assert "system.data_shared is false, but there are 2 hosts" in apart[1].says


def test_a_good_ground_has_no_problems_and_leaves_nothing(tmp_path):
    spot = Ground(
        data_root=tmp_path / "a" / "data",
        results_root=tmp_path / "results",
        data_bytes_to_write=1,
    )
    assert ground.check(PLAN, place(), spot) == []
    checks = {row.check for row in ground.look(PLAN, place(), spot)}
    assert checks == {"ranks", "memory", "space", "data path", "results"}
    assert not list(tmp_path.iterdir())


def test_a_data_path_that_is_a_file_is_an_error(tmp_path):
    (tmp_path / "data").write_text("in the way")
    (row,) = paths.check_data_path(PLAN, tmp_path / "data")
    assert "data: not writable: Not a directory" in row.says


def test_o_direct_is_tried_when_it_is_asked_for(disk_path):
    asked = small_plan(odirect=True).plan
    rows = list(paths.check_data_path(asked, disk_path))
    assert [row.says.partition(": ")[2] for row in rows] == [
        "writable",
        "O_DIRECT works",
    ]
    refused = list(paths.check_data_path(asked, Path("/proc/self/fd")))
    assert verdicts(refused) == ["ERROR"]


def test_results_on_the_storage_under_test_need_the_plans_leave(tmp_path):
    strict = small_plan(results_on_data_path=False).plan
    (row,) = paths.check_results(strict, tmp_path / "data", tmp_path / "results")
    assert "on the file system under test" in row.says
    (row,) = paths.check_results(PLAN, tmp_path / "data", tmp_path / "results")
    assert row.verdict == "OK"
    shm = Path("/dev/shm")
    if shm.is_dir() and shm.stat().st_dev != tmp_path.stat().st_dev:
        assert verdicts(paths.check_results(strict, tmp_path, shm)) == ["OK"]


def test_space_is_compared_with_what_is_missing(tmp_path):
    free_bytes = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    row = space.check_dataset_space(tmp_path / "data", 4 * free_bytes)
    assert row.verdict == "ERROR"
    assert f"the dataset needs {format_bytes(4 * free_bytes)}" in row.says
    assert space.check_dataset_space(tmp_path, 1).verdict == "OK"
    assert space.check_evidence_space(tmp_path, 4 * free_bytes).verdict == "ERROR"
    assert space.check_evidence_space(tmp_path, 1).verdict == "OK"


def test_files_that_are_there_are_added_up(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "a").write_bytes(bytes(100))
    (tmp_path / "b").write_bytes(bytes(11))
    assert space.present_bytes(tmp_path) == 111
    assert space.present_bytes(tmp_path, limit_s=-1) == 0


def meminfo(available_bytes: int) -> bytes:
    return b"MemTotal: 999 kB\nMemAvailable: %d kB\n" % (available_bytes // 1024)


def test_memory_of_the_host():
    budget = PLAN.derived.host_memory_budget_bytes
    assert judge_host(PLAN, meminfo(budget + 2048)).verdict == "OK"
    row = judge_host(PLAN, meminfo(budget - 2048))
    assert row.verdict == "ERROR"
    assert "lower workload.reader.prefetch_batches" in row.fix
    assert judge_host(PLAN, b"MemTotal: 999 kB\n").verdict == "WARN"


def group(path: str, limit: int, used: int = 0) -> MemoryGroup:
    return MemoryGroup(path=path, limit_bytes=limit * MIB, used_bytes=used * MIB)


def appetites(*groups: tuple[MemoryGroup, ...]) -> list[Appetite]:
    return [Appetite(budget_bytes=100 * MIB, groups=own) for own in groups]


@pytest.mark.parametrize(
    ("nodes", "groups", "expected"),
    [
        ((0, 0), ((), ()), []),
        ((0, 0), ((group("/job", 200),), (group("/job", 200),)), ["OK", "OK"]),
        ((0, 0), ((group("/job", 199),), (group("/job", 199),)), ["ERROR", "ERROR"]),
        ((0, 1), ((group("/job", 199),), (group("/job", 199),)), ["OK", "OK"]),
        ((0, 0), ((group("/a", 100),), (group("/b", 99),)), ["OK", "ERROR"]),
        (
            (0, 0),
            (
                (group("/job/0", 100), group("/job", 300, used=150)),
                (group("/job/1", 100), group("/job", 300, used=150)),
            ),
            ["ERROR", "ERROR"],
        ),
    ],
    ids=["none", "enough", "too little", "two hosts", "one rank", "above"],
)
def test_memory_of_the_control_groups(nodes, groups, expected):
    rows = list(judge_groups(nodes, appetites(*groups)))
    assert verdicts(row for _, row in rows) == expected


def test_the_least_that_is_seen_of_a_group_counts_for_all_of_its_ranks():
    seen = [(group("/job", 300, used=used),) for used in (50, 90, 70)]
    rows = [row for _, row in judge_groups((0, 0, 0), appetites(*seen))]
    assert rows[0] == rows[1] == rows[2]
    assert "210.00 MiB left of 300.00 MiB" in rows[0].says


def test_a_start_refuses_a_control_group_that_is_too_small():
    tight = Appetite(budget_bytes=2**29, groups=(group("/sys/fs/cgroup/job", 512),))
    answers = [answer(appetite=tight), answer(appetite=tight)]
    problems = handshake.problems_of(place(), answers)
    assert [rank for rank, _ in problems] == [0, 1]
    assert "512.00 MiB left of 512.00 MiB" in problems[0][1].says
    assert "the ranks in it may hold 1.00 GiB" in problems[0][1].says


def test_a_rank_that_differs_is_named_with_what_differs():
    numpy = replace(LOCK.packages[0], version="2.2.0")
    odd = answer(python="3.12.1", software=replace(LOCK, packages=(numpy,)))
    problems = handshake.problems_of(place(), [answer(), odd])
    text = handshake.table(place(), problems)
    assert "1 of 2 ranks said READY" in text
    assert "host0 rank 1             Python: 3.12.1, rank 0 has 3.11.2" in text
    assert "host0 rank 1             package numpy: 2.2.0, rank 0 has 2.1.3" in text


def binding(cpus, online: int = 8, quota: float | None = None) -> Binding:
    return Binding(cpus=tuple(cpus), online=online, quota_cpus=quota, advice="take {n}")


@pytest.mark.parametrize(
    ("bindings", "expected"),
    [
        ([binding(range(8)), binding(range(8))], ["OK", "OK"]),
        ([binding([0, 1]), binding([2, 3])], ["OK", "OK"]),
        ([binding([0]), binding([1])], ["WARN", "WARN"]),
        ([binding([3]), binding([3])], ["ERROR", "ERROR"]),
        ([binding([3]), binding([3]), binding(range(8))], ["ERROR", "ERROR", "OK"]),
        ([binding([0], online=1), binding([0], online=1)], ["WARN", "WARN"]),
        ([binding(range(8), quota=1.5)] * 2, ["WARN", "WARN"]),
        ([binding(range(8), quota=2.0)] * 2, ["OK", "OK"]),
    ],
    ids=["free", "enough", "few", "one core", "two", "small", "quota", "in quota"],
)
def test_binding(bindings, expected):
    assert verdicts(judge_bindings(bindings, 2)) == expected


def test_the_fix_is_the_launchers_own_option():
    (row, _) = judge_bindings([binding([0]), binding([1])], 4)
    assert row.fix == "take 4"
    assert "--bind-to none" in advice({"OMPI_COMM_WORLD_RANK": "0", "PMI_RANK": "0"})
    assert "srun" in advice({"SLURM_PROCID": "0", "PMI_RANK": "0"})
    assert "MPICH" in advice({"HYDI_CONTROL_FD": "7", "SLURM_PROCID": "0"})
    assert "launcher's option" in advice({})


@pytest.mark.parametrize(
    ("seen", "nodes", "shared", "expected"),
    [
        ((True, True), (0, 0), False, ["OK", "OK"]),
        ((True, True), (0, 0), True, ["OK", "OK"]),
        ((True, False), (0, 0), False, ["OK", "ERROR"]),
        ((True, True), (0, 1), True, ["OK", "OK"]),
        ((True, False), (0, 1), True, ["OK", "ERROR"]),
        ((True, True), (0, 1), False, ["OK", "ERROR"]),
        ((True, False), (0, 1), False, ["OK", "OK"]),
    ],
)
def test_sharing(seen, nodes, shared, expected):
    assert verdicts(judge_sharing(HERE, seen, nodes, shared=shared)) == expected


def test_the_nonce_is_seen_only_where_it_is(tmp_path):
    assert not look_for_nonce(tmp_path, "1234", patience_s=0)
    write_nonce(tmp_path, "1234")
    assert look_for_nonce(tmp_path, "1234")
    assert not look_for_nonce(tmp_path, "1235", patience_s=0)


def test_the_folder_and_what_was_made_for_it_go_away(tmp_path):
    root = tmp_path / "a" / "data"
    folder = scratch_folder(root, "1")
    with scratch(folder), scratch(folder):
        (folder / "left").write_text("x")
    assert not list(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt), scratch(folder):
        (folder / "left").write_text("x")
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())
    with scratch(folder):
        (root / "foreign").write_text("x")
    assert [path.name for path in root.iterdir()] == ["foreign"]


def test_small_reads_are_timed(disk_path):
    path = disk_path / "reads"
    write_file(path)
    found = time_reads(path)
    assert found.reads > 0
    assert 0 < found.p50_us <= found.p99_us <= found.max_us


def test_percentiles_are_nearest_rank():
    found = summarize("w", [float(n) for n in range(1, 201)])
    assert (found.p50_us, found.p99_us, found.max_us) == (100, 198, 200)
    found = summarize("w", [7.0])
    assert (found.p50_us, found.p99_us, found.max_us) == (7, 7, 7)


def test_a_host_with_a_slow_way_to_the_storage_is_told():
    def host(p50_us: float) -> Latencies:
        return Latencies(way="", reads=1, p50_us=p50_us, p99_us=9e9, max_us=9e9)

    assert verdicts(judge_reads([host(90), host(800)])) == ["OK", "OK"]
    assert verdicts(judge_reads([host(500), host(2100)])) == ["OK", "WARN"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(1024, 0, "OK"), (1024, 11, "ERROR"), (0, 0, "WARN")],
)
def test_a_flush_must_be_proven(before, after, expected):
    row = judge_flush(sampled=1024, before=before, after=after, may_drop=True)
    assert row.verdict == expected


def test_a_flush_of_real_files(disk_path):
    write_file(disk_path / "file")
    assert check_flush(PLAN, disk_path / "file").verdict == "OK"
    warm = small_plan(cold_reads=False).plan
    assert "warm cache" in check_flush(warm, disk_path / "file").says


def reading(rank: int, error_ns: int = 1000, wall_s: float = 0.0) -> ClockReading:
    # A host that was booted an hour later: its monotonic clock is behind.
    offset_ns = 3600 * 10**9 if rank else 0
    return ClockReading(
        rank=rank,
        sampled_at_ns=0,
        offset_ns=offset_ns,
        error_ns=error_ns,
        wall_minus_monotonic_ns=10**18 + offset_ns + int(wall_s * 1e9),
    )


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (reading(1), "OK"),
        (reading(1, wall_s=0.9), "OK"),
        (reading(1, wall_s=-1.1), "WARN"),
        (reading(1, error_ns=2_600_000), "WARN"),
    ],
)
def test_clocks(other, expected):
    found = list(judge_clocks(PLAN, [reading(0), other], (0, 1)))
    assert [rank for rank, _ in found] == [0, 1]
    assert verdicts(row for _, row in found) == ["OK", expected]


def test_one_kind_of_storage_is_expected_where_it_is_shared():
    local = Mounted(fs_type="ext4", source="/dev/a", mount_point="/", device="8:1")
    remote = replace(local, fs_type="nfs4")
    assert verdicts(judge_mounts([local, remote], shared=True)) == ["OK", "WARN"]
    assert verdicts(judge_mounts([local, remote], shared=False)) == ["OK", "OK"]


def test_a_sample_is_taken_and_its_bytes_are_the_estimate():
    row, size = check_sampler(PLAN)
    assert "a sample takes" in row.says
    assert size.host_bytes > size.rank_bytes > 0
    once = evidence_bytes(PLAN, size.host_bytes, size.rank_bytes)
    more = evidence_bytes(PLAN, 10**9 + size.host_bytes, size.rank_bytes)
    assert more >= once + 2 * 10**9
    off = small_plan(interval_s=0).plan
    assert "off" in check_sampler(off)[0].says
    assert evidence_bytes(off, 10**12, 10**12) < 10**9


def test_the_table_names_ranks_only_where_they_do_not_agree():
    entries = [
        *((rank, ok("binding", "free")) for rank in range(4)),
        (0, ok("memory", "enough")),
        (0, ok("data path", "writable")),
        (1, error("data path", "not writable", "mend it")),
        (2, ok("data path", "writable")),
        (3, ok("data path", "writable")),
    ]
    lines = render("title", place(4, hosts=2), entries).split("\n")
    assert lines[1:] == [
        "host0, rank 0-1",
        "  OK     binding       free",
        "  OK     data path     rank 0: writable",
        "  ERROR  data path     rank 1: not writable",
        "                       fix: mend it",
        "  OK     memory        enough",
        "host1, rank 2-3",
        "  OK     binding       free",
        "  OK     data path     writable",
        "not ready: 3 of 4 ranks said READY, nothing was read",
        "  host0 rank 1             not writable",
        "                             fix: mend it",
    ]
    assert render("title", place(), [(0, ok("memory", "x"))]).endswith("\nREADY")
