"""Which MPI the ranks will load, by its own words: text in, a name out."""

from enum import StrEnum


class Library(StrEnum):
    """Families of MPI libraries that differ in who can start them."""

    OPEN_MPI = "Open MPI"
    MPICH = "MPICH"
    CRAY_MPICH = "Cray MPICH"


# The first match counts: Cray's text names MPICH, too.
_WORDS = (
    ("Open MPI v", Library.OPEN_MPI),
    ("CRAY MPICH", Library.CRAY_MPICH),
    ("MPICH Version", Library.MPICH),
)

# Slurm's plugins that can connect the ranks of each, best first.
_PLUGINS = {
    Library.OPEN_MPI: ("pmix",),
    Library.MPICH: ("pmi2",),
    Library.CRAY_MPICH: ("cray_shasta", "pmi2"),
}


def library_named(version: str) -> Library | None:
    """Name the library by the text of MPI_Get_library_version."""
    return next((library for word, library in _WORDS if word in version), None)


def plugins_listed(text: str) -> tuple[str, ...]:
    """Read `srun --mpi=list`, whose lines begin with `srun:` in older versions."""
    words = [line.removeprefix("srun:").strip() for line in text.splitlines()]
    return tuple(word for word in words if word and " " not in word)


def plugin_for(library: Library, listed: tuple[str, ...]) -> str:
    """Choose Slurm's plugin; "" when none that is listed suits the library.

    With nothing listed (no Slurm here) the best one is taken.
    """
    suitable = _PLUGINS[library]
    if not listed:
        return suitable[0]
    return next((name for name in suitable if name in listed), "")


def plugins_for(library: Library) -> tuple[str, ...]:
    """Name the plugins that suit a library."""
    return _PLUGINS[library]
