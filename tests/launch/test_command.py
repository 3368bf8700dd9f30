"""The command line of `mlps launch`: the product on stdout, all else on stderr."""

import shlex
import subprocess
import sys

import pytest

from tests.conftest import BIN, clean_environment
from tests.runner.plans import small_plan, store


@pytest.fixture
def plan(tmp_path):
    return store(small_plan(), tmp_path / "plan.yaml")


def launch(folder, *words, **environ):
    """Run `mlps launch plan.yaml` with no allocation but that of `environ`."""
    schedulers = ("SLURM_", "PBS_")
    kept = {
        name: value
        for name, value in clean_environment().items()
        if not name.startswith(schedulers)
    }
    return subprocess.run(
        [str(BIN / "mlps"), "launch", "plan.yaml", *words],
        cwd=folder,
        env={**kept, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_stdout_is_one_command_with_paths_that_hold_anywhere(tmp_path, plan):
    done = launch(tmp_path, "--launcher", "slurm", "--results", "out", "--rehearse")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith("srun --nodes=1 --ntasks=2 --ntasks-per-node=2 ")
    words = shlex.split(line)
    assert words[-5:] == [
        str(BIN / "mlps-runner"),
        str(plan),
        "--results",
        str(tmp_path / "out"),
        "--rehearse",
    ]


def test_the_value_of_a_forwarded_variable_is_never_shown(tmp_path, plan):
    for words in ((), ("--script",)):
        done = launch(
            tmp_path, "--launcher", "slurm", "--env", "KEY", *words, KEY="hush-hush"
        )
        assert "--export=ALL,KEY" in done.stdout
        assert "hush-hush" not in done.stdout + done.stderr


def test_arguments_after_the_dashes_are_the_launchers(tmp_path, plan):
    done = launch(tmp_path, "--launcher", "slurm", "--", "--label", "--x", "--", "-y")
    assert " --label --x -- -y " in done.stdout


def test_an_allocation_is_used_without_being_asked_for(tmp_path, plan):
    done = launch(
        tmp_path, "--runner", "/r", SLURM_JOB_ID="5", SLURM_JOB_NODELIST="n[1-2]"
    )
    assert done.stdout.startswith("srun --nodes=1 --ntasks=2"), done.stderr
    assert "--exclusive" not in done.stdout


def test_a_pbs_node_file_names_the_hosts(tmp_path, plan):
    (tmp_path / "nodes").write_text("x1\nx1\nx2\n")
    job = {"PBS_JOBID": "5", "PBS_NODEFILE": str(tmp_path / "nodes")}
    words = ("--launcher", "mpich", "--runner", "/r")
    done = launch(tmp_path, *words, **job)
    assert " -hosts x1 -n 2 -ppn 2 " in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--launcher", "lsf"), 2, "'lsf' is not one of"),
        (("stray",), 2, "unexpected extra argument (stray)"),
        (("--launcher", "slurm", "--env", "A=b"), 2, "--env A=...: give the name"),
        (("--launcher", "slurm", "--env", "A-B"), 2, "is no name of a variable"),
        (("--launcher", "slurm", "--env", "NOT_SET_X"), 2, "it is not set here"),
        (("--launcher", "slurm", "--time", "90"), 2, "write HH:MM:SS"),
        (("--launcher", "pals", "--time", "01:00:00", "--runner", "/r"), 2, "--script"),
        (("--launcher", "slurm", "--directive", "-A x"), 2, "needs --script"),
        (
            ("--launcher", "slurm", "--script", "--directive", "a\nrm -rf b"),
            2,
            "not one line",
        ),
        (("--launcher", "mpich", "--runner", "/r", "--script"), 2, "slurm and pals"),
        (("--hosts", "a,a"), 2, "named twice"),
    ],
)
def test_bad_usage(tmp_path, plan, words, status, said):
    done = launch(tmp_path, *words)
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_the_secret_of_a_wrong_env_is_not_shown(tmp_path, plan):
    done = launch(tmp_path, "--launcher", "slurm", "--env", "KEY=hush-hush")
    assert done.returncode == 2
    assert "hush-hush" not in done.stdout + done.stderr


def test_a_launcher_that_is_missing_is_not_ready(tmp_path, plan):
    done = launch(tmp_path, "--launcher", "slurm", "--exec", PATH=str(tmp_path))
    assert done.returncode == 3
    assert "srun: no such program here" in done.stderr


def test_a_submit_program_that_is_missing_is_not_ready(tmp_path, plan):
    words = ("--launcher", "pals", "--runner", "/r", "--script", "--exec")
    done = launch(tmp_path, *words, PATH=str(tmp_path))
    assert done.returncode == 3
    assert "qsub: no such program here" in done.stderr


def test_what_is_no_plan_is_refused(tmp_path, plan):
    plan.write_text("a: 1\n")
    assert launch(tmp_path, "--launcher", "slurm").returncode == 2
    plan.unlink()
    gone = launch(tmp_path, "--launcher", "slurm")
    assert gone.returncode == 2
    assert "can't be read: No such file" in gone.stderr


def test_neither_mpi_nor_the_composer_is_imported():
    code = (
        "import sys, mlps.launch.command;"
        "print([m for m in sys.modules if m.split('.')[0] in"
        " ('mpi4py', 'hydra', 'omegaconf', 'numpy', 'h5py', 'runner', 'rules')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
