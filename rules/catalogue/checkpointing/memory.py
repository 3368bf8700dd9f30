"""Checkpoints held against the memory of clients and of accelerators."""

from collections.abc import Sequence

from mlps.errors import NotRecordedError
from mlps.plan import Division
from rules.catalogue.checkpointing.recorded import (
    checkpoint_gib,
    count,
    hosts,
    invocations,
    memory_gib,
    ranks,
    settled,
    table,
    with_phase,
)
from rules.catalogue.leaves import over
from rules.checkpoint_figures import checkpoint_figures
from rules.edition import Edition
from rules.finding import Outcome
from rules.rule import Scope, StoredCase, judged, stored_rule
from rules.stored import Leaf
from rules.tables.checkpointing import Checkpointing

_MEASURES = {
    "all_written": "all checkpoints written",
    "three_checkpoints": "three checkpoints",
}


def _ratio_numbers(edition: Edition) -> Sequence[str]:
    found = edition.checkpointing
    if found is None:
        return []
    return [
        f"{_MEASURES[found.memory_measure]}, per client, at least"
        f" {found.memory_multiple:g} x its memory"
    ]


@stored_rule(
    "4.3.1",
    "checkpointDataSizeRatio",
    Scope.CHECKPOINTING,
    numbers=_ratio_numbers,
    ours="which of three readings counts is in the edition; the others are shown",
)
def data_size_ratio(case: StoredCase) -> Outcome:
    """Hold the data written per client against its memory.

    Less than three times the memory can still be in the page cache when it is read
    back: caches must then be cleared between writing and reading. Reads
    metric.checkpoint_size_GB, num_hosts and the sum of host_memory_GB of the writing
    invocations' summary.json, and their num_checkpoints_write. The sources hold all
    checkpoints against three times the memory, or three against it once, or one
    against three times; all three ratios are shown.
    """
    found = table(case)
    writing = with_phase(case, "write")
    if not writing:
        raise NotRecordedError(f"{case.workload.where}: no invocation that wrote")
    one = max(checkpoint_gib(leaf) for leaf in writing)
    everything = sum(count(leaf, "write") * checkpoint_gib(leaf) for leaf in writing)
    memory = min(memory_gib(leaf) for leaf in writing)
    if memory <= 0:
        raise NotRecordedError(f"{writing[0].summary.where}: host_memory_GB adds to 0")
    measured = everything if found.memory_measure == "all_written" else 3 * one
    clients = hosts(writing[0])
    return judged(
        measured / memory >= found.memory_multiple,
        expected=f"{_MEASURES[found.memory_measure]} at least"
        f" {found.memory_multiple:g} x the clients' memory, or caches cleared between"
        " writing and reading",
        actual=f"all {everything:.0f} GiB written are {everything / memory:.2f} x,"
        f" three checkpoints {3 * one / memory:.2f} x, one of {one:.1f} GiB"
        f" {one / memory:.2f} x the {memory:.0f} GiB of {clients} clients (per client"
        f" {everything / clients:.1f} and {one / clients:.1f} of"
        f" {memory / clients:.1f} GiB)",
        where=f"{writing[0].summary.where}: metric.checkpoint_size_GB,"
        " sum of host_memory_GB",
        fix="clear the caches of every client between writing and reading (two"
        " invocations, rule 4.7.1), or take clients with less memory",
    )


def _accelerator_numbers(edition: Edition) -> Sequence[str]:
    found = edition.checkpointing
    if found is None:
        return []
    named = [
        f"{a.name}: {a.memory_gib:g} GiB{'' if a.claimable else ', whatif only'}"
        for a in found.accelerators
    ]
    if found.assumed_memory_gib is not None:
        named.append(f"not recorded: {found.assumed_memory_gib:g} GiB assumed")
    sizes = [
        f"{f.name}: {f.bytes(f.ranks) / 2**30:.3f} GiB of {f.ranks} ranks (labelled"
        f" {f.label}), {f.bytes(8) / 2**30:.1f} GiB of 8 (labelled"
        f" {f.subset_label_gib:g} GB)"
        for f in checkpoint_figures()
        if f.name in found.models
    ]
    return [*named, *sizes]


@stored_rule(
    "4.3.4",
    "checkpointAggregateAcceleratorMemory",
    Scope.CHECKPOINTING,
    numbers=_accelerator_numbers,
)
def accelerator_memory(case: StoredCase) -> Outcome:
    """Check that the emulated accelerators could hold the checkpoint.

    Accelerators times the memory of one must reach the checkpoint's measured size.
    Reads num_accelerators and metric.checkpoint_size_GB of each summary.json and the
    accelerator in the metadata. The tool asks the same before it runs.
    """
    found = table(case)
    facts: list[str] = []

    def check(leaf: Leaf) -> list[str]:
        name, memory = _memory(case, found, leaf)
        if memory is None:
            return [name]
        many, size = ranks(leaf), checkpoint_gib(leaf)
        fact = f"{many} x {memory:g} GiB ({name}) for {size:.1f} GiB"
        facts.append(f"{leaf.name}: {fact}")
        return [fact] if many * memory < size else []

    return settled(
        case,
        over(invocations(case), check),
        expected="accelerators x memory of one at least the size of a checkpoint",
        actual="; ".join(facts),
        where="summary.json: num_accelerators, metric.checkpoint_size_GB;"
        " metadata: accelerator",
        fix="name the accelerator (--accelerator-type) and run as many as hold the"
        " checkpoint",
    )


def _memory(
    case: StoredCase, found: Checkpointing, leaf: Leaf
) -> tuple[str, float | None]:
    """Name and memory of the leaf's accelerator, or the fault and None."""
    names = _accelerators(leaf)
    if len(names) > 1:
        return f"it names {' and '.join(names)}", None
    name = "".join(names)
    if not name and found.assumed_memory_gib is not None:
        return "no accelerator recorded, taken as such", found.assumed_memory_gib
    if not name:
        leaf.metadata.mapping()
        return "its metadata names no accelerator", None
    known = found.accelerator(name)
    if known is None or not (known.claimable or case.division is Division.WHATIF):
        return f"accelerator {name} is not in the table of this division", None
    return known.name, known.memory_gib


def _accelerators(leaf: Leaf) -> list[str]:
    """List the different names of the accelerator; none or one is right."""
    return list(
        dict.fromkeys(
            leaf.metadata.text(*keys).lower()
            for keys in (("accelerator",), ("args", "accelerator_type"))
            if leaf.metadata.has(*keys)
        )
    )
