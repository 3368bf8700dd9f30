"""Allocations are read from what the schedulers say, and from nothing else."""

import pytest

from mlps.errors import NotReadyError
from mlps.launch.allocation import Allocation, Scheduler, find_allocation

SLURM = {
    "SLURM_JOB_ID": "24",
    "SLURM_JOB_NODELIST": "n[01-02],gpu",
    "SLURM_JOB_CPUS_PER_NODE": "72(x2),36",
}
PBS = {"PBS_JOBID": "7.head", "PBS_NODEFILE": "/aux/7"}


def nothing(path):
    raise FileNotFoundError(2, "No such file or directory", path)


def test_outside_of_a_job_there_is_none():
    assert find_allocation({"SLURM_CONF": "x", "PBS_O_HOME": "y"}, nothing) is None


def test_slurm_names_nodes_and_cpus():
    assert find_allocation(SLURM, nothing) == Allocation(
        scheduler=Scheduler.SLURM,
        job="24",
        nodes=("n01", "n02", "gpu"),
        cpus=(72, 72, 36),
    )


def test_a_shell_within_a_step_is_known():
    found = find_allocation({**SLURM, "SLURM_STEP_ID": "0"}, nothing)
    assert found.within_step


def test_a_pbs_node_file_repeats_a_node_for_each_slot():
    files = {"/aux/7": b"x1.site\nx1.site\nx0.site\nx0.site\n"}
    assert find_allocation(PBS, files.__getitem__) == Allocation(
        scheduler=Scheduler.PBS, job="7.head", nodes=("x1.site", "x0.site")
    )


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"SLURM_JOB_ID": "1"}, "SLURM_JOB_NODELIST is not"),
        ({**SLURM, "SLURM_JOB_NODELIST": "n[2-1]"}, "backwards"),
        ({**SLURM, "SLURM_JOB_CPUS_PER_NODE": "72"}, "is for 1 nodes"),
        ({**SLURM, "SLURM_JOB_CPUS_PER_NODE": "many"}, "not a count"),
        ({"PBS_JOBID": "1"}, "PBS_NODEFILE is not"),
        (PBS, "can't be read: No such file"),
    ],
)
def test_half_an_allocation_is_an_error_not_none(environ, said):
    with pytest.raises(NotReadyError, match=said):
        find_allocation(environ, nothing)


@pytest.mark.parametrize(("data", "said"), [(b"", "no node"), (b"a b", "line 1")])
def test_a_node_file_that_is_none_is_named(data, said):
    with pytest.raises(NotReadyError, match=said):
        find_allocation(PBS, lambda path: data)
