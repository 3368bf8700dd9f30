"""Where benchmarks run: the product's commands, a folder, CPU and memory used."""

import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a command and all its children used."""

    wall_s: float
    cpu_s: float
    stdout: str


def run(*command: str, cwd: Path, good: tuple[int, ...] = (0,)) -> Cost:
    """Run a command to its end; its failure ends the benchmark with its words."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began_s = time.monotonic()
    done = subprocess.run(
        command,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    wall_s = time.monotonic() - began_s
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in good:
        sys.stderr.write(done.stdout + done.stderr)
        raise SystemExit(f"{' '.join(command)}: exit status {done.returncode}")
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall_s=wall_s, cpu_s=cpu_s, stdout=done.stdout)


def drop_page_cache() -> str:
    """Empty the page cache where this user may; say `cold` or `warm`."""
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3\n", encoding="ascii")
    except PermissionError:
        return "warm"
    return "cold"


def compile_plan(cwd: Path, *asks: str) -> Path:
    """Compile a plan of division whatif or demo in `cwd`."""
    before = set(cwd.glob("*.yaml"))
    run(str(BIN / "mlps"), *asks, cwd=cwd, good=(0, 1))
    (plan,) = set(cwd.glob("*.yaml")) - before
    return plan


def execute(plan: Path, ranks: int) -> Cost:
    """Execute a plan."""
    command = (str(BIN / "mpirun"), "-n", str(ranks), str(BIN / "mlps-runner"))
    return run(*command, str(plan), cwd=plan.parent)
