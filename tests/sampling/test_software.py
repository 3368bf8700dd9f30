"""The software lock: equal for equal code, and what differs is named."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import click
import pytest

from mlps import software
from mlps.compiler.compiler import Compiler
from mlps.errors import NotReadyError, PlanError
from mlps.plan import document, parse, plain, render
from mlps.software import (
    ABSENT,
    Lock,
    Package,
    differences,
    digest_of,
    find_files,
    find_lock,
    find_package,
    lock_of,
)
from runner.record import software as of_rank
from tests.rules.plans import demo_plan


def found_by(script: str, **environ: str) -> str:
    said = subprocess.run(
        [sys.executable, "-P", "-c", f"from mlps.software import *\n{script}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=os.environ | environ,
    )
    return said.stdout.strip()


def files(folder: Path) -> software.Files:
    return tuple((path.name, path) for path in sorted(folder.iterdir()))


def changed(lock: Lock, name: str, **values: str) -> Lock:
    packages = (replace(p, **values) if p.name == name else p for p in lock.packages)
    return replace(lock, packages=tuple(packages))


DIGEST = "sha256:" + 64 * "0"
OTHER = "sha256:" + 64 * "1"
LOCK = Lock(
    platform="cpython 3.12.1 Linux x86_64",
    packages=(
        Package(name="mlps", version="0.2.0", digest=DIGEST),
        Package(name="numpy", version="2.1.3", digest=DIGEST),
    ),
)


def test_equal_in_another_process_that_imported_more():
    script = "import numpy, h5py, runner.record.hosts; print(find_lock().digest)"
    assert found_by(script) == find_lock().digest


def test_versions_and_files_are_those_installed():
    lock = find_lock()
    assert lock.get("numpy").version == metadata.version("numpy")
    assert {p.name for p in lock.packages} == set(software.PACKAGES)
    assert not any(p.is_absent for p in lock.packages)
    names = [name for name, _ in find_files("mlps")]
    assert "runner/cli.py" in names
    assert "mlps/software.py" in names
    assert not [name for name in names if name.startswith("rules/")]


def test_every_module_that_a_rank_imports_is_hashed():
    script = """
import sys, h5py, rich.live, mpi4py
import runner.cli, runner.driver, runner.record.scribe_process
mpi4py.rc.initialize = False
from mpi4py import MPI
hashed = {str(path) for name in PACKAGES for _, path in find_files(name)}
tops = ("numpy", "yaml", "_yaml", "click", "rfc8785", "mlps", "runner", "h5py",
        "mpi4py", "rich")
for name, module in list(sys.modules.items()):
    file = getattr(module, "__file__", None)
    if file and name.split(".")[0] in tops:
        print(name, file in hashed)
"""
    lines = found_by(script).splitlines()
    assert len(lines) > 200
    assert [line for line in lines if not line.endswith("True")] == []


def test_a_changed_copy_on_the_path_is_what_is_found(tmp_path):
    shutil.copytree(Path(click.__file__).parent, tmp_path / "click")
    same = found_by("print(find_lock().get('click').digest)", PYTHONPATH=str(tmp_path))
    assert same == find_lock().get("click").digest
    with (tmp_path / "click" / "core.py").open("a") as file:
        file.write("# changed\n")
    other = found_by("print(find_lock().get('click').digest)", PYTHONPATH=str(tmp_path))
    assert other != same


def test_changed_renamed_and_added_files_change_the_digest(tmp_path):
    module = tmp_path / "a.py"
    module.write_text("x = 1\n")
    digests = [digest_of(files(tmp_path))]
    module.write_text("x = 2\n")
    digests.append(digest_of(files(tmp_path)))
    module.rename(tmp_path / "b.py")
    digests.append(digest_of(files(tmp_path)))
    (tmp_path / "c.py").write_text("")
    digests.append(digest_of(files(tmp_path)))
    assert len(set(digests)) == 4


def test_the_digest_is_that_of_a_sha256sum_listing(tmp_path):
    for name in ("a.py", "b.so"):
        (tmp_path / name).write_text(name)
    listed = subprocess.run(
        ["sha256sum", "a.py", "b.so"], cwd=tmp_path, capture_output=True, check=True
    ).stdout
    total = subprocess.run(["sha256sum"], input=listed, capture_output=True, check=True)
    assert digest_of(files(tmp_path)) == "sha256:" + total.stdout[:64].decode()


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(NotReadyError, match=r"gone\.py: can't be read"):
        digest_of((("gone.py", tmp_path / "gone.py"),))


def test_a_package_without_files_is_absent():
    assert find_package("numpy", ()).version == ABSENT


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (LOCK, []),
        (changed(LOCK, "numpy", version="2.1.4"), ["numpy"]),
        (changed(LOCK, "numpy", digest=OTHER), ["numpy"]),
        (
            replace(changed(LOCK, "numpy", digest=OTHER), platform="cpython 3.13.0"),
            [],
        ),
        (
            replace(changed(LOCK, "mlps", digest=OTHER), platform="cpython 3.13.0"),
            ["mlps"],
        ),
        (replace(LOCK, packages=LOCK.packages[:1]), ["numpy"]),
    ],
    ids=[
        "equal",
        "version",
        "files",
        "files elsewhere",
        "own code elsewhere",
        "absent",
    ],
)
def test_differences(other, named):
    assert [d.here.name for d in differences(other, LOCK)] == named
    assert [d.here.name for d in differences(LOCK, other)] == named


def test_a_lock_survives_the_plan_file():
    doc = document(demo_plan(), {"software": plain(LOCK)})
    assert of_rank.lock_of_plan(parse(render(doc)), "plan.yaml") == LOCK
    bare = document(demo_plan(), {})
    assert bare.digest == doc.digest
    assert of_rank.lock_of_plan(bare, "plan.yaml") is None


@pytest.mark.parametrize(
    "spoilt",
    [
        "numpy",
        {"platform": "x"},
        {"platform": "\x1b[2J", "packages": []},
        {"platform": "x", "packages": [{"name": "a", "version": "1 2", "digest": ""}]},
        {"platform": "x", "packages": [{"name": "a", "version": "1", "digest": "0"}]},
    ],
)
def test_a_lock_that_is_none_is_refused(spoilt):
    doc = document(demo_plan(), {"software": spoilt})
    with pytest.raises(PlanError, match=r"plan.yaml: provenance.software.*compile the"):
        of_rank.lock_of_plan(doc, "plan.yaml")


def test_a_plan_compiled_here_has_the_lock_of_here():
    doc = Compiler().compile(["+workload=unet3d", "+system=b200x8"])
    assert lock_of(doc.provenance["software"], "") == find_lock()


def test_the_words_about_a_difference():
    newer = changed(LOCK, "numpy", version="2.2.0")
    (row,) = of_rank.from_plan(newer, LOCK)
    assert row.says == "package numpy: 2.2.0, the plan's lock says 2.1.3"
    assert row.fix.startswith("install numpy==2.1.3, or compile the plan")
    (row,) = of_rank.from_rank_0(changed(LOCK, "numpy", digest=OTHER), LOCK)
    assert "2.1.3 (sha256:111111111111...), rank 0 has 2.1.3 (sha256:000000" in row.says
    (row,) = of_rank.missing(changed(LOCK, "numpy", version=ABSENT, digest=""))
    assert "package numpy: not installed for" in row.says


def test_what_was_absent_at_compile_time_is_told_and_not_held_against_the_rank():
    plan = changed(LOCK, "numpy", version=ABSENT, digest="")
    assert of_rank.from_plan(LOCK, plan) == []
    ((rank, row),) = of_rank.agreements([LOCK], plan)
    assert (rank, row.verdict) == (0, "WARN")
    assert "numpy was absent where the plan was compiled" in row.says


@pytest.mark.parametrize(
    ("plan", "verdict", "words"),
    [
        (LOCK, "OK", "versions and files are those of the plan's lock"),
        (None, "WARN", "no software lock"),
        (replace(LOCK, platform="cpython 3.13.0"), "OK", "it is of cpython 3.13.0"),
    ],
)
def test_agreement(plan, verdict, words):
    rows = dict(of_rank.agreements([LOCK, LOCK], plan))
    assert rows[0].verdict == verdict
    assert words in rows[0].says
    assert rows[1].verdict == "OK"


def test_the_mark_of_files_follows_their_state(tmp_path):
    module = tmp_path / "a.py"
    module.write_text("x = 1\n")
    marks = {of_rank.mark_of(files(tmp_path))}
    assert of_rank.mark_of(files(tmp_path)) in marks
    kept = module.stat()
    module.write_text("x = 2\n")
    os.utime(module, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    marks.add(of_rank.mark_of(files(tmp_path)))
    shutil.copy2(module, tmp_path / "b.py")
    (tmp_path / "b.py").replace(module)
    marks.add(of_rank.mark_of(files(tmp_path)))
    assert len(marks) == 3
