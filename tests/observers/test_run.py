"""Whole runs that observe hosts: their rows lie beside those of the ranks' hosts."""

import os
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from mlps.evidence.reader import Evidence, read
from mlps.plan import TypedError, build, document, plain
from mlps.plan.setting import System
from tests.conftest import BIN, clean_environment
from tests.observers.conftest import settle
from tests.rules import plans
from tests.runner.plans import small_plan, store

OBSERVERS = ("storage-1", "refused", "localhost")


def stored(folder: Path, **knobs: object) -> Path:
    doc = small_plan(**knobs)
    system = replace(doc.plan.system, observers=OBSERVERS)
    return store(document(replace(doc.plan, system=system), {}), folder / "plan.yaml")


def evidence_of(folder: Path, run: str) -> Evidence:
    (path,) = folder.glob(f"results/*/runs/{run}-*/evidence.h5")
    return read(path)


def told(evidence: Evidence) -> list[str]:
    rows = evidence.rows("events")
    mine = rows[rows["subject"] == b"observer"]
    return [bytes(message).decode() for message in mine["message"]]


@pytest.mark.mpi
def test_observers_are_in_the_evidence_of_every_run(
    path_to_sshd, tmp_path, mlps_runner
):
    done = mlps_runner(2, str(stored(tmp_path, compute_s=0.8)))
    assert done.returncode == 0, done.stderr
    for run in ("00", "01"):
        evidence = evidence_of(tmp_path, run)
        assert evidence.outcome == "complete"
        assert evidence.chain_fault is None
        rows = evidence.rows("observers")
        assert rows["host"].tolist() == [name.encode() for name in OBSERVERS]
        assert rows["node"].tolist() == [1, 2, 3]
        assert set(evidence.rows("hosts")["node"]) == {0}
        refused = [text for text in told(evidence) if text.startswith("refused ")]
        assert len(refused) == 1
    assert "Permission denied" in refused[0]
    cpu, phases = evidence.rows("cpu"), evidence.rows("phases")
    for node in (1, 3):
        at = cpu["sampled_at_ns"][cpu["node"] == node]
        own = cpu["sampled_at_ns"][cpu["node"] == 0]
        assert len(at) > 2
        assert phases["start_ns"].min() - 2 * 10**9 < at.min()
        assert at.max() < own.max() + 10 * 10**9
    assert 2 not in cpu["node"]
    assert done.stderr.count("observer refused") == 2
    assert settle(lambda: not path_to_sshd.sessions())


@pytest.mark.mpi
def test_when_rank_0_is_killed_the_observers_are_let_go(path_to_sshd, tmp_path):
    plan = stored(tmp_path, compute_s=0.5, epochs=1)
    world = subprocess.Popen(
        (str(BIN / "mpirun"), "-n", "2", str(BIN / "mlps-runner"), str(plan)),
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    logs = "results/*/runs/01-*/runner.log"
    assert settle(lambda: list(tmp_path.glob(logs)) and path_to_sshd.sessions())
    os.kill(_rank_0(plan), signal.SIGKILL)
    world.communicate(timeout=60)
    assert world.returncode != 0
    assert settle(lambda: not path_to_sshd.sessions())
    assert settle(lambda: evidence_of(tmp_path, "01").outcome == "aborted")
    assert len(evidence_of(tmp_path, "01").rows("observers")) == 3


def _rank_0(plan: Path) -> int:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
            environ = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if str(plan).encode() in command and b"PMI_RANK=0" in environ:
            return int(process.name)
    raise AssertionError("rank 0 does not run")


@pytest.mark.parametrize(
    "host",
    ["-oProxyCommand=x", "a b", "a;b", "$(a)", "a@-b", "-a@b", "", "a/b", "a\nb", "ä"],
)
def test_what_is_no_host_name_is_refused_before_anything_runs(host):
    data = plain(plans.system()) | {"observers": ["storage-1", host]}
    with pytest.raises(TypedError, match=r"observers\[1\] is .* give a host or user@"):
        build(System, data, "system")


def test_a_host_is_observed_once():
    data = plain(plans.system()) | {"observers": ["a", "root@a", "a"]}
    with pytest.raises(TypedError, match=r"observers\[2\]: 'a' is there twice"):
        build(System, data, "system")


@pytest.mark.parametrize(
    "host", ["db1", "root@db1.example.org", "10.0.0.1", "fe80::1%e"]
)
def test_names_and_addresses_are_taken(host):
    data = plain(plans.system()) | {"observers": [host]}
    assert build(System, data, "system").observers == (host,)


def test_the_compiler_names_the_key(mlps):
    asks = ("+workload=unet3d", "+system=b200x8", 'system.observers="[-oX]"')
    done = mlps(*asks)
    assert done.returncode == 2
    done = mlps(*asks[:2], 'system.observers=["-oX"]')
    assert done.returncode == 2
    assert "observers[0] is '-oX'" in done.stderr
    assert "Traceback" not in done.stderr
