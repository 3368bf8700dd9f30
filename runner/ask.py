"""What a start is asked to do, and whether this world can do it."""

from dataclasses import dataclass
from pathlib import Path

from mlps.errors import NotReadyError, PlanError
from mlps.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What rank 0 was asked to do, told to all ranks before anything else."""

    plan_bytes: bytes
    where: str
    base: Path
    results_root: Path


def read_ask(plan_path: Path, results: Path | None) -> Ask:
    """Read the plan and settle what its relative paths mean."""
    try:
        data = plan_path.read_bytes()
    except OSError as error:
        raise PlanError(f"{plan_path}: cannot be read: {error.strerror}") from error
    base = plan_path.resolve().parent
    if (base / "campaign.jsonl").exists():
        raise PlanError(
            f"{plan_path}: is the sealed copy inside a campaign; start the plan it"
            " was copied from"
        )
    return Ask(
        plan_bytes=data,
        where=str(plan_path),
        base=base,
        results_root=results.resolve() if results else base / "results",
    )


def check_world(size: int, plan: Plan, where: str) -> None:
    """Refuse a world that is not the plan's, before anything else."""
    if size == plan.derived.ranks:
        return
    hint = ""
    if size == 1:
        hint = " (if you did ask for more, this mpirun belongs to another MPI)"
    raise NotReadyError(
        f"not ready: {where} is for {plan.derived.ranks} ranks, the world has"
        f" {size}{hint}; start it as:"
        f" mpirun -n {plan.derived.ranks} mlps-runner {where}"
    )
