"""Operating systems: os-release as data, the family, and how to install there."""

import re
from dataclasses import dataclass
from enum import StrEnum

_LINE = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")
_ESCAPED = re.compile(r"\\([\\\"$`'])")


class Family(StrEnum):
    """Systems that install alike."""

    DEBIAN = "Debian/Ubuntu"
    RHEL = "RHEL"
    SUSE = "SUSE"
    MACOS = "macOS"
    OTHER = "other"


_FAMILIES = {
    "debian": Family.DEBIAN,
    "ubuntu": Family.DEBIAN,
    "rhel": Family.RHEL,
    "fedora": Family.RHEL,
    "centos": Family.RHEL,
    "suse": Family.SUSE,
    "opensuse": Family.SUSE,
    "sles": Family.SUSE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """An operating system; `number` is its version as far as it is made of numbers."""

    family: Family
    name: str
    ident: str
    number: tuple[int, ...]
    architecture: str

    @property
    def runs(self) -> bool:
        """Say whether plans can be run here: the sampler reads Linux's /proc."""
        return self.family is not Family.MACOS


def linux(os_release: bytes | None, version: str, architecture: str) -> System:
    """Tell which Linux this is; `version` is the kernel's, if nothing else is known."""
    said = fields(os_release or b"")
    ident = said.get("ID", "")
    likes = [ident, *said.get("ID_LIKE", "").split()]
    known = [_FAMILIES[like] for like in likes if like in _FAMILIES]
    return System(
        family=known[0] if known else Family.OTHER,
        name=said.get("PRETTY_NAME") or said.get("NAME") or f"Linux {version}",
        ident=ident,
        number=_numbers(said.get("VERSION_ID", "")),
        architecture=architecture,
    )


def macos(version: str, architecture: str) -> System:
    """Describe a Mac."""
    return System(
        family=Family.MACOS,
        name=f"macOS {version}",
        ident="macos",
        number=_numbers(version),
        architecture=architecture,
    )


def fields(os_release: bytes) -> dict[str, str]:
    """Parse os-release(5): assignments as data, never run by a shell."""
    found = {}
    for line in os_release.decode("utf-8", "replace").splitlines():
        match = _LINE.fullmatch(line.strip())
        if match:
            found[match[1]] = _unquoted(match[2])
    return found


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    clean = _ESCAPED.sub(r"\1", value)
    return "".join(c if c.isprintable() else "?" for c in clean)


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")
    return tuple(int(p) for p in parts if p.isascii() and p.isdigit())[:3]


def install_python(system: System) -> tuple[str, ...]:
    """Say how to get Python 3.11 or newer with venv."""
    major = system.number[0] if system.number else 0
    if system.family is Family.DEBIAN:
        return (_debian_python(system),)
    if system.family is Family.RHEL:
        old = system.ident != "fedora" and major < 10
        name = "python3.11" if old else "python3"
        return (f"sudo dnf install {name} {name}-pip",)
    if system.family is Family.SUSE:
        return _suse_python(system, major)
    if system.family is Family.MACOS:
        return ("brew install python@3.12",)
    return ("install Python 3.11 or newer with its venv module",)


def install_launcher(system: System, python: str) -> tuple[str, ...]:
    """Say how to get an MPI: into the environment, or from the system."""
    here = f"{python} -m pip install mpich"
    machine = system.architecture
    if system.family is Family.DEBIAN:
        return (here, "or: sudo apt-get install mpich")
    if system.family is Family.RHEL:
        load = f"module load mpi/mpich-{machine}"
        return (here, f"or: sudo dnf install mpich environment-modules && {load}")
    if system.family is Family.SUSE:
        put = "export PATH=/usr/lib64/mpi/gcc/mpich/bin:$PATH"
        return (here, f"or: sudo zypper install mpich && {put}")
    return (here,)


def install_time_daemon(system: System) -> tuple[str, ...]:
    """Say how to keep the clock right."""
    if system.family is Family.DEBIAN:
        return ("sudo apt-get install chrony",)
    if system.family is Family.RHEL:
        return ("sudo dnf install chrony && sudo systemctl enable --now chronyd",)
    if system.family is Family.SUSE:
        return ("sudo zypper install chrony && sudo systemctl enable --now chronyd",)
    return ("install chrony, or another time daemon, and start it",)


def _debian_python(system: System) -> str:
    version = system.number[:2]
    if system.ident == "ubuntu" and (22, 4) <= version < (23, 4):
        return "sudo apt-get install python3.11 python3.11-venv"
    first = (23, 4) if system.ident == "ubuntu" else (12,)
    if version and version < first:
        return "this release has no package of Python 3.11: use a newer release"
    return "sudo apt-get install python3 python3-venv"


def _suse_python(system: System, major: int) -> tuple[str, ...]:
    if major != 15:
        return ("sudo zypper install python313",)
    install = "sudo zypper install python311 python311-pip"
    if not system.ident.startswith("sle"):
        return (install,)
    release = ".".join(map(str, system.number[:2]))
    module = f"sle-module-python3/{release}/{system.architecture}"
    return (f"sudo SUSEConnect -p {module}", install)
