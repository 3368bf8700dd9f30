"""What each launcher is told, word for word."""

import shlex
from dataclasses import replace

import pytest

from mlps.errors import PlanError
from mlps.launch import mpich, openmpi, pals, slurm
from mlps.launch.allocation import Allocation, Scheduler
from mlps.launch.start import (
    LaunchError,
    Request,
    Start,
    Target,
    seconds_of,
    start_of,
)
from tests.rules import plans

PROGRAM = ("/opt/mlps/bin/mlps-runner", "/plans/a b.yaml")
TWO = Start(name="unet3d", hosts=2, ranks_per_host=8, program=PROGRAM)
ONE = Start(name="unet3d", hosts=1, ranks_per_host=2, program=PROGRAM)
FULL = Start(
    name="unet3d b200",
    hosts=2,
    ranks_per_host=8,
    program=(*PROGRAM, "--results", "/r"),
    environment=("AWS_PROFILE", "TOKEN"),
    extra=("--label", "-x=y"),
)
RUN = "/opt/mlps/bin/mlps-runner '/plans/a b.yaml'"
FULL_RUN = f"--label -x=y {RUN} --results /r"
JOB = Allocation(scheduler=Scheduler.SLURM, job="1", nodes=("n1", "n2"))
STEP = Allocation(scheduler=Scheduler.SLURM, job="1", nodes=("n1",), within_step=True)
LIMITED = Request(time_limit="04:00:00", directives=("--account=abc",))


@pytest.mark.parametrize(
    ("start", "target", "text"),
    [
        (
            ONE,
            Target(launcher="mpirun"),
            "mpirun --host localhost:2 -n 2 --map-by ppr:2:node:OVERSUBSCRIBE"
            f" --bind-to none {RUN}",
        ),
        (
            TWO,
            Target(launcher="/x/mpirun", version="5.0.11", nodes=("n1", "n2")),
            "/x/mpirun --host n1:8,n2:8 -n 16 --map-by ppr:8:node:OVERSUBSCRIBE"
            f" --bind-to none {RUN}",
        ),
        (
            FULL,
            Target(launcher="mpirun", version="4.1.4", nodes=("n1", "n2")),
            "mpirun --host n1:8,n2:8 -n 16 --map-by ppr:8:node:OVERSUBSCRIBE"
            " --bind-to none --mca odls_base_sigkill_timeout 5 -x AWS_PROFILE"
            f" -x TOKEN {FULL_RUN}",
        ),
    ],
)
def test_openmpi(start, target, text):
    assert shlex.join(openmpi.command(start, target)) == text


@pytest.mark.parametrize(
    ("start", "nodes", "text"),
    [
        (ONE, (), f"mpiexec -hosts localhost -n 2 -ppn 2 -bind-to none {RUN}"),
        (TWO, ("a", "b"), f"mpiexec -hosts a,b -n 16 -ppn 8 -bind-to none {RUN}"),
        (
            FULL,
            ("a", "b"),
            f"mpiexec -hosts a,b -n 16 -ppn 8 -bind-to none -genvall {FULL_RUN}",
        ),
    ],
)
def test_mpich(start, nodes, text):
    target = Target(launcher="mpiexec", nodes=nodes)
    assert shlex.join(mpich.command(start, target)) == text


STEP_WORDS = "srun --nodes=2 --ntasks=16 --ntasks-per-node=8"
ASKS = "--exclusive --mem=0"


@pytest.mark.parametrize(
    ("start", "target", "request_", "text"),
    [
        (
            TWO,
            Target(launcher="srun", allocation=JOB, pmi="pmix"),
            Request(),
            f"{STEP_WORDS} --cpu-bind=none --mpi=pmix --kill-on-bad-exit=1 {RUN}",
        ),
        (
            ONE,
            Target(launcher="srun", allocation=STEP),
            Request(),
            "srun --nodes=1 --ntasks=2 --ntasks-per-node=2 --cpu-bind=none"
            f" --kill-on-bad-exit=1 --overlap {RUN}",
        ),
        (
            TWO,
            Target(launcher="srun"),
            Request(),
            f"{STEP_WORDS} {ASKS} --cpu-bind=none --kill-on-bad-exit=1 {RUN}",
        ),
        (
            FULL,
            Target(launcher="srun", nodes=("a", "b"), pmi="pmi2"),
            LIMITED,
            f"{STEP_WORDS} {ASKS} --time=04:00:00 --signal=USR1@120 --cpu-bind=none"
            " --mpi=pmi2 --kill-on-bad-exit=1 --export=ALL,AWS_PROFILE,TOKEN"
            f" --nodelist=a,b {FULL_RUN}",
        ),
    ],
)
def test_slurm(start, target, request_, text):
    assert shlex.join(slurm.command(start, target, request_)) == text


def test_slurm_script():
    target = Target(launcher="srun", nodes=("a", "b"), pmi="pmix")
    assert slurm.script(FULL, target, LIMITED) == (
        "#!/bin/bash\n"
        "#SBATCH --job-name='unet3d b200'\n"
        "#SBATCH --nodes=2\n"
        "#SBATCH --ntasks-per-node=8\n"
        "#SBATCH --exclusive\n"
        "#SBATCH --mem=0\n"
        "#SBATCH --time=04:00:00\n"
        "#SBATCH --signal=USR1@120\n"
        "#SBATCH --nodelist=a,b\n"
        "#SBATCH --account=abc\n"
        f"exec {STEP_WORDS} --cpu-bind=none --mpi=pmix --kill-on-bad-exit=1"
        f" --export=ALL,AWS_PROFILE,TOKEN {FULL_RUN}\n"
    )


@pytest.mark.parametrize(
    ("start", "nodes", "text"),
    [
        (TWO, (), f"mpiexec -n 16 --ppn 8 --cpu-bind none {RUN}"),
        (
            FULL,
            ("a", "b"),
            f"mpiexec -n 16 --ppn 8 --hosts a,b --cpu-bind none --envall {FULL_RUN}",
        ),
    ],
)
def test_pals(start, nodes, text):
    target = Target(launcher="mpiexec", nodes=nodes)
    assert shlex.join(pals.command(start, target)) == text


def test_pals_script():
    request = Request(time_limit="04:00:00", directives=("-A abc", "-q debug"))
    assert pals.script(FULL, Target(launcher="mpiexec"), request) == (
        "#!/bin/bash\n"
        "#PBS -N mlps\n"
        "#PBS -l select=2:ncpus=8:mpiprocs=8\n"
        "#PBS -l place=scatter:excl\n"
        "#PBS -l walltime=04:00:00\n"
        "#PBS -v AWS_PROFILE,TOKEN\n"
        "#PBS -A abc\n"
        "#PBS -q debug\n"
        "exec timeout --preserve-status --signal=TERM 14280"
        f" mpiexec -n 16 --ppn 8 --cpu-bind none --envall {FULL_RUN}\n"
    )


def test_pals_script_for_named_hosts_and_no_limit():
    target = Target(launcher="mpiexec", nodes=("a", "b"))
    text = pals.script(TWO, target, Request())
    chunk = "ncpus=8:mpiprocs=8"
    assert f"#PBS -l select=1:{chunk}:host=a+1:{chunk}:host=b\n" in text
    assert text.endswith(f"\nexec mpiexec -n 16 --ppn 8 --cpu-bind none {RUN}\n")


def test_the_plan_says_how_many_ranks_where():
    plan = plans.plan(where=plans.system(hosts=3, accelerators_per_host=4))
    start = start_of(plan, PROGRAM, (), ())
    assert (start.hosts, start.ranks_per_host, start.ranks) == (3, 4, 12)


def test_a_plan_that_counts_its_ranks_twice_differently_is_refused():
    one, other = plans.plan(), plans.plan(where=plans.system(hosts=2))
    with pytest.raises(PlanError, match=r"derived\.ranks is 16"):
        start_of(replace(one, derived=other.derived), PROGRAM, (), ())


@pytest.mark.parametrize(
    ("text", "limit_s"), [("00:02:01", 121), ("100:59:59", 363599)]
)
def test_time_limits(text, limit_s):
    assert seconds_of(text) == limit_s


@pytest.mark.parametrize(
    "text", ["", "90", "10:00", "1-00:00:00", "00:60:00", "00:00:61", "0:2:0", "a:b:c"]
)
def test_time_limits_that_schedulers_would_read_differently_are_refused(text):
    with pytest.raises(LaunchError, match="time limit"):
        seconds_of(text)
