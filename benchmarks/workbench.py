"""Where benchmarks run: the product's commands, a folder, CPU and memory used."""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
_SPAWN = Path(__file__).with_name("spawn.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a command used: CPU with its children, peak memory of itself alone."""

    wall_s: float
    cpu_s: float
    peak_rss_bytes: int
    stdout: str


def run(*command: str, cwd: Path, good: tuple[int, ...] = (0,)) -> Cost:
    """Run a command to its end; its failure ends the benchmark with its words."""
    spawn = (sys.executable, "-I", "-S", str(_SPAWN))
    with tempfile.TemporaryDirectory() as folder:
        used, said = Path(folder, "used"), Path(folder, "said")
        began_s = time.monotonic()
        with said.open("wb") as file:
            done = subprocess.run(
                (*spawn, str(used), *command),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                check=False,
            )
        wall_s = time.monotonic() - began_s
        text = said.read_text(encoding="utf-8", errors="replace")
        if done.returncode not in good:
            sys.stderr.write(text)
            raise SystemExit(f"{' '.join(command)}: exit status {done.returncode}")
        cpu_s, peak_kib = used.read_text(encoding="ascii").split()
    return Cost(
        wall_s=wall_s,
        cpu_s=float(cpu_s),
        peak_rss_bytes=int(peak_kib) * 1024,
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
