"""Where benchmarks run: the product's commands, a folder, CPU and memory used."""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a command used: CPU with its children, peak memory of itself alone."""

    wall_s: float
    cpu_s: float
    peak_rss_bytes: int
    stdout: str


def run(*command: str, cwd: Path, good: tuple[int, ...] = (0,)) -> Cost:
    """Run a command to its end; its failure ends the benchmark with its words."""
    with tempfile.TemporaryFile("w+") as said:
        began_s = time.monotonic()
        with subprocess.Popen(
            command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        ) as process:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.monotonic() - began_s
        said.seek(0)
        text = said.read()
    if process.returncode not in good:
        sys.stderr.write(text)
        raise SystemExit(f"{' '.join(command)}: exit status {process.returncode}")
    return Cost(
        wall_s=wall_s,
        cpu_s=used.ru_utime + used.ru_stime,
        peak_rss_bytes=used.ru_maxrss * 1024,
        stdout=text,
    )


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
