"""The calibration's end on rank 0: a ceiling below the target stops the campaign."""

from collections.abc import Mapping

import numpy as np

from mlps.ceiling import Ceiling, calibration_steps, find_ceiling
from mlps.errors import NotReadyError
from mlps.evidence.table import StructArray
from mlps.plan import Plan
from runner.campaign.chief import StopOrder

_REMEDIES = {
    "memory": "fewer accelerators per host, or hosts with faster memory",
    "step overhead": "fewer accelerators per host, or hosts with faster cores",
    "no CPU for readers": "fewer accelerators per host, more cores, or ranks bound to"
    " cores of their own",
    "barrier": "a look at that rank and its host, a faster network between hosts, or"
    " ranks bound to cores of their own",
    "oversleep of compute": "fewer accelerators per host, more cores, nothing else on"
    " the host, or ranks bound to cores of their own",
}


class CalibrationRows:
    """Steps of the calibration as rank 0 books them; seconds' worth, so kept."""

    def __init__(self, plan: Plan) -> None:
        """Expect the same number of steps from each rank."""
        self._plan = plan
        self._wanted = plan.derived.ranks * plan.derived.calibration_steps
        self._kept: list[StructArray] = []

    def take(self, frame: Mapping[str, StructArray]) -> None:
        """Keep what a frame brings of the calibration."""
        if "steps" in frame:
            self._kept.append(calibration_steps(frame["steps"]))

    def are_all_there(self) -> bool:
        """Say whether every step of every rank was booked."""
        return sum(len(rows) for rows in self._kept) >= self._wanted

    def require_target(self) -> None:
        """Stop the campaign if this client could not reach the target at all."""
        found = find_ceiling(self._plan, np.concatenate(self._kept))
        target_percent = 100 * self._plan.workload.metric.au
        if found is not None and found.percent < target_percent:
            raise StopOrder(
                _told(found, target_percent), status=NotReadyError.exit_status
            )


def _told(found: Ceiling, target_percent: float) -> str:
    lost = ", ".join(
        f"{name} {share:.2f} %" for name, share in found.lost_percent.items()
    )
    return (
        f"calibration: without any storage this client reaches {found.percent:.2f} %"
        f" utilization (rank {found.slowest_rank}: {found.slowest_percent:.2f} %), the"
        f" target is {target_percent:.2f} %; no storage could reach it."
        f" What limits: {found.limit} (lost to {lost}; rank {found.awaited_rank} was"
        " waited for most)."
        f" What helps: {_REMEDIES[found.limit]}"
    )
