"""Trees of strangers: links, pipes, bombs, absurd names; the rest is judged."""

import json
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from rules.command import verify
from rules.finding import Verdict
from rules.review import Asked, review
from rules.sources import walk as walking
from rules.sources.tree import TreeReader
from tests.stored.trees import training_v1, training_v3

MEMORY_LIMIT_KIB = 512 * 1024


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return training_v3().write(tmp_path / "tree")


def a_run(tree: Path) -> Path:
    return sorted(tree.glob("*/*/results/*/training/*/run/*"))[2]


def reviewed(tree: Path, **asked: object) -> list:
    return list(review(TreeReader(tree), Asked(**asked)))


def verdicts(parts) -> set[Verdict]:
    return {finding.verdict for part in parts for finding in part.judgement.findings}


def text_of(tree: Path) -> str:
    done = CliRunner().invoke(verify, [str(tree)])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert "Traceback" not in done.output
    return done.output


def as_link(path: Path) -> None:
    target = path.parent.parent / "elsewhere"
    path.rename(target)
    path.symlink_to(target)


def as_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def as_bytes(data: bytes):
    return lambda path: path.write_bytes(data)


def as_giant(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10 * 2**30)


DAMAGE = {
    "a link": as_link,
    "a pipe": as_pipe,
    "nothing": as_bytes(b""),
    "no json": as_bytes(b"{"),
    "a list": as_bytes(b"[1, 2]"),
    "a number": as_bytes(b"7"),
    "null": as_bytes(b"null"),
    "nested deep": as_bytes(b'{"metric":' * 5000),
    "ten gigabytes": as_giant,
    "many values": as_bytes(b"[" + b"1," * 3_000_000 + b"1]"),
    "not a number": as_bytes(b'{"metric": {"train_au_percentage": [NaN, Infinity]}}'),
    "pruned": as_bytes(b"PRUNED BY STAFF\n"),
    "binary": as_bytes(bytes(range(256))),
}


@pytest.mark.parametrize("name", ["summary.json", "*_metadata.json"])
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_one_damaged_file_is_named_and_the_rest_judged(tree, damage, name):
    sound = reviewed(tree)
    (path,) = a_run(tree).glob(name)
    damage(path)
    parts = reviewed(tree)
    assert [p.where for p in parts] == [p.where for p in sound]
    assert Verdict.ERROR not in verdicts(parts)
    assert verdicts(parts) & {Verdict.FAIL, Verdict.NO_EVIDENCE}
    output = text_of(tree)
    assert a_run(tree).name in output


@pytest.mark.parametrize("name", ["config.yaml", "overrides.yaml"])
@pytest.mark.parametrize(
    "content", [b"a: &a [*a]", b"- [" * 900, b"!!python/name:os.system", b"7", b"\0"]
)
def test_a_damaged_config_breaks_no_rule(tree, name, content):
    (a_run(tree) / "dlio_config" / name).write_bytes(content)
    assert Verdict.ERROR not in verdicts(reviewed(tree))


def test_a_folder_that_is_a_link_is_not_entered(tree, tmp_path):
    run = a_run(tree)
    run.rename(tmp_path / "outside")
    run.symlink_to(tmp_path / "outside")
    (part,) = [p for p in reviewed(tree) if p.scope.value == "training"]
    counted = [f for f in part.judgement.findings if f.rule_id == "2.1.17"]
    assert counted[0].verdict is Verdict.FAIL


def test_a_link_to_itself_ends(tree):
    (tree / "loop").symlink_to(tree)
    assert reviewed(tree)


def test_names_can_not_move_the_cursor(tree):
    run = a_run(tree)
    run.rename(run.with_name("20260724_\x1b[31m\u202e"))
    output = text_of(tree)
    assert "\x1b[31m\u202e" not in output


def test_names_that_are_no_text_can_be_shown(tree):
    odd = a_run(tree).parent / os.fsdecode(b"2026\xff\xfe")
    odd.mkdir()
    (odd / "summary.json").write_text("{}")
    done = subprocess.run(
        [sys.executable, "-m", "mlps", "verify", str(tree)],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr


def test_a_folder_too_deep_is_left_out_and_said(tree):
    deep = tree
    for _ in range(walking.MAX_DEPTH + 5):
        deep = deep / "d"
        deep.mkdir()
    (whole,) = [p for p in reviewed(tree) if p.scope.value == "tree"]
    assert any("deeper than" in text for text in whole.unread)


def test_too_many_names_are_left_out_and_said(tree, monkeypatch):
    monkeypatch.setattr(walking, "MAX_ENTRIES", 40)
    (whole,) = [p for p in reviewed(tree) if p.scope.value == "tree"]
    assert any("more than 40" in text for text in whole.unread)


def test_a_file_that_changes_while_it_is_read(tree):
    path = a_run(tree) / "summary.json"
    whole, stop = path.read_bytes(), threading.Event()

    def change() -> None:
        while not stop.is_set():
            path.write_bytes(whole[: len(whole) // 2])
            path.write_bytes(whole)

    changer = threading.Thread(target=change)
    changer.start()
    try:
        for _ in range(5):
            assert Verdict.ERROR not in verdicts(reviewed(tree))
    finally:
        stop.set()
        changer.join()


def test_junk_of_operating_systems_changes_nothing(tree):
    before = [(p.where, p.judgement) for p in reviewed(tree)]
    for folder in [tree, *(f for f in tree.rglob("*") if f.is_dir())]:
        (folder / ".DS_Store").write_bytes(b"\0\1")
        (folder / "._summary.json").write_bytes(b"\0\5\26\7")
    assert [(p.where, p.judgement) for p in reviewed(tree)] == before


@pytest.mark.parametrize("kind", ["values", "text", "aliases"])
def test_memory_is_bounded(tmp_path, kind):
    tree = training_v1().write(tmp_path / "tree")
    contents = {
        "values": b"[" + b"[]," * 749_000 + b"[]]",
        "text": b'["\xf0\x9f\x98\x80' + b"x" * (24 * 2**20 - 9) + b'"]',
        "aliases": b"",
    }
    for path in tree.rglob("summary.json"):
        path.write_bytes(contents[kind])
    for path in tree.rglob("config.yaml"):
        path.write_bytes(b"a: &a [" + b"x," * 40_000 + b"x]\nb: [*a]\n")
    code = (
        "import resource, sys; from rules.command import verify\n"
        f"try: verify([{str(tree)!r}])\n"
        "except SystemExit: pass\n"
        "used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(used, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (60, 60)),
    )
    assert int(done.stderr.splitlines()[-1]) < MEMORY_LIMIT_KIB


def test_plain_data_survives_any_text(tree):
    path = a_run(tree) / "summary.json"
    summary = json.loads(path.read_text())
    summary["metric"]["train_au_meet_expectation"] = "\ud800\x00<script>"
    path.write_text(json.dumps(summary))
    done = CliRunner().invoke(verify, [str(tree), "--json"])
    assert json.loads(done.output)["subjects"]
