"""A campaign that lies: cold reads are declared, and an epoch comes from memory.

An outside process keeps files mapped, so that no flush drops them, and a preloaded
library hides them from the runner's proof. The judge must name it, and how much.
"""

import mmap
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from runner.record import hosts
from runner.workload.pagecache import Method, flush, residency
from tests.conftest import BIN, clean_environment
from tests.rules.bench import judged, said
from tests.runner.plans import small_plan, store
from tests.runner.test_campaign import campaign_of

pytestmark = [pytest.mark.mpi, pytest.mark.alone]

FILES = 40
RECORD_BYTES = 2_000_000.0
HELD_PART = 0.6
POINTS = 5
_SHARE = re.compile(r"run (\S+) (\S+) host 0: ([\d.]+) % \(([\d.]+)-([\d.]+) %\)")
_TIMEOUT_S = 180
# No rank may drop caches, as if it were no user for that; each file's flush is slow.
_RULES = """\
open /proc/sys/vm/drop_caches errno 13
sync {data} sleep 2000
mincore / hide 0
"""


@pytest.fixture
def shim(tmp_path: Path) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler (cc) for the shim")
    source = Path(__file__).parents[1] / "faults" / "shim.c"
    library = tmp_path / "shim.so"
    command = [compiler, "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"]
    subprocess.run(command, check=True)
    return library


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    fs_type = hosts.mount_rows(0, [("data", tmp_path)])["fs_type"][0]
    if fs_type not in (b"ext4", b"xfs"):
        pytest.skip(f"{tmp_path} is on {fs_type.decode()}: nothing counts its reads")
    doc = small_plan(files=FILES, record_bytes=RECORD_BYTES, compute_s=0.02)
    return store(doc, tmp_path / "plan.yaml")


def dataset(plan: Path) -> list[Path]:
    return sorted(plan.parent.glob("data/**/*.npz"))


def hold(files: Sequence[Path], closing: ExitStack) -> None:
    """Map files and touch each page: what is mapped is not dropped."""
    for path in files:
        fd = os.open(path, os.O_RDONLY)
        area = mmap.mmap(fd, 0, mmap.MAP_SHARED | mmap.MAP_POPULATE, mmap.PROT_READ)
        os.close(fd)
        closing.callback(area.close)


def deceived(plan: Path, shim: Path, closing: ExitStack) -> float:
    """Run it, and have a part of the second epoch in memory; gives that part."""
    rules = plan.parent / "shim"
    rules.mkdir()
    (rules / "rules").write_text(_RULES.format(data=plan.parent / "data"))
    environment = clean_environment()
    environment |= {"LD_PRELOAD": str(shim), "MLPS_SHIM": str(rules)}
    runner = subprocess.Popen(
        [BIN / "mpirun", "-n", "2", BIN / "mlps-runner", plan],
        cwd=plan.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    closing.enter_context(runner)
    closing.callback(runner.kill)
    said_lines, truth = [], 0.0
    for line in runner.stdout or ():
        said_lines.append(line)
        if line.startswith("00-datagen"):
            (rules / "armed").touch()
        if line.startswith("01-measured epoch-1") and f"{FILES}/{FILES}" in line:
            truth = prepared(dataset(plan), closing)
    assert runner.wait(_TIMEOUT_S) == 0, "".join(said_lines)
    return truth


def prepared(files: list[Path], closing: ExitStack) -> float:
    """Hold a part of the files, drop the others; gives the part in memory, measured."""
    count = round(HELD_PART * len(files))
    hold(files[:count], closing)
    flush(files[count:], files[count:], node=0, phase=0, method=Method.FADVISE)
    found = residency(files)
    return found.resident_pages / found.sampled_pages


def shares(text: str) -> dict[tuple[str, str], tuple[float, float, float]]:
    """Of each run and epoch in a finding: the share, its lower and upper end."""
    return {
        (run, epoch): (float(middle), float(low), float(high))
        for run, epoch, middle, low, high in _SHARE.findall(text)
    }


def test_an_epoch_from_the_page_cache_is_named_with_its_share(plan, shim, mlps):
    with ExitStack() as closing:
        truth = 100 * deceived(plan, shim, closing)
    assert 50 < truth < 70
    campaign = campaign_of(plan.parent)
    done = mlps("verify", str(campaign))
    assert done.returncode == 1
    (finding,) = said(judged(campaign), "EV-11")
    assert finding.verdict == "FAIL"
    share, low, high = shares(finding.actual)["01-measured", "epoch-2"]
    assert abs(share - truth) <= POINTS
    assert low <= truth <= high
    assert "EV-11" in done.stdout
    assert f"{share:.1f} %" in done.stdout
    # The flush looked fine: only what was counted says otherwise.
    assert {f.verdict for f in said(judged(campaign), "EV-12")} == {"PASS"}


def test_the_same_with_an_honest_flush_passes(plan, mlps_runner):
    ran = mlps_runner(2, str(plan), timeout_s=_TIMEOUT_S)
    assert ran.returncode == 0, ran.stderr
    campaign = campaign_of(plan.parent)
    for rule_id in ("EV-11", "EV-12"):
        (finding,) = said(judged(campaign), rule_id)
        assert finding.verdict == "PASS", finding.actual
    (finding,) = said(judged(campaign), "EV-11")
    ((share, low, _),) = shares(finding.actual).values()
    assert low <= 1
    assert share <= POINTS
