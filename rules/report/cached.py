"""Share of each epoch that came from the page cache of its host."""

from mlps.plan import Plan
from mlps.traffic import NOT_COUNTED, Medium
from rules.cached_share import cached_share
from rules.evidence_record import ByteFlow, DataMount
from rules.record import RunRecord
from rules.report.view import Cached


def cached(record: RunRecord, plan: Plan) -> tuple[Cached, ...]:
    """One view of each epoch and host of a run."""
    if record.evidence is None:
        return ()
    facts = record.evidence.host_facts
    mounts = {mount.node: mount for mount in facts.mounts}
    runs = plan.campaign.runs
    phases = next((r.phases for r in runs if r.number == record.number), ())
    names = {number: phase.name for number, phase in enumerate(phases)}
    return tuple(
        _cached(flow, mounts.get(flow.node), names.get(flow.phase, ""))
        for flow in sorted(facts.flows, key=lambda flow: (flow.phase, flow.node))
    )


def _cached(flow: ByteFlow, mount: DataMount | None, name: str) -> Cached:
    absent = _absent(mount)
    share = None if absent else cached_share(flow)
    middle, least, most = share.percent if share else (None, None, None)
    return Cached(
        phase=name,
        node=flow.node,
        percent=middle,
        least_percent=least,
        most_percent=most,
        absent="" if share else absent or "its ranks were not counted",
    )


def _absent(mount: DataMount | None) -> str:
    """Say why the share can't be known on a mount; "" where it can."""
    if mount is None:
        return "no mount is recorded"
    if mount.medium in (Medium.DISKS, Medium.NFS):
        return ""
    return mount.counted_by.removeprefix(NOT_COUNTED) or "nothing counts this mount"
