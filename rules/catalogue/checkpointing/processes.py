"""How many ranks saved the checkpoint, and on how many hosts."""

from collections.abc import Sequence

from mlps.plan import Division
from rules.catalogue.checkpointing.recorded import (
    figures_of,
    hosts,
    invocations,
    only,
    rank_counts,
    ranks,
    settled,
    table,
)
from rules.catalogue.leaves import over
from rules.checkpoint_figures import CheckpointFigures, checkpoint_figures
from rules.edition import Edition
from rules.finding import Outcome
from rules.rule import NotApplicableError, Scope, StoredCase, stored_rule
from rules.stored import Leaf

_WHERE = "summary.json: num_accelerators; metadata: num_processes"


def _official(edition: Edition) -> list[CheckpointFigures]:
    found = edition.checkpointing
    return [f for f in checkpoint_figures() if found and f.name in found.models]


def _subset_numbers(edition: Edition) -> Sequence[str]:
    found = edition.checkpointing
    if found is None:
        return []
    return [f"{found.subset_ranks} ranks, of {', '.join(found.subset_models)}"]


@stored_rule(
    "4.3.5",
    "checkpointSubsetRunValidation",
    Scope.CHECKPOINTING,
    numbers=_subset_numbers,
)
def subset(case: StoredCase) -> Outcome:
    """Check that a subset run is of a model and a size that may be one.

    A run is a subset when it says so (checkpoint.mode, --checkpoint-subset) or when
    it has fewer ranks than the whole model. In OPEN only the declared claim counts:
    other partial runs are judged by 4.6.4.
    """
    figures, found = figures_of(case), table(case)
    claimed: list[str] = []

    def check(leaf: Leaf) -> list[str]:
        many = ranks(leaf)
        if not _is_subset(case, figures, leaf, many):
            return []
        claimed.append(f"{leaf.name}: {many} ranks of {figures.name}")
        faults = []
        if figures.name not in found.subset_models:
            faults.append(f"there is no subset of {figures.name}")
        if many != found.subset_ranks:
            faults.append(f"{many} ranks")
        return faults

    answers = over(invocations(case), check)
    if not claimed and not answers[1]:
        raise NotApplicableError("the whole checkpoint was saved, not a subset")
    return settled(
        case,
        answers,
        expected=f"{found.subset_ranks} ranks of {' or '.join(found.subset_models)}",
        actual="; ".join(claimed),
        where=f"{_WHERE}; parameters.checkpoint.mode, args.checkpoint_subset",
        fix=f"run all {figures.ranks} ranks of the model, or claim OPEN",
    )


def _is_subset(
    case: StoredCase, figures: CheckpointFigures, leaf: Leaf, many: int
) -> bool:
    declared = ("args", "checkpoint_subset")
    if leaf.metadata.has(*declared) and leaf.metadata.flag(*declared):
        return True
    if case.division is not Division.CLOSED:
        return False
    return many < figures.ranks or "subset" in _modes(leaf)


def _modes(leaf: Leaf) -> list[str]:
    """Modes that the leaf records, in lower case."""
    key = "checkpoint.mode"
    found = [
        document.value(*path)
        for document, path in (
            (leaf.metadata, ("override_parameters", key)),
            (leaf.metadata, ("parameters", "checkpoint", "mode")),
            (leaf.config, ("workload", "checkpoint", "mode")),
        )
        if document.has(*path)
    ]
    return [mode.lower() for mode in found if isinstance(mode, str)]


def _whole_numbers(edition: Edition) -> Sequence[str]:
    found = edition.checkpointing
    sizes = [f"{f.name}: {f.ranks} ranks" for f in _official(edition)]
    if found and set(found.subset_models) - {"llama3-8b"}:
        sizes.append(f"or {found.subset_ranks} as a subset (4.3.5)")
    return sizes


@stored_rule(
    "4.6.1",
    "checkpointClosedMpiProcesses",
    Scope.CHECKPOINTING,
    numbers=_whole_numbers,
)
def closed_processes(case: StoredCase) -> Outcome:
    """Check that a CLOSED result has exactly the ranks of the whole model.

    Reads num_accelerators of each summary.json, which is the number of processes, and
    num_processes of its metadata. Where the edition takes subset runs, theirs counts.
    The tool asks the same before it runs.
    """
    only(case, Division.CLOSED)
    figures, found = figures_of(case), table(case)
    legal = [figures.ranks]
    if figures.name in found.subset_models and found.subset_ranks not in legal:
        legal.append(found.subset_ranks)
    seen: list[int] = []

    def check(leaf: Leaf) -> list[str]:
        recorded = list(dict.fromkeys(rank_counts(leaf).values()))
        seen.extend(recorded)
        return [f"{many} ranks" for many in recorded if many not in legal]

    return settled(
        case,
        over(invocations(case), check),
        expected=f"{figures.name}: {' or '.join(map(str, legal))} ranks",
        actual=f"{', '.join(map(str, dict.fromkeys(seen)))} ranks",
        where=_WHERE,
        fix=f"run {figures.ranks} processes, or claim OPEN",
    )


def _host_numbers(edition: Edition) -> Sequence[str]:
    found = edition.checkpointing
    return [f"at least {found.ranks_per_host} per host"] if found else []


@stored_rule(
    "4.6.2",
    "checkpointClosedAcceleratorsPerHost",
    Scope.CHECKPOINTING,
    numbers=_host_numbers,
)
def ranks_per_host(case: StoredCase) -> Outcome:
    """Check that a CLOSED result emulates enough accelerators on each host.

    Reads num_accelerators and num_hosts of each summary.json. The official sources
    disagree about exactly four.
    """
    only(case, Division.CLOSED)
    least = table(case).ranks_per_host
    facts: list[str] = []

    def check(leaf: Leaf) -> list[str]:
        many, clients = ranks(leaf), hosts(leaf)
        fact = f"{many} ranks on {clients} hosts, {many / clients:g} per host"
        facts.append(fact)
        return [fact] if many // clients < least else []

    return settled(
        case,
        over(invocations(case), check),
        expected=f"at least {least} accelerators per host",
        actual="; ".join(dict.fromkeys(facts)),
        where="summary.json: num_accelerators, num_hosts",
        fix="run the same ranks on fewer hosts, or claim OPEN",
    )


@stored_rule(
    "4.6.4",
    "checkpointOpenSubmissionScaling",
    Scope.CHECKPOINTING,
    numbers=lambda edition: [
        f"{f.name}: multiples of {f.shape.model_parallel}" for f in _official(edition)
    ],
)
def open_processes(case: StoredCase) -> Outcome:
    """Check that an OPEN result has whole copies of the model's parallelism.

    The number of ranks must be a positive multiple of tensor times pipeline
    parallelism. Reads the same counts as 4.6.1.
    """
    only(case, Division.OPEN)
    multiple = figures_of(case).shape.model_parallel
    seen: list[int] = []

    def check(leaf: Leaf) -> list[str]:
        recorded = list(dict.fromkeys(rank_counts(leaf).values()))
        seen.extend(recorded)
        return [f"{many} ranks" for many in recorded if many < 1 or many % multiple]

    return settled(
        case,
        over(invocations(case), check),
        expected=f"a multiple of {multiple} ranks (tensor x pipeline parallelism)",
        actual=f"{', '.join(map(str, dict.fromkeys(seen)))} ranks",
        where=_WHERE,
        fix=f"run a multiple of {multiple} processes",
    )
