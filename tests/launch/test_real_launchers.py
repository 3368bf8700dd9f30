"""The commands work: each launcher that is here starts a small plan.

Which of them can, depends on the MPI that this environment's mpi4py loads, and that
on MPI4PY_LIBMPI. A test whose launcher is missing says so and is skipped.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from functools import cache
from pathlib import Path

import pytest

from mlps.evidence.reader import read
from mlps.launch import discovery
from mlps.launch.launcher import TRAITS, Launcher
from mlps.launch.node_list import expand
from tests.conftest import BIN, clean_environment
from tests.runner.plans import small_plan, store

pytestmark = pytest.mark.mpi
# Open MPI refuses root, and what starts tests in a container often is root.
AS_ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
PLACES = [Launcher.OPENMPI, Launcher.MPICH, Launcher.SLURM]


@cache
def why_not(launcher: Launcher) -> str:
    """Say why a launcher can't be tried here; nothing if it can."""
    if launcher not in discovery.find_launchers():
        return f"no {launcher} here"
    library = discovery.find_library()
    if library not in TRAITS[launcher].starts:
        return f"mpi4py loads {library}, which {launcher} does not start"
    if launcher is Launcher.SLURM:
        state = subprocess.run(
            ["sinfo", "--noheader", "--states=idle", "--format=%D"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return "" if state.stdout.strip() else "no idle Slurm node here"
    return ""


@pytest.fixture(params=PLACES)
def launcher(request):
    if reason := why_not(request.param):
        pytest.skip(reason)
    return request.param


@pytest.fixture
def slurm():
    if reason := why_not(Launcher.SLURM):
        pytest.skip(reason)


def environment():
    slurm_job = ("SLURM_JOB", "SLURM_STEP", "SLURM_NODE", "PBS_")
    kept = clean_environment().items()
    outside = {k: v for k, v in kept if not k.startswith(slurm_job)}
    chosen = {k: v for k, v in os.environ.items() if k == "MPI4PY_LIBMPI"}
    return outside | chosen | AS_ROOT


def begin(*command, cwd):
    return subprocess.Popen(
        [str(word) for word in command],
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process, timeout_s=120):
    output, _ = process.communicate(timeout=timeout_s)
    return process.returncode, output


def own_cpus():
    status = Path("/proc/self/status").read_text()
    return re.search(r"^Cpus_allowed_list:\s+(\S+)", status, re.MULTILINE)[1]


def events(folder):
    (path,) = folder.glob("results/*/campaign.jsonl")
    return [json.loads(line)["event"] for line in path.read_text().splitlines()]


def test_every_rank_runs_where_planned_with_all_cpus(tmp_path, launcher):
    store(small_plan(), tmp_path / "plan.yaml")
    words = ("plan.yaml", "--launcher", launcher, "--exec")
    status, output = finish(begin(BIN / "mlps", "launch", *words, cwd=tmp_path))
    assert status == 0, output
    assert events(tmp_path)[-1] == "end"
    (path,) = tmp_path.glob("results/*/runs/01-*/evidence.h5")
    ranks = read(path).rows("ranks")
    assert list(ranks["local_rank"]) == [0, 1]
    assert {bytes(cpus).decode() for cpus in ranks["cpus_allowed"]} == {own_cpus()}


def test_the_printed_command_runs_as_it_stands(tmp_path, launcher):
    folder = tmp_path / 'it\'s $HOME; a "plan"'
    folder.mkdir()
    store(small_plan(), folder / "plan.yaml")
    words = ("plan.yaml", "--launcher", launcher)
    printed = subprocess.run(
        [str(BIN / "mlps"), "launch", *words],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    status, output = finish(begin("sh", "-c", printed, cwd=tmp_path))
    assert status == 0, output
    assert events(folder)[-1] == "end"


def test_the_status_of_a_refused_start_arrives(tmp_path, launcher):
    store(small_plan(), tmp_path / "plan.yaml")
    (tmp_path / "results").write_text("in the way")
    words = ("plan.yaml", "--launcher", launcher, "--exec")
    status, output = finish(begin(BIN / "mlps", "launch", *words, cwd=tmp_path))
    assert status == 3, output


def test_a_signal_reaches_the_ranks_which_seal_and_resume(tmp_path, launcher):
    store(small_plan(compute_s=0.4, epochs=2), tmp_path / "plan.yaml")
    words = ("plan.yaml", "--launcher", launcher, "--exec")
    world = begin(BIN / "mlps", "launch", *words, cwd=tmp_path)
    wait_for_measured_run(tmp_path)
    world.send_signal(signal.SIGUSR1)
    status, output = finish(world)
    # srun has the status of the ranks it killed afterwards.
    assert status in ((130, 137) if launcher is Launcher.SLURM else (130,)), output
    assert events(tmp_path)[-1] == "run_aborted"
    (path,) = tmp_path.glob("results/*/runs/01-*/evidence.h5")
    assert read(path).text("outcome", "reason").startswith("interrupted by")
    status, output = finish(begin(BIN / "mlps", "launch", *words, cwd=tmp_path))
    assert status == 0, output


def wait_for_measured_run(folder, timeout_s=60):
    deadline = time.monotonic() + timeout_s
    while not list(folder.glob("results/*/runs/01-*/evidence.h5")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(0.5)


def test_inside_a_slurm_allocation_its_nodes_are_used(tmp_path, slurm):
    own = {discovery.find_library(): None}
    (name,) = [x for x in PLACES[:2] if TRAITS[x].starts & own.keys()]
    store(small_plan(), tmp_path / "plan.yaml")
    for chosen in (("--launcher", name), ()):
        if chosen and why_not(name):
            continue
        shutil.rmtree(tmp_path / "results", ignore_errors=True)
        words = ("plan.yaml", "--exec", *chosen)
        allocated = ("salloc", "-Q", "--nodes=1", "--exclusive")
        world = begin(*allocated, BIN / "mlps", "launch", *words, cwd=tmp_path)
        status, output = finish(world)
        assert status == 0, output
        assert events(tmp_path)[-1] == "end"


def test_an_allocation_of_too_few_cpus_is_refused_before_srun(tmp_path, slurm):
    ranks = 2 * os.cpu_count()
    store(small_plan(ranks=ranks), tmp_path / "plan.yaml")
    allocated = ("salloc", "-Q", "--nodes=1", "--exclusive")
    words = ("plan.yaml", "--exec")
    world = begin(*allocated, BIN / "mlps", "launch", *words, cwd=tmp_path)
    status, output = finish(world)
    assert status == 3, output
    assert f"the plan puts {ranks} ranks there" in output


def test_a_submitted_script_runs_the_plan(tmp_path, slurm):
    store(small_plan(), tmp_path / "plan.yaml")
    directives = ("--wait", f"--output={shlex.quote(str(tmp_path / 'out'))}")
    words = [word for text in directives for word in ("--directive", text)]
    limit = ("--time", "00:10:00", "--script", "--launcher", "slurm", "--exec")
    words = ("plan.yaml", *limit, *words)
    status, output = finish(begin(BIN / "mlps", "launch", *words, cwd=tmp_path))
    assert status == 0, output + (tmp_path / "out").read_text()
    assert "Submitted batch job" in output
    assert events(tmp_path)[-1] == "end"


@pytest.mark.parametrize(
    "text", ["n[001-003,7],gpu-a", "a[9-11]", "r[0-1]n[2,4-5]", "x[08-10]"]
)
def test_slurm_expands_a_list_as_we_do(text):
    if shutil.which("scontrol") is None:
        pytest.skip("no scontrol here")
    said = subprocess.run(
        ["scontrol", "show", "hostnames", text],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if said.returncode:
        pytest.skip("scontrol has no Slurm here")
    assert tuple(said.stdout.split()) == expand(text)
