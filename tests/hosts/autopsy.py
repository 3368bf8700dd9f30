"""What the processes of the hosts wait for: state, place in the kernel, connections."""

from collections.abc import Sequence
from pathlib import Path

from tests.hosts.network import Host
from tests.hosts.process import run

_TOLD = ("mpirun", "mpiexec", "hydra_pmi_proxy", "ssh", "sshd", "mlps-runner", "python")


def examine(hosts: Sequence[Host]) -> str:
    """Describe every process of interest, and what TCP still tries to deliver."""
    lines = []
    for host in hosts:
        space = Path(f"/proc/{host.init}/ns/pid").readlink()
        lines.append(f"{host.name}:")
        folders = sorted(Path("/proc").glob("[0-9]*"), key=lambda p: int(p.name))
        described = (_described(folder, space) for folder in folders)
        lines += [f"  {line}" for line in described if line]
        sockets = run(*host.command("ss", "-tnoH")).stdout
        lines += [f"  tcp {' '.join(line.split())}" for line in sockets.splitlines()]
    return "\n".join(lines)


def _described(folder: Path, space: Path) -> str:
    try:
        if (folder / "ns" / "pid").readlink() != space:
            return ""
        words = (folder / "cmdline").read_bytes().split(b"\0")
        state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        place = (folder / "wchan").read_text()
        inside = (folder / "status").read_text().partition("NSpid:")[2].split("\n")[0]
        stack = (folder / "stack").read_text().splitlines()[:3]
    except OSError:
        return ""
    name = " ".join(word.decode(errors="replace") for word in words[:3])
    if not any(told in name for told in _TOLD):
        return ""
    frames = " < ".join(frame.partition("] ")[2].partition("+")[0] for frame in stack)
    return f"pid {inside.split()[-1]} {state} {place} [{frames}] {name[:90]}"
