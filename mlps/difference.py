"""What differs between two plans, and whether the rules care."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mlps.plan import Plan, leaves, plain


class Concern(StrEnum):
    """What the rules make of a difference."""

    CLAIM = "decides what is claimed and how it is judged"
    FIXED = "official value needed in CLOSED"
    TUNABLE = "may be changed in CLOSED"
    FOLLOWS = "follows from other values"
    NONE = "the rules don't read it"


# Keys the rules read; the most specific entry counts. The tunable ones are the CLOSED
# list of rule 3.6.2; odirect is on it for unet3d only.
_CONCERNS: Mapping[str, Concern] = {
    "schema": Concern.NONE,
    "name": Concern.NONE,
    "workload": Concern.FIXED,
    "workload.name": Concern.CLAIM,
    "workload.figures": Concern.CLAIM,
    "workload.figures.source": Concern.NONE,
    "workload.figures.editions": Concern.NONE,
    "workload.dataset.files": Concern.TUNABLE,
    "workload.dataset.subfolders": Concern.TUNABLE,
    "workload.dataset.seed": Concern.NONE,
    "workload.reader.read_threads": Concern.TUNABLE,
    "workload.reader.computation_threads": Concern.TUNABLE,
    "workload.reader.transfer_bytes": Concern.TUNABLE,
    "workload.reader.prefetch_batches": Concern.TUNABLE,
    "workload.reader.odirect": Concern.TUNABLE,
    "system": Concern.NONE,
    "system.accelerator": Concern.CLAIM,
    "system.accelerators_per_host": Concern.CLAIM,
    "system.hosts": Concern.CLAIM,
    "system.host_memory_bytes": Concern.CLAIM,
    "system.data_path": Concern.TUNABLE,
    "system.results_on_data_path": Concern.CLAIM,
    "submission": Concern.NONE,
    "submission.division": Concern.CLAIM,
    "submission.edition": Concern.CLAIM,
    "submission.warmup_runs": Concern.CLAIM,
    "submission.measured_runs": Concern.CLAIM,
    "submission.cold_reads": Concern.CLAIM,
    "submission.scale": Concern.CLAIM,
    "derived": Concern.FOLLOWS,
    "campaign": Concern.FOLLOWS,
}
_CARING = (Concern.CLAIM, Concern.FIXED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One key with two values; None where a plan does not have it."""

    key: str
    old: object
    new: object
    concern: Concern


def differences(old: Plan, new: Plan) -> tuple[Difference, ...]:
    """Every key whose value differs, in the order of the plan."""
    before, after = dict(leaves(plain(old))), dict(leaves(plain(new)))
    return tuple(
        Difference(
            key=key,
            old=before.get(key),
            new=after.get(key),
            concern=concern(key, new.workload.name),
        )
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key)
    )


def concern(key: str, workload: str) -> Concern:
    """Say what the rules make of a key."""
    if key == "workload.reader.odirect" and workload != "unet3d":
        return Concern.FIXED
    name = key.replace("[", ".")
    while name not in _CONCERNS:
        name = name[: name.rindex(".")]
    return _CONCERNS[name]


def render_differences(found: Sequence[Difference]) -> str:
    """Render differences by what the rules make of them; campaign phases counted."""
    if not found:
        return "no difference: the plans are the same\n"
    lines: list[str] = []
    for kind in Concern:
        of_kind = [difference for difference in found if difference.concern is kind]
        if of_kind:
            lines += [f"{kind.value}:", *_lines(of_kind)]
    caring = sum(difference.concern in _CARING for difference in found)
    word = f"the rules care about {caring}" if caring else "the rules care about none"
    lines.append(f"{len(found)} values differ; {word}")
    return "\n".join(lines) + "\n"


def _lines(found: Sequence[Difference]) -> Iterator[str]:
    campaign = [d for d in found if d.key.startswith("campaign.")]
    for difference in found:
        if difference not in campaign:
            yield f"  {difference.key}: {difference.old!r} -> {difference.new!r}"
    if campaign:
        yield f"  campaign: {len(campaign)} values of runs and phases"
