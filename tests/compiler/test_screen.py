"""The screen and the command line around it."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlps.cli import status_of
from mlps.compiler.request import parse_request
from mlps.compiler.screen import WIDTH, render_screen
from mlps.errors import ConfigError, RunFailedError
from rules.engine import judge_plan
from tests.compiler.cases import CASES

OK = ["+workload=unet3d", "+system=b200x8"]
NOT_NEEDED = ("h5py", "mpi4py", "numpy", "rich", "pandas")


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("hosts", [1, 4])
def test_it_is_one_screen(compiler, name, hosts):
    doc = compiler.compile(
        [*CASES[name], f"system.hosts={hosts}", "system.data_shared=true"]
    )
    screen = render_screen(doc, judge_plan(doc), f"{doc.campaign_name}.yaml")
    lines = screen.splitlines()
    assert len(lines) <= 35
    assert max(map(len, lines)) <= WIDTH
    for needed in ("rule 3.1.2", "BANDWIDTH", "verdict", doc.digest):
        assert needed in screen
    ranks = doc.plan.derived.ranks
    assert lines[-1].split(maxsplit=1) == [
        "run",
        f"mpirun -n {ranks} mlps-runner {doc.campaign_name}.yaml",
    ]
    assert ("name 4 hosts to mpirun" in screen) == (hosts == 4)
    unreadable = doc.plan.workload.dataset.format.value in ("tfrecord", "parquet")
    assert ("this version has no" in screen) == unreadable


def test_the_arithmetic_is_shown(say):
    said = say(*OK)
    assert said.status == 0
    assert "500 steps x batch 7 x 8 ranks" in said.out
    assert "5 x 1 host x 512.00 GiB / 146,600,628 B" in said.out
    assert "28,000 npz files; 3.73 TiB under data" in said.out
    assert (
        "42.48 GiB/s from storage keeps every b200 at 90 %; 5.31 GiB/s per" in said.out
    )
    assert "CLOSED so far, claimed closed in edition 3.0" in said.out


def test_h100_is_whatif_in_the_newest_edition_and_closed_before(say, tmp_path):
    said = say("+workload=unet3d", "+system=h100x8")
    assert said.status == 1
    assert "INVALID so far" in said.out
    assert "2.1.11 trainingWorkloads FAIL" in said.out
    assert "CLOSED in edition" in said.out
    assert len(list(tmp_path.glob("unet3d-h100x8-closed-*.yaml"))) == 1
    said = say("+workload=unet3d", "+system=h100x8", "submission.edition=2.0")
    assert said.status == 0
    assert "CLOSED so far" in said.out


def test_the_plan_goes_where_it_is_told(say, tmp_path):
    assert say(*OK, "--write-to", "my plan.yaml").out.endswith(
        "mpirun -n 8 mlps-runner 'my plan.yaml'\n"
    )
    assert say(*OK, "--output", "a/b").status == 0
    assert len(list((tmp_path / "a" / "b").iterdir())) == 1
    assert (tmp_path / "my plan.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "Commands:"),
        (["--help"], "cosmoflow, dlrm, flux, resnet50, retinanet, unet3d"),
        (["-h"], "--config-dir DIR"),
        (["--version"], "mlps, version"),
        (["--hydra-help"], "== Flags =="),
        (["+workload=unet3d", "--help"], "== Config =="),
        (["--cfg", "job"], "measured_runs: 5"),
        (["-c", "job", "-p", "system", "+system=local"], "${found:host_memory}"),
        (["--cfg", "job", "--resolve", *OK, "+submission=demo"], "batch_size: 7"),
        (["--info", "searchpath"], "pkg://conf"),
        (["-sc", "install=bash"], "hydra_bash_completion"),
        (["rules"], "2.1.11"),
    ],
)
def test_views(arguments, expected, tmp_path):
    done = mlps(*arguments, cwd=tmp_path)
    assert done.returncode == 0, done
    assert expected in done.stdout
    assert not list(tmp_path.iterdir())


def test_completion(tmp_path, monkeypatch):
    monkeypatch.setenv("COMP_LINE", "mlps +workload=un")
    assert mlps("-sc", "query=bash", cwd=tmp_path).stdout.split() == [
        "+workload=unet3d"
    ]


@pytest.mark.parametrize(
    ("arguments", "left_out"),
    [
        (OK, NOT_NEEDED),
        ([*OK, "-m", "system.hosts=1,2"], NOT_NEEDED),
        (["--help"], (*NOT_NEEDED, "hydra", "omegaconf", "rules")),
        (["+worklod=x"], (*NOT_NEEDED, "rules")),
        (["explain", "none.yaml", "x"], (*NOT_NEEDED, "hydra", "omegaconf", "rules")),
    ],
)
def test_nothing_dear_is_imported(tmp_path, arguments, left_out):
    code = (
        "import sys; from mlps.cli import main\n"
        "try: main(sys.argv[2:])\n"
        "except SystemExit: pass\n"
        "found = [m for m in sys.argv[1].split(',') if m in sys.modules]\n"
        "sys.exit(f'imported: {found}' if found else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, ",".join(left_out), *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def mlps(*arguments, cwd):
    return subprocess.run(
        [str(Path(sys.executable).parent / "mlps"), *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_closed_pipe_is_no_error(tmp_path):
    command = f"{Path(sys.executable).parent / 'mlps'} --help | head -1"
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, capture_output=True, timeout=60, check=False
    )
    assert done.stderr == b""


def fail(error):
    raise error


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (RunFailedError("rank 3 died"), 4, "mlps: rank 3 died\n"),
        (KeyboardInterrupt(), 130, "mlps: interrupted\n"),
        (KeyError("x"), 4, "internal error; please report it"),
    ],
)
def test_statuses(capsys, error, status, said):
    assert status_of(lambda: fail(error)) == status
    assert said in capsys.readouterr().err


@given(st.text(max_size=40))
def test_no_first_word_breaks_the_command_line(word):
    try:
        parse_request([word], ["verify"])
    except ConfigError as error:
        assert "\n" not in str(error).replace(word, "")
