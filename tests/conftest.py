"""Fixtures that start the product's own commands, for real, with a timeout."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
Completed = subprocess.CompletedProcess[str]
_MUTANTS = pytest.StashKey[Counter[str]]()


def clean_environment() -> dict[str, str]:
    """The environment without what another launcher may have left in it."""
    left = ("PMI", "MPI", "OMPI_", "PMIX_", "HYDI_")
    return {k: v for k, v in os.environ.items() if not k.startswith(left)}


def start(*command: str, cwd: Path, timeout_s: float) -> Completed:
    return subprocess.run(
        command,
        cwd=cwd,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        text=True,
        capture_output=True,
        timeout=timeout_s,
        check=False,
    )


@pytest.fixture
def mlps(tmp_path: Path) -> Callable[..., Completed]:
    """Run `mlps` with arguments in tmp_path (or in `cwd`)."""

    def run(*args: str, cwd: Path = tmp_path, timeout_s: float = 60) -> Completed:
        return start(str(BIN / "mlps"), *args, cwd=cwd, timeout_s=timeout_s)

    return run


@pytest.fixture
def mlps_runner(tmp_path: Path) -> Callable[..., Completed]:
    """Run `mpirun -n RANKS mlps-runner` with arguments in tmp_path (or `cwd`)."""

    def run(
        ranks: int, *args: str, cwd: Path = tmp_path, timeout_s: float = 90
    ) -> Completed:
        command = (str(BIN / "mpirun"), "-n", str(ranks), str(BIN / "mlps-runner"))
        return start(*command, *args, cwd=cwd, timeout_s=timeout_s)

    return run


@pytest.fixture(scope="session")
def mutants(pytestconfig) -> Counter[str]:
    """Tally of mutants: `caught`, `harmless`, and `wrong` for those judged wrongly."""
    return pytestconfig.stash.setdefault(_MUTANTS, Counter())


def pytest_sessionfinish(session) -> None:
    """Of a worker among several: hand its tally to the one that prints."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["mutants"] = dict(session.config.stash.get(_MUTANTS, Counter()))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error) -> None:
    """Add a worker's tally; a worker that crashed has none, and failed its test."""
    tally = node.config.stash.setdefault(_MUTANTS, Counter())
    tally.update(getattr(node, "workeroutput", {}).get("mutants", {}))


def pytest_terminal_summary(terminalreporter) -> None:
    """Say how many mutants were tried, and how many were judged as they should."""
    tally = terminalreporter.config.stash.get(_MUTANTS, None)
    if tally:
        terminalreporter.write_line(
            f"mutants: {tally.total()} tried, {tally['caught']} caught by a rule,"
            f" {tally['harmless']} harmless and let through, {tally['wrong']} wrong"
        )
