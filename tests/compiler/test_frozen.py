"""Same inputs, same bytes: in any directory, order, locale, time zone and process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.compiler.cases import DIGESTS

MLPS = Path(sys.executable).parent / "mlps"
SWEEP = ["+workload=unet3d,retinanet", "+system=b200x8,mi355x8", "-m"]
OVERRIDES = [
    "+workload=mine",
    "+system=h100x8",
    "submission.edition=2.0",
    "system.hosts=3",
    "workload.reader.read_threads=8",
    "workload.dataset.subfolders=10",
]
WORKLOAD = "defaults: [unet3d, _self_]\nname: mine\nframework: Größe\n"


def run(cwd, *arguments, **environment):
    return subprocess.run(
        [str(MLPS), *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": str(cwd)} | environment,
        capture_output=True,
        timeout=60,
        check=False,
    )


def test_nothing_around_the_inputs_changes_a_plan(tmp_path):
    plans, screens = set(), set()
    places = [
        {"LC_ALL": "C", "TZ": "UTC", "PYTHONHASHSEED": "1"},
        {"LC_ALL": "de_DE.UTF-8", "TZ": "Asia/Kolkata", "PYTHONHASHSEED": "2"},
        {"LANG": "tr_TR.UTF-8", "TZ": "America/St_Johns", "COLUMNS": "40"},
    ]
    for number, environment in enumerate(places):
        folder = tmp_path / f"place {number}" / ("x" * number)
        site = folder / f"site{number}"
        (site / "workload").mkdir(parents=True)
        (site / "workload" / "mine.yaml").write_text(WORKLOAD, encoding="utf-8")
        shuffled = OVERRIDES[number:] + OVERRIDES[:number][::-1]
        options = ["--config-dir", str(site if number else site.name)]
        done = run(folder, *shuffled, *options, **environment)
        assert done.returncode == 1, done.stderr  # no workload of the official list
        (written,) = folder.glob("*.yaml")
        plans.add((written.name, written.read_bytes()))
        screens.add(done.stdout)
    assert len(plans) == 1
    assert len(screens) == 1
    assert str(tmp_path).encode() not in plans.pop()[1]


def test_the_documented_sweep_is_the_same_everywhere(tmp_path):
    indexes = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        done = run(tmp_path / name, *SWEEP)
        assert done.returncode == 1, done.stderr  # unet3d on mi355 can't count
        indexes.add(done.stdout)
    assert len(indexes) == 1
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    )
    assert one == two
    assert len(one) == 5  # four plans and the index
    for workload in ("unet3d", "retinanet"):
        for system in ("b200x8", "mi355x8"):
            plan = f"{workload}-{system}-closed"
            assert f"{plan}-{DIGESTS[plan][:8]}.yaml" in one


def test_what_is_found_on_a_machine_is_frozen_and_named(compiler):
    doc = compiler.compile(["+workload=unet3d", "+system=local", "submission=demo"])
    found = doc.provenance["inputs"]["host_memory"]
    assert doc.plan.system.host_memory_bytes == int(found.removesuffix("KiB")) * 1024
    assert doc.provenance["values"]["system.host_memory_bytes"]["found"] == (
        f"host_memory = {found}"
    )
    declared = f"system.host_memory={found}"
    again = compiler.compile(
        ["+workload=unet3d", "+system=local", "submission=demo", declared]
    )
    assert again.digest == doc.digest
    assert again.provenance["inputs"] == {}


def test_runs_have_seeds_of_their_own(compiler):
    doc = compiler.compile(["+workload=unet3d", "+system=b200x8", "submission.seed=40"])
    runs = doc.plan.campaign.runs
    assert [run.seed for run in runs] == list(range(40, 47))
    assert [run.label for run in runs][:3] == ["00-datagen", "01-warmup", "02-measured"]
    names = [phase.name for phase in runs[1].phases]
    assert names[:4] == ["flush-1", "epoch-1", "flush-2", "epoch-2"]
    warm = compiler.compile(
        ["+workload=unet3d", "+system=b200x8", "submission.cold_reads=false"]
    )
    assert [phase.name for phase in warm.plan.campaign.runs[1].phases] == [
        f"epoch-{epoch}" for epoch in range(1, 6)
    ]


@pytest.mark.parametrize("edition", ["1.0", "2.0", "3.0"])
def test_each_edition_takes_one_warmup_and_five_runs(compiler, edition):
    doc = compiler.compile(
        ["+workload=unet3d", "+system=h100x8", f"submission.edition={edition}"]
    )
    kinds = [run.kind.value for run in doc.plan.campaign.runs]
    assert kinds == ["datagen", "warmup", *["measured"] * 5]
