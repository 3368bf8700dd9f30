"""All checks of one machine: facts in, rows out."""

from dataclasses import dataclass

from mlps.doctor.facts import Facts
from mlps.doctor.ground import check_paths
from mlps.doctor.host import check_machine
from mlps.doctor.installed import check_software
from mlps.doctor.row import Row, Status, ok, warn
from mlps.doctor.system import Family, System, linux, macos

_MACOS = "Darwin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """The system and its rows."""

    system: System
    rows: tuple[Row, ...]

    @property
    def is_ready(self) -> bool:
        """Say whether nothing must be fixed."""
        return not self.count(Status.ERROR)

    @property
    def purpose(self) -> str:
        """What this system is good for."""
        if self.system.runs:
            return "compile, run and verify"
        return "compile and verify; running needs Linux"

    def count(self, status: Status) -> int:
        """Count the rows of a status."""
        return sum(row.status is status for row in self.rows)


def examine(facts: Facts) -> Examination:
    """Judge everything that was gathered."""
    if facts.system == _MACOS:
        system = macos(facts.version, facts.architecture)
    else:
        system = linux(facts.os_release, facts.version, facts.architecture)
    rows = [_system(system), *check_software(system, facts.software)]
    if facts.machine is not None:
        rows += check_machine(system, facts.machine)
    if facts.data is not None and facts.results is not None:
        rows += check_paths(facts.data, facts.results)
    return Examination(system=system, rows=tuple(rows))


def _system(system: System) -> Row:
    what = f"{system.name}, {system.architecture}"
    if not system.runs:
        fix = "run plans on Linux; here: mlps +workload=..., mlps verify"
        return warn("system", f"{what}: compile and verify; run needs Linux", fix)
    if system.family is Family.OTHER:
        return ok("system", f"{what}; no install hints for it")
    return ok("system", what)
