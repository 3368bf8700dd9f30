"""What is to be started, where, and within which limits: all an adapter knows."""

from dataclasses import dataclass

from mlps.errors import MlpsError, PlanError
from mlps.launch.allocation import Allocation
from mlps.plan import Plan

SIGNAL_LEAD_S = 120
"""So long before its time limit a job is told to stop and seal."""

Argv = tuple[str, ...]


class LaunchError(MlpsError):
    """An ask that can't become a command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The runner with its arguments, and how many of it on how many hosts.

    `environment` has names only. `extra` is what the user tells the launcher.
    """

    name: str
    hosts: int
    ranks_per_host: int
    program: Argv
    environment: tuple[str, ...] = ()
    extra: Argv = ()

    @property
    def ranks(self) -> int:
        """Number of ranks on all hosts together."""
        return self.hosts * self.ranks_per_host


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to start: the launcher's program and the hosts.

    `version` is "" where the launcher is not to be asked. `nodes` is empty where the
    launcher or the scheduler finds the hosts itself.
    `pmi` is Slurm's plugin that connects the ranks, "" for the site's default.
    """

    launcher: str
    version: str = ""
    nodes: tuple[str, ...] = ()
    allocation: Allocation | None = None
    pmi: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of a scheduler; no time limit is the site's default."""

    time_limit: str = ""
    directives: tuple[str, ...] = ()


def start_of(plan: Plan, program: Argv, environment: Argv, extra: Argv) -> Start:
    """Take the placement from a plan; its two ways to count ranks must agree."""
    system, ranks = plan.system, plan.derived.ranks
    if ranks != system.hosts * system.accelerators_per_host:
        raise PlanError(
            f"plan {plan.name}: derived.ranks is {ranks}, system has"
            f" {system.hosts} hosts with {system.accelerators_per_host} accelerators"
            " each; compile it again"
        )
    return Start(
        name=plan.name,
        hosts=system.hosts,
        ranks_per_host=system.accelerators_per_host,
        program=program,
        environment=environment,
        extra=extra,
    )


def seconds_of(time_limit: str) -> int:
    """Give the seconds of `HH:MM:SS`, the one form that all schedulers read alike."""
    fields = time_limit.split(":")
    digits = all(field.isascii() and field.isdigit() for field in fields)
    if len(fields) != 3 or not digits or max(map(len, fields)) > 4:
        raise LaunchError(f"time limit {time_limit!r}: write HH:MM:SS, e.g. 04:30:00")
    hours, minutes, seconds = map(int, fields)
    if minutes > 59 or seconds > 59:
        raise LaunchError(f"time limit {time_limit!r}: minutes and seconds end at 59")
    limit_s = hours * 3600 + minutes * 60 + seconds
    if limit_s <= SIGNAL_LEAD_S:
        raise LaunchError(
            f"time limit {time_limit}: the ranks are told to stop {SIGNAL_LEAD_S} s"
            " before it, so it must be longer"
        )
    return limit_s
