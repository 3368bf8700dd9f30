"""The plan's memory budget against the host and against its control groups."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlps.evidence import ABSENT
from mlps.plan import Plan
from mlps.units import format_bytes
from runner.record.procfs.cgroup import MemoryGroup, find_memory_groups
from runner.record.procfs.memory import MEMINFO, memory_rows
from runner.rehearsal.row import Row, error, ok, warn

_CHECK = "memory"
_FIX = "lower workload.reader.prefetch_batches, read_threads or transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appetite:
    """What one rank may hold, and the groups that limit it, its own first."""

    budget_bytes: int
    groups: tuple[MemoryGroup, ...]


def find_appetite(plan: Plan) -> Appetite:
    """Find the appetite of this rank."""
    ranks = plan.system.accelerators_per_host
    return Appetite(
        budget_bytes=-(-plan.derived.host_memory_budget_bytes // ranks),
        groups=find_memory_groups(),
    )


def check_host_memory(plan: Plan) -> Row:
    """Compare the budget of this host with its available memory."""
    return judge_host(plan, Path(MEMINFO).read_bytes())


def judge_host(plan: Plan, meminfo: bytes) -> Row:
    """Compare the budget of a host with what /proc/meminfo says."""
    available = int(memory_rows(0, 0, meminfo)["memavailable_bytes"][0])
    budget = format_bytes(plan.derived.host_memory_budget_bytes)
    if available == ABSENT:
        return warn(
            _CHECK,
            f"memory of this host: {MEMINFO} has no MemAvailable, the plan may hold"
            f" {budget}",
            "this kernel can't tell; see to it that the memory is free",
        )
    says = (
        f"memory of this host: {format_bytes(available)} available, the plan may hold"
        f" {budget}"
    )
    if plan.derived.host_memory_budget_bytes > available:
        return error(_CHECK, says, _FIX)
    return ok(_CHECK, says)


def judge_groups(
    nodes: Sequence[int], appetites: Sequence[Appetite]
) -> Iterator[tuple[int, Row]]:
    """Compare each rank's groups with the appetite of all ranks in them.

    Per rank, since ranks of one host may be in groups of their own. What is left of
    a group changes while the ranks look: the least of what they saw counts.
    """
    wanted: Counter[tuple[int, str]] = Counter()
    least: dict[tuple[int, str], MemoryGroup] = {}
    for node, appetite in zip(nodes, appetites, strict=True):
        for group in appetite.groups:
            wanted[node, group.path] += appetite.budget_bytes
            seen = least.setdefault((node, group.path), group)
            least[node, group.path] = min(seen, group, key=_room)
    for rank, (node, appetite) in enumerate(zip(nodes, appetites, strict=True)):
        keys = [(node, group.path) for group in appetite.groups]
        if keys:
            tightest = min(keys, key=lambda key: least[key].room_bytes - wanted[key])
            yield rank, _judge(least[tightest], wanted[tightest])


def _room(group: MemoryGroup) -> int:
    return group.room_bytes


def _judge(group: MemoryGroup, wanted_bytes: int) -> Row:
    says = (
        f"control group {group.path}: {format_bytes(group.room_bytes)} left of"
        f" {format_bytes(group.limit_bytes)}, the ranks in it may hold"
        f" {format_bytes(wanted_bytes)}"
    )
    if group.room_bytes < wanted_bytes:
        fix = f"ask the scheduler or container for more memory, or {_FIX}"
        return error(_CHECK, says, fix)
    return ok(_CHECK, says)
