"""Sweeps: one plan for each combination, in order, and an index."""

import re

from mlps.plan import parse

OK = ["+workload=unet3d", "+system=b200x8"]


def plans(folder):
    return {path.name: parse(path.read_bytes()) for path in folder.glob("*.yaml")}


def test_a_range_gives_a_plan_each(say, tmp_path):
    said = say("-m", *OK, "system.hosts=range(1,5)", "--output", "plans/here")
    assert said.status == 0, said
    docs = plans(tmp_path / "plans" / "here")
    assert sorted(doc.plan.system.hosts for doc in docs.values()) == [1, 2, 3, 4]
    lines = said.out.splitlines()
    assert [line.split()[3] for line in lines] == ["ranks", "8", "16", "24", "32"]
    (index,) = (tmp_path / "plans" / "here").glob("index-*.txt")
    assert index.read_text() == said.out
    assert re.fullmatch(r"index-[0-9a-f]{8}\.txt", index.name)
    assert said.err == f"4 plans written; index: plans/here/{index.name}\n"


def test_the_last_choice_varies_fastest(say):
    said = say("-m", *OK, "system.hosts=1,2", "workload.dataset.subfolders=choice(3,4)")
    digests = [line.split()[1] for line in said.out.splitlines()[1:]]
    alone = [
        say(*OK, f"system.hosts={hosts}", f"workload.dataset.subfolders={folders}").out
        for hosts, folders in ((1, 3), (1, 4), (2, 3), (2, 4))
    ]
    for digest, screen in zip(digests, alone, strict=True):
        assert f"sha256:{digest}" in screen


def test_a_glob_takes_every_name(say):
    said = say("-m", "+workload=unet3d", "+system=glob([b*,mi*])")
    assert [line.split()[0] for line in said.out.splitlines()[1:]] == [
        "unet3d-b200x8-closed",
        "unet3d-mi355x8-closed",
    ]


def test_a_sweep_says_which_rules_fail(say):
    said = say("-m", "+workload=unet3d", "+system=b200x8,h100x8")
    assert said.status == 1
    verdicts = [line.split()[2] for line in said.out.splitlines()[1:]]
    assert verdicts == ["CLOSED", "INVALID"]
    assert "unet3d-h100x8-closed" in said.err
    assert "2.1.11 trainingWorkloads FAIL" in said.err


def test_one_bad_combination_leaves_nothing_behind(say, tmp_path):
    said = say("-m", "+workload=unet3d,retinanet", "+system=h100x8")
    assert said.status == 2
    assert "workload 'retinanet' has no figures for 'h100'" in said.err
    assert not list(tmp_path.iterdir())
