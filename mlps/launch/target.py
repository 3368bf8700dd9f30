"""Where a start goes: the allocation's nodes, or the hosts that were named."""

from collections.abc import Callable

from mlps.errors import NotReadyError
from mlps.launch.allocation import Allocation
from mlps.launch.launcher import TRAITS, Launcher
from mlps.launch.library import Library, plugin_for, plugins_for
from mlps.launch.node_list import expand, lines_of, twice
from mlps.launch.start import LaunchError, Start

_OVERCOMMIT = {"--overcommit", "-O"}


def named_hosts(text: str, read: Callable[[str], bytes]) -> tuple[str, ...]:
    """Read --hosts: names with commas, or `@FILE` with one name a line."""
    try:
        names = lines_of(read(text[1:])) if text.startswith("@") else expand(text)
    except OSError as error:
        raise LaunchError(f"--hosts {text}: can't be read: {error.strerror}") from error
    except ValueError as error:
        raise LaunchError(
            f"--hosts {text}: {error}; write names with commas, or @FILE with one"
            " name a line"
        ) from error
    if again := twice(names):
        raise LaunchError(f"--hosts {text}: {', '.join(again)} is named twice")
    return names


def nodes_for(
    launcher: Launcher,
    start: Start,
    named: tuple[str, ...],
    allocation: Allocation | None,
) -> tuple[str, ...]:
    """Give the hosts to name to the launcher; none where it finds them itself."""
    own = TRAITS[launcher].scheduler
    if allocation is None:
        _check_named(launcher, start, named)
        return named
    if own not in (None, allocation.scheduler):
        raise LaunchError(
            f"--launcher {launcher} works in {own}, this is {allocation}; leave"
            " --launcher out"
        )
    if named:
        raise LaunchError(
            f"--hosts: this is {allocation}, its own nodes are used; leave --hosts out"
        )
    nodes = _allocated(allocation, start)
    return () if own is allocation.scheduler else nodes


def few_cpus(allocation: Allocation, start: Start) -> str:
    """Name the first node that has fewer CPUs than it gets ranks; "" if none has."""
    shares = zip(allocation.nodes, allocation.cpus, strict=False)
    for node, cpus in list(shares)[: start.hosts]:
        if cpus < start.ranks_per_host:
            return (
                f"{allocation} has {cpus} CPUs of {node}, the plan puts"
                f" {start.ranks_per_host} ranks there; allocate whole nodes"
                " (--exclusive)"
            )
    return ""


def check_cpus(launcher: Launcher, allocation: Allocation, start: Start) -> str:
    """Refuse what srun would refuse; for other launchers it is only a warning."""
    short = few_cpus(allocation, start)
    if short and launcher is Launcher.SLURM:
        if not _OVERCOMMIT.intersection(start.extra):
            raise NotReadyError(f"{short}, or share CPUs: -- --overcommit")
        return ""
    return short


def plugin_of(
    library: Library | None, extra: tuple[str, ...], listed: tuple[str, ...]
) -> str:
    """Choose what `srun --mpi` gets; "" leaves it to the user's word or the site."""
    if library is None or any(word.startswith("--mpi") for word in extra):
        return ""
    plugin = plugin_for(library, listed)
    if not plugin:
        raise NotReadyError(
            f"{library} needs Slurm's plugin {' or '.join(plugins_for(library))}, this"
            f" Slurm has {', '.join(listed)}; ask for it, or use the launcher of"
            f" {library} in the allocation"
        )
    return plugin


def _allocated(allocation: Allocation, start: Start) -> tuple[str, ...]:
    there = len(allocation.nodes)
    if there < start.hosts:
        raise NotReadyError(
            f"{allocation} has {there} nodes, the plan needs {start.hosts}; allocate"
            f" {start.hosts}, or compile with system.hosts={there}"
        )
    return allocation.nodes[: start.hosts]


def _check_named(launcher: Launcher, start: Start, named: tuple[str, ...]) -> None:
    own = TRAITS[launcher].scheduler
    if named and len(named) != start.hosts:
        raise LaunchError(
            f"--hosts names {len(named)} hosts, the plan is for {start.hosts}; name"
            f" {start.hosts}, or compile with system.hosts={len(named)}"
        )
    if not named and own is None and start.hosts > 1:
        raise LaunchError(
            f"the plan is for {start.hosts} hosts: name them with --hosts, or start"
            " inside an allocation"
        )
