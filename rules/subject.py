"""What there is to judge of ours: a plan, alone or with what was recorded."""

from dataclasses import dataclass

from mlps.plan import PlanDocument
from rules.record import CampaignRecord
from rules.rule import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing to judge: its plan, the plan's bytes, and what was recorded."""

    where: str
    stage: Stage
    doc: PlanDocument
    stored: bytes
    record: CampaignRecord | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Something that holds no plan to judge by."""

    where: str
    problem: str
