"""Who starts the ranks and where: certain, or an error that says what to do."""

import pytest

from mlps.errors import NotReadyError
from mlps.launch.allocation import Allocation, Scheduler
from mlps.launch.launcher import TRAITS, Launcher, check_suits, choose
from mlps.launch.library import Library, library_named, plugins_listed
from mlps.launch.start import LaunchError, Start
from mlps.launch.target import check_cpus, named_hosts, nodes_for, plugin_of

START = Start(name="p", hosts=2, ranks_per_host=4, program=("mlps-runner",))
LOCAL = Start(name="p", hosts=1, ranks_per_host=4, program=("mlps-runner",))
SLURM = Allocation(
    scheduler=Scheduler.SLURM, job="24", nodes=("n1", "n2", "n3"), cpus=(8, 8, 1)
)
PBS = Allocation(scheduler=Scheduler.PBS, job="7", nodes=("x1", "x2", "x3"))
EVERY = frozenset(Launcher)
OWN = frozenset({Launcher.OPENMPI, Launcher.MPICH})


def no_file(path):
    raise FileNotFoundError(2, "No such file or directory", path)


@pytest.mark.parametrize(
    ("allocation", "found", "library", "launcher"),
    [
        (SLURM, EVERY, Library.MPICH, Launcher.SLURM),
        (SLURM, frozenset(), None, Launcher.SLURM),
        (PBS, EVERY, Library.CRAY_MPICH, Launcher.PALS),
        (PBS, OWN, Library.OPEN_MPI, Launcher.OPENMPI),
        (None, EVERY, Library.OPEN_MPI, Launcher.OPENMPI),
        (None, EVERY, Library.MPICH, Launcher.MPICH),
        (None, frozenset({Launcher.MPICH}), None, Launcher.MPICH),
    ],
)
def test_the_launcher_is_inferred(allocation, found, library, launcher):
    assert choose(allocation, found, library) is launcher


@pytest.mark.parametrize(
    ("found", "library"),
    [
        (OWN, None),
        (frozenset(), Library.MPICH),
        (frozenset({Launcher.SLURM}), None),
        (EVERY, Library.CRAY_MPICH),
        (frozenset({Launcher.OPENMPI}), Library.MPICH),
    ],
)
def test_what_is_not_certain_is_the_users_choice(found, library):
    with pytest.raises(LaunchError, match="openmpi, mpich, slurm, pals"):
        choose(None, found, library)


@pytest.mark.parametrize(
    ("launcher", "library", "instead"),
    [
        (Launcher.OPENMPI, Library.MPICH, "mpich or slurm or pals"),
        (Launcher.MPICH, Library.OPEN_MPI, "openmpi or slurm"),
        (Launcher.PALS, Library.OPEN_MPI, "openmpi or slurm"),
        (Launcher.MPICH, Library.CRAY_MPICH, "slurm or pals"),
    ],
)
def test_a_launcher_of_another_mpi_is_refused(launcher, library, instead):
    with pytest.raises(LaunchError, match=f"--launcher {instead}; or set"):
        check_suits(launcher, library)


@pytest.mark.parametrize("launcher", Launcher)
def test_a_library_that_is_not_known_is_not_judged(launcher):
    check_suits(launcher, None)


@pytest.mark.parametrize(
    ("text", "launcher", "version"),
    [
        ("mpirun (Open MPI) 4.1.4\n\nReport bugs to", Launcher.OPENMPI, "4.1.4"),
        ("mpirun.openmpi (Open MPI) 5.0.7", Launcher.OPENMPI, "5.0.7"),
        (
            "HYDRA build details:\n    Version:           4.0.2\n",
            Launcher.MPICH,
            "4.0.2",
        ),
        ("slurm-wlm 22.05.8", Launcher.SLURM, "22.05.8"),
        ("slurm 24.11.0-1", Launcher.SLURM, "24.11.0-1"),
        ("mpiexec version 1.8.0 revision 3a", Launcher.PALS, "1.8.0"),
        ("Intel(R) MPI Library for Linux* OS, Version 2021.11", None, ""),
    ],
)
def test_launchers_are_told_apart_by_what_they_say(text, launcher, version):
    said = {name: trait.says.search(text) for name, trait in TRAITS.items()}
    assert {name: match[1] for name, match in said.items() if match} == (
        {launcher: version} if launcher else {}
    )


@pytest.mark.parametrize(
    ("text", "library"),
    [
        ("Open MPI v5.0.11, package: x", Library.OPEN_MPI),
        ("MPICH Version:      5.0.2\nMPICH ABI: 18", Library.MPICH),
        (
            "MPI VERSION    : CRAY MPICH version 8.1.25.17 (ANL base 3.4a2)",
            Library.CRAY_MPICH,
        ),
        ("Intel(R) MPI Library 2021.11 for Linux* OS", None),
        ("", None),
    ],
)
def test_libraries_are_told_apart(text, library):
    assert library_named(text) is library


NEW_LIST = """MPI plugin types are...
\tpmix
\tnone
\tcray_shasta
\tpmi2
specific pmix plugin versions available: pmix_v4
"""
OLD_LIST = "srun: MPI types are...\nsrun: none\nsrun: pmi2\n"


def test_the_plugins_of_a_slurm_are_read_in_both_forms():
    assert plugins_listed(NEW_LIST) == ("pmix", "none", "cray_shasta", "pmi2")
    assert plugins_listed(OLD_LIST) == ("none", "pmi2")


@pytest.mark.parametrize(
    ("library", "extra", "listed", "plugin"),
    [
        (Library.OPEN_MPI, (), ("none", "pmix", "pmi2"), "pmix"),
        (Library.MPICH, (), ("none", "pmix", "pmi2"), "pmi2"),
        (Library.CRAY_MPICH, (), ("none", "cray_shasta", "pmi2"), "cray_shasta"),
        (Library.CRAY_MPICH, (), ("none", "pmi2"), "pmi2"),
        (Library.OPEN_MPI, (), (), "pmix"),
        (None, (), ("none", "pmi2"), ""),
        (Library.OPEN_MPI, ("--mpi=pmix_v5",), ("none",), ""),
    ],
)
def test_the_plugin_suits_the_library(library, extra, listed, plugin):
    assert plugin_of(library, extra, listed) == plugin


def test_a_slurm_without_a_suitable_plugin_is_named():
    with pytest.raises(NotReadyError, match="needs Slurm's plugin pmix, this Slurm"):
        plugin_of(Library.OPEN_MPI, (), ("none", "pmi2"))


@pytest.mark.parametrize(
    ("launcher", "allocation", "named", "nodes"),
    [
        (Launcher.OPENMPI, SLURM, (), ("n1", "n2")),
        (Launcher.MPICH, PBS, (), ("x1", "x2")),
        (Launcher.SLURM, SLURM, (), ()),
        (Launcher.PALS, PBS, (), ()),
        (Launcher.SLURM, None, (), ()),
        (Launcher.SLURM, None, ("a", "b"), ("a", "b")),
        (Launcher.MPICH, None, ("a", "b"), ("a", "b")),
    ],
)
def test_the_allocation_names_the_nodes(launcher, allocation, named, nodes):
    assert nodes_for(launcher, START, named, allocation) == nodes


def test_one_host_needs_no_name():
    assert nodes_for(Launcher.MPICH, LOCAL, (), None) == ()


@pytest.mark.parametrize(
    ("launcher", "allocation", "named", "said"),
    [
        (Launcher.MPICH, None, (), "2 hosts: name them with --hosts"),
        (Launcher.MPICH, None, ("a",), "--hosts names 1 hosts"),
        (Launcher.SLURM, None, ("a", "b", "c"), "--hosts names 3 hosts"),
        (Launcher.MPICH, SLURM, ("a", "b"), "Slurm job 24, its own nodes are used"),
        (Launcher.SLURM, PBS, (), "works in Slurm, this is PBS job 7"),
        (Launcher.PALS, SLURM, (), "works in PBS, this is Slurm job 24"),
    ],
)
def test_hosts_that_do_not_fit_the_plan(launcher, allocation, named, said):
    with pytest.raises(LaunchError, match=said):
        nodes_for(launcher, START, named, allocation)


@pytest.mark.parametrize("launcher", [Launcher.SLURM, Launcher.OPENMPI])
def test_an_allocation_that_is_too_small(launcher):
    four = Start(name="p", hosts=4, ranks_per_host=1, program=("r",))
    with pytest.raises(NotReadyError, match="has 3 nodes, the plan needs 4"):
        nodes_for(launcher, four, (), SLURM)


def test_cpus_count_on_the_nodes_that_are_used():
    three = Start(name="p", hosts=3, ranks_per_host=4, program=("r",))
    assert check_cpus(Launcher.SLURM, SLURM, START) == ""
    assert check_cpus(Launcher.SLURM, PBS, START) == ""
    with pytest.raises(NotReadyError, match="has 1 CPUs of n3, the plan puts 4"):
        check_cpus(Launcher.SLURM, SLURM, three)
    assert "CPUs of n3" in check_cpus(Launcher.OPENMPI, SLURM, three)


def test_sharing_cpus_must_be_said():
    sharing = Start(
        name="p", hosts=3, ranks_per_host=4, program=("r",), extra=("--overcommit",)
    )
    assert check_cpus(Launcher.SLURM, SLURM, sharing) == ""


def test_hosts_by_name_and_by_file():
    assert named_hosts("a, n[1-2]", no_file) == ("a", "n1", "n2")
    assert named_hosts("@f", {"f": b"a\nb\n"}.__getitem__) == ("a", "b")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b,a", "a is named twice"),
        ("n[1-3],n2", "n2 is named twice"),
        ("a:8", "not a host name"),
        ("-x", "not a host name"),
        ("@f", "can't be read: No such file"),
    ],
)
def test_hosts_that_can_not_be_meant(text, said):
    with pytest.raises(LaunchError, match=said):
        named_hosts(text, no_file)
