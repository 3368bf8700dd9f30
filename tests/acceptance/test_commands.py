"""Config to verdict with nothing but the commands, as a stranger would do it."""

import json
import shutil

import pytest

pytestmark = [pytest.mark.mpi, pytest.mark.alone]

SMALL = (
    "submission=demo",
    "workload.dataset.record_length=400kB",
    "workload.dataset.record_length_stdev=100kB",
    "workload.train.computation_time_s=0.05",
    "submission.measured_runs=1",
)


@pytest.mark.parametrize("workload", ["unet3d", "retinanet"])
def test_from_config_to_verdict(tmp_path, mlps, mlps_runner, workload):
    small = [s for s in SMALL if workload == "unet3d" or "stdev" not in s]
    compiled = mlps(f"+workload={workload}", "+system=local", *small)
    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
    (plan,) = tmp_path.glob("*.yaml")
    command = f"mpirun -n 2 mlps-runner {plan.name}"
    assert command in compiled.stdout
    ran = mlps_runner(2, plan.name)
    assert ran.returncode == 0, ran.stderr
    judged = mlps("verify", "results", "--json")
    assert judged.returncode == 0, judged.stdout
    assert judged.stdout.count('"FAIL"') == 0
    json.loads(judged.stdout)
    again = mlps_runner(2, plan.name)
    assert "nothing left to do" in again.stderr
    (campaign,) = (tmp_path / "results").iterdir()
    damage(tmp_path, campaign, mlps)


def damage(folder, campaign, mlps):
    """Every damage is named by a rule, with the place and the fix."""
    for name, change, rule in (
        ("a changed number", change_a_number, "EV-05"),
        ("a flipped bit", flip_a_bit, "EV-06"),
        ("a changed plan", change_the_plan, "EV-01"),
        ("a deleted run", delete_a_run, "EV-03"),
    ):
        copy = folder / "copy" / campaign.name
        shutil.rmtree(copy.parent, ignore_errors=True)
        shutil.copytree(campaign, copy)
        change(copy)
        judged = mlps("verify", str(copy))
        text = judged.stdout + judged.stderr
        assert judged.returncode in (1, 2), name
        assert "Traceback" not in text
        if judged.returncode == 1:
            (line,) = [x for x in judged.stdout.splitlines() if x.startswith(rule)]
            assert "FAIL" in line, (name, text)
            assert "fix  " in judged.stdout


def change_a_number(campaign):
    (path,) = campaign.glob("runs/*-measured-*/summary.json")
    text = path.read_text()
    stored = json.loads(text)["training"]["au_rules_percent"]
    path.write_text(text.replace(str(stored), str(stored + 1), 1))


def flip_a_bit(campaign):
    (path,) = campaign.glob("runs/*-measured-*/evidence.h5")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def change_the_plan(campaign):
    path = campaign / "plan.yaml"
    path.write_bytes(
        path.read_bytes()
        .replace(b"frozen", b"Frozen", 1)
        .replace(b"Frozen:", b"Frozen;", 1)
    )


def delete_a_run(campaign):
    (path,) = campaign.glob("runs/*-measured-*")
    shutil.rmtree(path)
