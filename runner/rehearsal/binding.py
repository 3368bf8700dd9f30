"""The CPUs the launcher gave each rank, against what the ranks need."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runner.procfs.cgroup import find_cpu_quota
from runner.rehearsal.rank_list import ranges
from runner.rehearsal.row import Row, error, ok, warn

_CHECK = "binding"
# By the first of these variables that is set: one launcher may run inside another.
_LAUNCHERS = {
    "OMPI_COMM_WORLD_RANK": "Open MPI: mpirun --bind-to none, or --map-by slot:PE={n}",
    "PALS_RANKID": "PALS: mpiexec --cpu-bind none, or --depth={n}",
    "HYDI_CONTROL_FD": "MPICH: mpiexec -bind-to none",
    "SLURM_PROCID": "Slurm: srun --cpu-bind=none, or --cpus-per-task={n}",
    "PMI_RANK": "MPICH: mpiexec -bind-to none",
}
_ANY = "the launcher's option for {n} CPUs per rank, or for no binding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """CPUs of one rank; `online`: of its host; `quota_cpus` by its control groups."""

    cpus: tuple[int, ...]
    online: int
    quota_cpus: float | None
    advice: str

    @property
    def is_bound(self) -> bool:
        """Say whether the rank may not run everywhere on its host."""
        return len(self.cpus) < self.online


def find_binding() -> Binding:
    """Find the binding of this rank."""
    return Binding(
        cpus=tuple(sorted(os.sched_getaffinity(0))),
        online=os.sysconf("SC_NPROCESSORS_ONLN"),
        quota_cpus=find_cpu_quota(),
        advice=advice(os.environ),
    )


def advice(environ: Mapping[str, str]) -> str:
    """Name the option of the launcher that started this rank."""
    known = (text for name, text in _LAUNCHERS.items() if name in environ)
    return next(known, _ANY)


def judge_bindings(bindings: Sequence[Binding], threads: int) -> Iterator[Row]:
    """Judge the ranks of one host, a row for each; `threads` read in each rank."""
    crowds: dict[tuple[int, ...], int] = {}
    for binding in bindings:
        crowds[binding.cpus] = crowds.get(binding.cpus, 0) + 1
    for binding in bindings:
        yield _judge(binding, crowds[binding.cpus], len(bindings), threads)


def _judge(binding: Binding, crowd: int, ranks: int, threads: int) -> Row:
    cpus, quota = len(binding.cpus), binding.quota_cpus
    where = f"CPU {ranges(binding.cpus)}"
    fix = binding.advice.format(n=threads)
    if binding.is_bound and cpus < crowd:
        return error(_CHECK, f"{where}: {crowd} ranks share it", fix)
    if quota is not None and quota < ranks:
        return warn(
            _CHECK,
            f"{where}: the control groups allow {quota:g} CPUs to {ranks} ranks and"
            " stop them when they take more",
            "ask the scheduler or container for more CPUs",
        )
    if binding.is_bound and cpus < threads:
        return warn(_CHECK, f"{where} alone for {threads} reader threads", fix)
    if cpus < ranks and not binding.is_bound:
        return warn(
            _CHECK,
            f"{where}: the whole host has fewer CPUs than ranks ({ranks})",
            "use more hosts, fewer ranks on each",
        )
    bound = "bound to" if binding.is_bound else "not bound:"
    return ok(_CHECK, f"{bound} {where}, {ranks} ranks x {threads} reader threads")
