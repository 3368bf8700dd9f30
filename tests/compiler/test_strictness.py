"""Every mistake is one line that names it, its place and the way out: exit 2."""

import pytest

OK = ["+workload=unet3d", "+system=b200x8"]
SITE = [*OK[1:], "--config-dir", "site"]
FILES = {
    "no.yaml": "defaults: [unet3d, _self_]\nname: no\n",
    "clock.yaml": "defaults: [unet3d, _self_]\nframework: 12:30:45\n",
    "float.yaml": "defaults: [unet3d, _self_]\ndataset:\n  files: 1e6\n",
    "key.yaml": "defaults: [unet3d, _self_]\nreader:\n  batchsize: 4\n",
    "unit.yaml": "defaults: [unet3d, _self_]\ndataset: {record_length: 1000}\n",
    "table.yaml": "defaults: [unet3d, _self_]\n"
    "accelerators: {b200: {batch_size: no}}\n",
    "broken.yaml": "name: [a\nb: c\n",
    "twice.yaml": "defaults: [unet3d, _self_]\nreader:\n  odirect: true\n"
    "  odirect: false\n",
    "env.yaml": "defaults: [unet3d, _self_]\nname: ${oc.env:HOME}\n",
    "reference.yaml": "defaults: [unet3d, _self_]\nframework: ${workload.nothing}\n",
    "open.yaml": "kind: training\nname: ???\n",
    "empty.yaml": "",
    "list.yaml": "- a\n",
    "parent.yaml": "defaults: [unet33d, _self_]\n",
    "global.yaml": "# @package _global_\nworklod: 1\n",
    "cosmoflow.yaml": "name: mine\n",
}
MISTAKES = {
    "group": (["+worklod=unet3d", OK[1]], "did you mean 'workload'?"),
    "choice": (["+workload=unet3", OK[1]], "did you mean 'unet3d'?"),
    "no-choice": (["+workload=", OK[1]], "there is no workload ''"),
    "null-choice": (["+workload=null", OK[1]], "there is no workload"),
    "missing-system": (OK[:1], "no system is chosen; add +system=NAME (a100x8, b200x8"),
    "missing-workload": (OK[1:], "no workload is chosen; add +workload=NAME (cosmo"),
    "missing-both": (["system.hosts=4"], "no workload and no system is chosen"),
    "missing-in-sweep": (["-m", OK[1]], "no workload is chosen"),
    "no-plus": (["workload=unet3d", OK[1]], "use +workload=unet3d"),
    "two-plus": (["++workload=unet3d", OK[1]], "with one plus: +workload=unet3d"),
    "list": (["+workload=[unet3d,retinanet]", OK[1]], "+workload=unet3d,retinanet -m"),
    "sweep-without-m": (["+workload=unet3d,retinanet", OK[1]], "add -m"),
    "twice": ([*OK, "+workload=retinanet"], "workload is given twice"),
    "same-twice": ([*OK, OK[0]], "workload is given twice"),
    "key-twice": ([*OK, "system.hosts=2", "system.hosts=3"], "system.hosts is given t"),
    "key-overlap": (
        [*OK, "workload.metric.au=0.9", "++workload.metric={au: 0.8}"],
        "workload.metric.au is given twice",
    ),
    "deleted-group": (["~submission", *OK], "a plan needs a submission"),
    "deleted-key": (["~system.hosts", *OK], "missing; it must be given"),
    "package": (["+workload@x=unet3d", OK[1]], "leave '@' out"),
    "hydra": ([*OK, "hydra.run.dir=/x"], "use --config-dir DIR"),
    "key": ([*OK, "workload.reader.batchsize=4"], "'workload.reader.batch_size'?"),
    "key-plus": (
        [*OK, "+workload.reader.batchsize=4"],
        "'workload.reader.batch_size'?",
    ),
    "key-plus-plus": ([*OK, "++workload.reader.batchsize=4"], "reader.batch_size'?"),
    "key-inside": ([*OK, "+workload.reader={batchsize: 4}"], "reader.batch_size'?"),
    "key-group": (
        [*OK, "workload.readr.batch_size=4"],
        "'workload.reader.batch_size'?",
    ),
    "key-short": ([*OK, "batch_size=4"], "did you mean 'workload.reader.batch_size'?"),
    "key-plan-name": ([*OK, "system.host_memory_bytes=4"], "'system.host_memory'?"),
    "key-below": ([*OK, "+system.hosts.a=4"], "'system.hosts' is a value"),
    "known-plus": ([*OK, "+system.hosts=4"], "Either remove + prefix"),
    "text": ([*OK, "system.hosts=four"], "text 'four' where a whole number is needed"),
    "float": ([*OK, "system.hosts=4.0"], "number 4.0 where a whole number is needed"),
    "exponent": ([*OK, "system.hosts=1e6"], "number 1000000.0 where a whole number"),
    "bool": ([*OK, "system.hosts=true"], "true/false True where a whole number is"),
    "null": ([*OK, "system.hosts=null"], "nothing (null) where a whole number"),
    "not-bool": ([*OK, "system.data_shared=no"], "text 'no' where true or false"),
    "not-text": ([*OK, "workload.framework=3"], "quote it: 'KEY=\"VALUE\"'"),
    "not-list": ([*OK, "workload.dataset.read_columns=3"], "where a list is needed"),
    "not-group": ([*OK, "workload.reader=4"], "where a mapping is needed"),
    "enum": ([*OK, "submission.division=close"], "did you mean 'closed'?"),
    "too-small": ([*OK, "system.hosts=0"], "it must be at least 1"),
    "not-finite": ([*OK, "workload.metric.au=nan"], "not a finite number"),
    "no-target": ([*OK, "workload.metric.au=0"], "must be above 0"),
    "over-target": ([*OK, "workload.metric.au=90"], "must be at most 1"),
    "too-large": ([*OK, f"submission.seed={2**53}"], "stay below 2^53"),
    "no-unit": ([*OK, "system.host_memory=512"], "has no unit; write a number and a u"),
    "unit": ([*OK, "system.host_memory=512gib"], "did you mean 'GiB'?"),
    "size-bool": ([*OK, "system.host_memory=true"], "True is not a size"),
    "half-byte": ([*OK, "system.host_memory=0.5B"], "not a whole number of bytes"),
    "accelerator": ([*OK, "system.accelerator=b300"], "it has figures for a100, b200"),
    "combination": (
        ["+workload=retinanet", "+system=h100x8"],
        "figures for b200, mi355",
    ),
    "edition": ([*OK, "submission.edition=4.0"], "(known: 1.0, 2.0, 3.0)"),
    "edition-int": ([*OK, "submission.edition=2"], "did you mean '2.0'?"),
    "kind": ([*OK, "workload.kind=checkpoint"], "did you mean 'training'?"),
    "name": ([*OK, "workload.name=../../x"], "names a file"),
    "no-window": (
        [*OK, "workload.dataset.files=56"],
        "1 steps of batch 7 an epoch, of",
    ),
    "few-files": ([*OK, "workload.dataset.files=3"], "take more files"),
    "long": ([*OK, "submission.measured_runs=9999999"], "at most 10000"),
    "hosts-apart": (["+workload=unet3d", "+system=local", "system.hosts=2"], "shared"),
    "column": (
        ["+workload=dlrm", OK[1], "workload.dataset.columns.0.dtype=text"],
        "'text' is unknown; valid: float16, float32, float64",
    ),
    "column-read": (
        ["+workload=dlrm", OK[1], "workload.dataset.columns.0.read=57"],
        "is 57, but there are 56",
    ),
    "environment": ([*OK, "workload.framework=${oc.env:HOME}"], "can't freeze"),
    "clock": ([*OK, "workload.framework=${now:%Y}"], "can't freeze"),
    "reference": ([*OK, "workload.framework=${workload.nope}"], "not found"),
    "input": (
        [*OK, "system.host_memory=${found:disk}"],
        "no input 'disk'; valid: host_",
    ),
    "grammar": ([*OK, "system.hosts=[1,2"], "does not parse"),
    "quote": ([*OK, "system.name='a"], "does not parse"),
    "newline": ([*OK, "system.name=a\nb"], "system.name=a\\nb"),
    "empty": ([""], "'' is no override"),
    "no-key": ([*OK, "=3"], "unknown key"),
    "word": ([*OK, "explain"], "'explain' is no override; write KEY=VALUE"),
    "command": (["verfy", "x"], "did you mean 'verify'?"),
    "bare-choice": (["unet3d"], "neither a command nor an override"),
    "flag": ([*OK, "--frobnicate"], "unrecognized arguments: --frobnicate"),
    "config-name": ([*OK, "--config-name", "x"], "--config-name has no meaning here"),
    "config-dir": ([*OK, "--config-dir", "nowhere"], "there is no such folder"),
    "interval": ([*OK, "-m", "system.hosts=interval(1,3)"], "an interval has no end"),
    "chance": ([*OK, "-m", "system.hosts=shuffle(1,2)"], "must not depend on chance"),
    "huge-sweep": (
        [*OK, "-m", "system.hosts=range(1,999999)"],
        "more than 10000 plans",
    ),
    "write-to": ([*OK, "--write-to", "none/plan.yaml"], "can't be written"),
    "write-to-sweep": ([*OK, "-m", "--write-to", "a.yaml"], "give --output DIR alone"),
    "output": ([*OK, "--output", "site/workload/no.yaml"], "--output site/workload/no"),
    "view": (["--cfg", "job", "+workload=unet3"], "did you mean 'unet3d'?"),
    "view-kind": (["--cfg", "jib"], "invalid choice: 'jib'"),
    "file-bool": (
        ["+workload=no", *SITE],
        "no.yaml:2: workload.name: true/false False",
    ),
    "file-written": (["+workload=no", *SITE], "(quote it in YAML) is needed; the file"),
    "file-clock": (
        ["+workload=clock", *SITE],
        "clock.yaml:2: workload.framework: whole",
    ),
    "file-float": (
        ["+workload=float", *SITE],
        "float.yaml:3: workload.dataset.files: n",
    ),
    "file-key": (
        ["+workload=key", *SITE],
        "key.yaml:3: workload.reader.batchsize: unk",
    ),
    "file-unit": (
        ["+workload=unit", *SITE],
        "unit.yaml:2: workload.dataset.record_len",
    ),
    "file-table": (
        ["+workload=table", *SITE],
        "table.yaml:2: workload.reader.batch_si",
    ),
    "file-broken": (["+workload=broken", *SITE], "broken.yaml:2: not readable as YAML"),
    "file-twice": (
        ["+workload=twice", *SITE],
        "twice.yaml:4: not readable as YAML: fou",
    ),
    "file-env": (["+workload=env", *SITE], "env.yaml:2: workload.name: ${oc.env:HOME}"),
    "file-reference": (
        ["+workload=reference", *SITE],
        "reference.yaml:2: workload.frame",
    ),
    "file-open": (
        ["+workload=open", *SITE],
        "open.yaml:2: workload.name: Missing mandatory",
    ),
    "file-empty": (["+workload=empty", *SITE], "empty.yaml: workload.kind: missing"),
    "file-list": (["+workload=list", *SITE], "list.yaml:1: workload: a mapping"),
    "file-parent": (["+workload=parent", *SITE], "Could not load 'workload/unet33d'"),
    "file-global": (["+workload=global", *SITE], "mapping of keys is needed"),
    "file-hidden": (["+workload=cosmoflow", *SITE], "hidden by the built-in file"),
    "file-bytes": (["+workload=bytes", *SITE], "bytes.yaml: not UTF-8 text"),
    "explain-file": (["explain", "none.yaml", "name"], "none.yaml: can't be read"),
    "explain-nothing": (["explain"], "Missing argument 'PLAN'"),
    "explain-no-plan": (["explain", "site/workload/empty.yaml", "x"], "no plan"),
}


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site" / "workload"
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    (folder / "bytes.yaml").write_bytes(b"name: \xff\xfe\n")
    return tmp_path


@pytest.mark.parametrize(("arguments", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line(say, site, arguments, expected):
    said = say(*arguments)
    assert said.status == 2, said
    assert said.out == ""
    assert said.err.count("\n") == 1, said.err
    assert said.err.startswith("mlps: ")
    assert expected in said.err
    assert "Traceback" not in said.err
    assert str(site) not in said.err
    assert not list(site.glob("*.yaml"))


@pytest.mark.parametrize(
    "override",
    [
        "submission.edition=2.0",
        "submission.edition='2.0'",
        "system.data_path=2024-01-01",
        "workload.framework=no",
        "+workload.accelerators.b200.batch_size=8",
        "submission=demo",
        "+submission=demo",
        "workload.reader.file_shuffle=off",
        "++system.hosts=2",
    ],
)
def test_what_everyone_types_works(say, override):
    plus = "+workload.accelerators" in override
    said = say(*OK, override.lstrip("+") if plus else override)
    assert said.status in (0, 1), said.err
    assert "run " in said.out
    assert said.err == ""


def test_an_unquoted_edition_in_a_file_is_taken(say, tmp_path):
    folder = tmp_path / "site" / "submission"
    folder.mkdir(parents=True)
    (folder / "old.yaml").write_text("defaults: [closed, _self_]\nedition: 2.0\n")
    said = say(
        "+workload=unet3d", "+system=h100x8", "submission=old", "--config-dir", "site"
    )
    assert said.status == 0, said
    assert "unet3d-h100x8-closed-2.0" in said.out
