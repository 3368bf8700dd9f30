"""Judging the software: Python, its packages, the launcher and what it starts."""

from collections.abc import Iterable

from mlps.doctor.facts import Ended, Launcher, Software
from mlps.doctor.launching import json_lines
from mlps.doctor.row import Row, error, ok, warn
from mlps.doctor.system import System, install_launcher, install_python

_NEEDED = (3, 11)
_RUN_ONLY = ("mpi4py",)
_LIBRARIES = (
    ("Open MPI", "Open MPI"),
    ("Intel(R) MPI", "Intel MPI"),
    ("MVAPICH", "MVAPICH"),
    ("CRAY MPICH", "Cray MPICH"),
    ("MPICH", "MPICH"),
)
_LAUNCHERS = (
    ("Open MPI", "Open MPI"),
    ("OpenRTE", "Open MPI"),
    ("PRRTE", "Open MPI"),
    ("Intel(R) MPI", "Intel MPI"),
    ("HYDRA", "MPICH"),
)


def check_software(system: System, software: Software) -> list[Row]:
    """Judge the software; what only a run needs is left out where none is possible."""
    rows = [_python(system, software), _packages(system, software)]
    if system.runs:
        rows += _launching(system, software)
    return rows


def flavour(text: str, known: Iterable[tuple[str, str]] = _LIBRARIES) -> str:
    """Name the MPI by the words it has for itself; "" when they are not known."""
    return next((name for mark, name in known if mark in text), "")


def _python(system: System, software: Software) -> Row:
    version = ".".join(map(str, software.python))
    what = f"{version}, {software.executable}"
    if software.python[:2] < _NEEDED:
        return error("Python", f"{what}; needed is 3.11", *install_python(system))
    return ok("Python", what)


def _packages(system: System, software: Software) -> Row:
    wanted = [p for p in software.packages if system.runs or p.name not in _RUN_ONLY]
    broken = [p for p in wanted if p.problem]
    if broken:
        what = "; ".join(f"{p.name}: {p.problem}" for p in broken)
        again = f"{software.executable} -m pip install --force-reinstall mlps"
        return error("packages", what, again)
    return ok("packages", ", ".join(f"{p.name} {p.version}" for p in wanted))


def _launching(system: System, software: Software) -> list[Row]:
    hints = install_launcher(system, software.executable)
    launcher = software.launcher
    if launcher is None:
        what = "neither mpirun nor mpiexec, on PATH or beside this Python"
        load = "on a cluster: load the site's module of MPI"
        return [error("launcher", what, *hints, load)]
    rows = [_found(launcher), _hello(software, launcher, hints)]
    if software.is_root and flavour(launcher.version.stdout, _LAUNCHERS) == "Open MPI":
        rows.append(
            warn(
                "root",
                "Open MPI refuses to start anything for root",
                "run as a user, or: mpirun --allow-run-as-root",
            )
        )
    return rows


def _found(launcher: Launcher) -> Row:
    said = launcher.version.stdout or launcher.version.stderr
    name = flavour(said, _LAUNCHERS) or "of unknown flavour"
    version = _version(said)
    what = f"{launcher.path}, {name} {version}".rstrip()
    if not launcher.on_path:
        return ok("launcher", f"{what}; not on PATH: call it by this name")
    return ok("launcher", what)


def _version(said: str) -> str:
    for word in said.split():
        if word[:1].isdigit() and "." in word and word.replace(".", "").isalnum():
            return word
    return ""


def _hello(software: Software, launcher: Launcher, hints: tuple[str, ...]) -> Row:
    said = launcher.hello
    sizes = [line.get("size") for line in json_lines(said.stdout)]
    if sizes == [2, 2] and said.status == 0:
        library = flavour(software.library) or "the MPI library"
        return ok("2 ranks", f"one world of size 2 with {library}")
    if 1 in sizes:
        what = f"{len(sizes)} worlds of size 1 instead of one of size 2"
    elif said.status is None:
        what = "did not start and end in time"
    else:
        what = f"ended with status {said.status}: {_first_words(said)}"
    theirs = flavour(launcher.version.stdout, _LAUNCHERS)
    ours = flavour(software.library)
    if 1 in sizes or (theirs and ours and _kind(theirs) != _kind(ours)):
        return _strangers(launcher, what, theirs or "unknown", ours or "unknown")
    look = f"see what it does: {launcher.path} -n 2 hostname"
    return error("2 ranks", what, look, *(hints if said.status else ()))


def _strangers(launcher: Launcher, what: str, theirs: str, ours: str) -> Row:
    """Judge the classic fault: launcher and library do not know each other."""
    use = launcher.beside or f"the mpirun of {ours}"
    return error(
        "2 ranks",
        f"{what}; the launcher is of {theirs}, the library that mpi4py loads of {ours}",
        f"start with {use}",
        "or let mpi4py load the launcher's library:"
        " export MPI4PY_LIBMPI=/path/to/its/libmpi.so",
    )


def _kind(name: str) -> str:
    """Put together what shares MPICH's way of starting ranks."""
    return name if name == "Open MPI" else "MPICH"


def _first_words(said: Ended) -> str:
    lines = [line.strip() for line in (said.stderr or said.stdout).splitlines()]
    telling = (line for line in lines if any(c.isalpha() for c in line))
    return next(telling, "nothing was said")[:200]
