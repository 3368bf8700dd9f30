"""Rehearsals under a real launcher: what they say, and that nothing is left."""

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import rfc8785

from mlps.evidence.reader import read
from mlps.plan import PlanDocument, document, plain
from mlps.software import Lock, find_lock
from tests.conftest import BIN, Completed, clean_environment
from tests.runner.plans import small_plan, store

pytestmark = pytest.mark.mpi

LOCK = find_lock()
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def locked(doc: PlanDocument, lock: Lock = LOCK) -> PlanDocument:
    return document(doc.plan, {"software": plain(lock)})


def with_version(name: str, version: str, platform: str = LOCK.platform) -> Lock:
    packages = (
        replace(p, version=version) if p.name == name else p for p in LOCK.packages
    )
    return Lock(platform=platform, packages=tuple(packages))


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def run_rank_1_under(*wrapper: str, plan: Path, rehearse: bool = True) -> Completed:
    """Run two ranks, the second one under a wrapper command."""
    runner = [str(BIN / "mlps-runner"), str(plan)]
    runner += ["--rehearse"] if rehearse else []
    command = [str(BIN / "mpirun"), "-n", "1", *runner, ":"]
    return subprocess.run(
        [*command, "-n", "1", *wrapper, *runner],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_a_good_plan_is_ready_and_nothing_is_left(tmp_path, mlps_runner):
    plan = store(locked(small_plan(cold_reads=False)), tmp_path / "plan.yaml")
    done = mlps_runner(2, "--rehearse", str(plan))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("\nREADY\n")
    assert "ERROR" not in done.stdout
    for check in (
        "ranks",
        "binding",
        "interpreter",
        "software",
        "data path",
        "mount",
        "sharing",
        "dataset",
        "space",
        "results",
        "memory",
        "page cache",
        "small reads",
        "sampler",
        "clock",
    ):
        assert re.search(rf"^  (OK|WARN) +{check} ", done.stdout, re.MULTILINE), check
    assert "versions and files are those of the plan's lock" in " ".join(
        done.stdout.split()
    )
    assert left_in(tmp_path) == ["plan.yaml"]


def test_a_rehearsal_leaves_a_dataset_and_a_campaign_alone(tmp_path, mlps_runner):
    plan = store(locked(small_plan(cold_reads=False)), tmp_path / "plan.yaml")
    done = mlps_runner(2, str(plan))
    assert done.returncode == 0, done.stderr
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()}
    again = mlps_runner(2, "--rehearse", str(plan))
    assert again.returncode == 0, again.stdout + again.stderr
    assert "12 files are there" in again.stdout
    after = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()}
    assert after == before


def test_evidence_says_what_every_rank_ran(tmp_path, mlps_runner):
    plan = store(locked(small_plan(cold_reads=False)), tmp_path / "plan.yaml")
    assert mlps_runner(2, str(plan)).returncode == 0
    (path,) = tmp_path.glob("results/*/runs/01-*/evidence.h5")
    evidence = read(path)
    rows = evidence.rows("software")[["package", "version", "digest"]].tolist()
    packages = [(p.name, p.version, p.digest) for p in LOCK.packages]
    said = [tuple(word.decode() for word in row) for row in rows]
    assert said[1:] == packages
    assert said[0][0] == "cpython"
    assert said[0][2] == ""
    digests = set(evidence.rows("ranks")["software_digest"].tolist())
    assert digests == {LOCK.digest.encode()}


def test_wrong_ranks_per_host_are_told_with_the_fix(tmp_path, mlps_runner):
    plan = small_plan().plan
    system = replace(plan.system, hosts=2, accelerators_per_host=1, data_shared=True)
    doc = document(replace(plan, system=system), {})
    store(locked(doc), tmp_path / "plan.yaml")
    done = mlps_runner(2, "--rehearse", "plan.yaml")
    assert done.returncode == 3
    assert re.search(
        r"ERROR +ranks +ranks on this host: 2, the plan says 1", done.stdout
    )
    assert "fix: set the launcher's ranks per host" in done.stdout
    assert "0 of 2 ranks said READY" in done.stdout
    assert left_in(tmp_path) == ["plan.yaml"]


@pytest.mark.parametrize("rehearse", [True, False])
def test_a_rank_with_another_package_is_named_with_it(tmp_path, rehearse):
    plan = store(locked(small_plan()), tmp_path / "plan.yaml")
    (tmp_path / "other").mkdir()
    copy = tmp_path / "other" / "rfc8785"
    shutil.copytree(Path(rfc8785.__file__).parent, copy)
    with (copy / "__init__.py").open("a") as file:
        file.write("# changed\n")
    path = f"PYTHONPATH={copy.parent}"
    done = run_rank_1_under("env", path, plan=plan, rehearse=rehearse)
    assert done.returncode == 3, done.stderr
    said = done.stdout if rehearse else done.stderr
    version = LOCK.get("rfc8785").version
    assert re.search(
        rf"rank 1 +package rfc8785: {version} \(sha256:\w+\.\.\.\),"
        rf" rank 0 has {version} \(sha256:",
        said,
    )
    assert "1 of 2 ranks said READY" in said
    assert left_in(tmp_path) == ["other", "plan.yaml"]


@pytest.mark.parametrize(
    ("lock", "words"),
    [
        (
            with_version("click", "7.0"),
            rf"package click: {LOCK.get('click').version}, the plan's lock says 7\.0\n"
            r" +fix: install click==7\.0, or compile the plan with this environment",
        ),
        (
            replace(
                LOCK,
                packages=tuple(
                    replace(p, digest="sha256:" + 64 * "0") for p in LOCK.packages[:1]
                )
                + LOCK.packages[1:],
            ),
            r"package mlps: \S+ \(sha256:\w+\.\.\.\), the plan's lock says"
            r" \S+ \(sha256:0+\.\.\.\)\n +fix: install mlps==\S+ again, or compile",
        ),
    ],
    ids=["version", "own code"],
)
def test_a_start_that_is_not_the_plans_lock_is_refused(
    tmp_path, mlps_runner, lock, words
):
    plan = store(locked(small_plan(), lock), tmp_path / "plan.yaml")
    for arguments in ((), ("--rehearse",)):
        done = mlps_runner(2, str(plan), *arguments)
        assert done.returncode == 3
        assert re.search(words, done.stdout + done.stderr), done.stdout + done.stderr
    assert left_in(tmp_path) == ["plan.yaml"]


def test_a_lock_of_another_platform_compares_versions(tmp_path, mlps_runner):
    digests = (replace(p, digest="sha256:" + 64 * "0") for p in LOCK.packages[1:])
    lock = Lock(platform="other", packages=(LOCK.packages[0], *digests))
    plan = store(locked(small_plan(cold_reads=False), lock), tmp_path / "plan.yaml")
    done = mlps_runner(2, "--rehearse", str(plan))
    assert done.returncode == 0, done.stdout
    assert "their files can't be compared" in " ".join(done.stdout.split())


def test_a_plan_without_a_lock_is_told(tmp_path, mlps_runner):
    plan = store(small_plan(cold_reads=False), tmp_path / "plan.yaml")
    done = mlps_runner(2, "--rehearse", str(plan))
    assert done.returncode == 0, done.stdout
    assert re.search(r"WARN +software ", done.stdout)
    assert "no software lock" in " ".join(done.stdout.split())


@ROOT_ONLY
def test_a_rank_with_a_data_path_of_its_own_is_named(tmp_path):
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare to give one rank another view")
    plan = store(locked(small_plan(cold_reads=False)), tmp_path / "plan.yaml")
    data = tmp_path / "data"
    data.mkdir()
    blind = f"mount -t tmpfs tmpfs {data} && exec $0 $@"
    done = run_rank_1_under("unshare", "-m", "sh", "-c", blind, plan=plan)
    assert done.returncode == 3, done.stdout
    assert re.search(
        r"rank 1 +\S*/data: a file of rank 0, on this very host, is not seen",
        done.stdout,
    )
    assert "OK     sharing       rank 0:" in done.stdout
    assert not list(data.iterdir())


@ROOT_ONLY
def test_a_small_tmpfs_has_neither_space_nor_cold_reads(tmp_path, mlps_runner):
    plan = store(locked(small_plan(files=40)), tmp_path / "plan.yaml")
    data = tmp_path / "data"
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", data], check=True)
    try:
        done = mlps_runner(2, "--rehearse", str(plan))
        left = list(data.iterdir())
    finally:
        subprocess.run(["umount", "-l", data], check=True)
    assert done.returncode == 3
    assert re.search(r"6\.00 MiB free, the dataset needs 11\.44 MiB", done.stdout)
    assert "1024 after the flush: it can't be emptied" in done.stdout
    assert "fix: choose a data path whose files leave memory" in done.stdout
    assert not left


@ROOT_ONLY
def test_a_full_data_path_is_an_error_and_nothing_is_left(tmp_path, mlps_runner):
    plan = store(locked(small_plan(cold_reads=False)), tmp_path / "plan.yaml")
    data = tmp_path / "data"
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", data], check=True)
    try:
        done = mlps_runner(2, "--rehearse", str(plan))
        left = list(data.iterdir())
    finally:
        subprocess.run(["umount", "-l", data], check=True)
    assert done.returncode == 3
    assert "small reads: No space left on device" in done.stdout
    assert "Traceback" not in done.stderr
    assert not left


@pytest.fixture
def memory_group() -> Iterator[Path]:
    """A control group of version 1 or 2 that allows 450 MiB."""
    tops = {
        "memory.limit_in_bytes": Path("/sys/fs/cgroup/memory"),
        "memory.max": Path("/sys/fs/cgroup"),
    }
    for limit, top in tops.items():
        group = top / f"mlps-test-{secrets.token_hex(4)}"
        try:
            group.mkdir()
            if (group / limit).exists():
                (group / limit).write_text(str(450 * 2**20))
                yield group
                return
        except OSError:
            continue
        finally:
            if group.is_dir():
                group.rmdir()
    pytest.skip("can't make a control group that limits memory")


@pytest.mark.parametrize("rehearse", [True, False])
def test_a_control_group_below_the_budget_is_told(tmp_path, memory_group, rehearse):
    plan = store(locked(small_plan()), tmp_path / "plan.yaml")
    enter = f"echo $$ > {memory_group}/cgroup.procs && exec $0 $@"
    command = [str(BIN / "mpirun"), "-n", "2", str(BIN / "mlps-runner"), str(plan)]
    done = subprocess.run(
        ["sh", "-c", enter, *command, *(["--rehearse"] if rehearse else [])],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 3, done.stdout + done.stderr
    said = done.stdout if rehearse else done.stderr
    assert re.search(
        rf"rank 0-1 +control group {memory_group}: \S+ MiB left of 450\.00 MiB, the"
        r" ranks in it may hold 513\.97 MiB",
        said,
    )
    assert "ask the scheduler or container for more memory" in said
    assert left_in(tmp_path) == ["plan.yaml"]


def test_the_limit_of_a_control_group_is_a_fact_of_the_host(memory_group):
    script = (
        "from runner.record import hosts;"
        "print(hosts.host_rows(0)['memory_limit_bytes'])"
    )
    enter = f'echo $$ > {memory_group}/cgroup.procs && exec "$@"'
    said = subprocess.run(
        ["sh", "-c", enter, "sh", sys.executable, "-P", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert said.stdout.strip() == f"[{450 * 2**20}]"


@ROOT_ONLY
def test_an_interrupted_rehearsal_leaves_nothing(tmp_path):
    """Rank 1 looks in vain for three seconds: time enough to be interrupted."""
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare to give one rank another view")
    plan = store(locked(small_plan(cold_reads=False)), tmp_path / "plan.yaml")
    data = tmp_path / "data"
    data.mkdir()
    runner = [str(BIN / "mlps-runner"), str(plan), "--rehearse"]
    first = [str(BIN / "mpirun"), "-n", "1", *runner, ":"]
    blind = f"mount -t tmpfs tmpfs {data} && exec $0 $@"
    world = subprocess.Popen(
        [*first, *("-n", "1", "unshare", "-m", "sh", "-c", blind), *runner],
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 40
    while not list(data.glob(".rehearsal-*/nonce")):
        assert time.monotonic() < deadline, "the rehearsal made no file"
        time.sleep(0.01)
    world.send_signal(signal.SIGINT)
    output, _ = world.communicate(timeout=40)
    assert world.returncode == 130, output
    assert not list(data.iterdir())


def test_a_plan_with_a_spoilt_lock_is_refused_by_all(tmp_path, mlps_runner):
    doc = document(small_plan().plan, {"software": {"platform": "x"}})
    plan = store(doc, tmp_path / "plan.yaml")
    done = mlps_runner(2, "--rehearse", str(plan))
    assert done.returncode == 2, done.stdout
    assert "provenance.software.packages: missing" in done.stderr
    assert done.stderr.count("mlps-runner:") == 1
