"""How often an invocation wrote and read, and in which order: half of rule 4.7.1."""

from collections.abc import Sequence

from mlps.errors import NotRecordedError
from mlps.plan import Division
from rules.catalogue.checkpointing.recorded import counts, invocations, settled
from rules.catalogue.checkpointing.stamps import between_summaries
from rules.catalogue.leaves import over
from rules.finding import Outcome
from rules.recomputation.checkpoint_times import KINDS, checkpoint_times
from rules.rule import StoredCase, included, not_applicable
from rules.stored import Leaf
from rules.tables.checkpointing import Checkpointing

_WHERE = "parameters.checkpoint.num_checkpoints_write and _read; per-epoch files"
Done = list[tuple[int, int]]


def structure(case: StoredCase, found: Checkpointing) -> Outcome:
    """Judge the number, order and counts of the invocations of a CLOSED result."""
    if case.division is not Division.CLOSED:
        return not_applicable("OPEN may write and read any number")
    leaves = invocations(case)
    done: Done = []

    def check(leaf: Leaf) -> list[str]:
        done.append((counts(leaf, "write")[0], counts(leaf, "read")[0]))
        return [*_disagreeing(leaf, "write"), *_disagreeing(leaf, "read")]

    faults, gaps = over(leaves, check)
    expected, fix = _shape(found), _way_out(found)
    if not gaps and not faults and _is_half(found, done):
        return included(
            case,
            [f"there is no invocation beside {_say(done)}"],
            expected=expected,
            actual="",
            where=_WHERE,
            fix=fix,
        )
    if not gaps:
        faults += _odd(found, done) + _overlap(leaves, done)
    return settled(
        case,
        (faults, gaps),
        expected=expected,
        actual=_say(done),
        where=_WHERE,
        fix=fix,
    )


def _disagreeing(leaf: Leaf, phase: str) -> list[str]:
    """Name counts of a phase that are not the same everywhere in the leaf."""
    recorded = dict.fromkeys([*counts(leaf, phase), *_timed(leaf, phase)])
    if len(recorded) < 2:
        return []
    return [f"recorded {phase}s are {' and '.join(map(str, recorded))}"]


def _timed(leaf: Leaf, phase: str) -> list[int]:
    """How many checkpoints the first rank timed, where its times are there."""
    if not leaf.per_epoch or not leaf.per_epoch[0].readable:
        return []
    return [len(checkpoint_times(leaf.per_epoch[0], KINDS[phase]))]


def _say(done: Done) -> str:
    return ", then ".join(f"{w} writes and {r} reads" for w, r in done)


def _shape(found: Checkpointing) -> str:
    whole = f"{found.writes} writes and {found.reads} reads"
    if found.most_invocations is None:
        return f"{whole} in all"
    return (
        f"one invocation of {whole}, or one of {found.writes} writes and then one of"
        f" {found.reads} reads"
    )


def _way_out(found: Checkpointing) -> str:
    return (
        f"run one invocation with {found.writes} writes and {found.reads} reads, or"
        " two: writes only, then reads only"
    )


def _is_half(found: Checkpointing, done: Done) -> bool:
    return done in ([(found.writes, 0)], [(0, found.reads)])


def _odd(found: Checkpointing, done: Done) -> list[str]:
    writes, reads = found.writes, found.reads
    if found.most_invocations is None:
        total = (sum(w for w, _ in done), sum(r for _, r in done))
        return [] if total == (writes, reads) else [f"in all {_say([total])}"]
    if len(done) > found.most_invocations:
        return [f"{len(done)} invocations: {_say(done)}"]
    legal = done in ([(writes, reads)], [(writes, 0), (0, reads)])
    return [] if legal else [_say(done)]


def _overlap(leaves: Sequence[Leaf], done: Done) -> list[str]:
    """Say when reading began before writing ended, by DLIO's own clock."""
    if len(leaves) != 2 or done[0][1] or done[1][0]:
        return []
    try:
        apart = between_summaries(leaves[0], leaves[1], first="end", last="start")
    except NotRecordedError:
        return []
    if apart.seconds >= 0:
        return []
    return [f"reading began {-apart.seconds:.1f} s before writing ended"]
