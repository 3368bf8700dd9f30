"""Rule 3.6.1: which benchmark code the runs of a closed result were taken with."""

import re
from collections.abc import Sequence

from mlps.errors import NotRecordedError
from mlps.plan import Division
from rules.catalogue.leaves import concluded, label, over
from rules.finding import Outcome
from rules.rule import Scope, StoredCase, included, not_applicable, stored_rule
from rules.stored import Leaf

_POINTER = re.compile(r"(?:[a-z0-9-]+:)?([0-9a-f]{32,64})")


@stored_rule(
    "3.6.1",
    "trainingClosedSubmissionChecksum",
    Scope.TRAINING,
    ours="No reference digest was ever published for any version, so the official"
    " comparison never ran, and later checkers say nothing here. What can be told is"
    " whether all runs of a result used one code and whether the tree holds it;"
    " two images in one result were accepted in the round, so that is a warning.",
)
def one_code(case: StoredCase) -> Sequence[Outcome] | Outcome:
    """Check that the runs of a closed result used one code image, found in the tree.

    Each run names its image by digest (.mlps-code-image, else the metadata); the
    image must be a folder code-<first 8 digits> of a pool in the tree.
    """
    if case.division is not Division.CLOSED:
        return not_applicable("code may change outside of CLOSED; judged by CHECK-01")
    runs = case.workload.runs
    digests: dict[str, str] = {}

    def check(leaf: Leaf) -> Sequence[str]:
        digests[label(leaf)] = _digest(leaf)
        return []

    faults, gaps = over(runs, check)
    if len(set(digests.values())) > 1:
        faults += [f"{name}: {digest[:8]}" for name, digest in digests.items()]
    same = concluded(
        (faults, gaps),
        runs,
        expected="one code image for all runs of the result",
        actual=f"{next(iter(digests.values()), '')[:8]} in {len(digests)} runs",
        where=".mlps-code-image; *_metadata.json: args._validated_pool_hash",
        fix="take all runs of a result with one version of the tool",
        severity="warning",
    )
    return [same, _resolved(case, digests)] if digests else same


def _digest(leaf: Leaf) -> str:
    """Digest of the code image that a run names."""
    if leaf.pointer.readable:
        text, where = leaf.pointer.text(), leaf.pointer.where
    elif leaf.metadata.has("args", "_validated_pool_hash"):
        text, where = leaf.metadata.text("args", "_validated_pool_hash"), "metadata"
    else:
        raise NotRecordedError(f"{leaf.pointer.where} {leaf.pointer.fault}")
    named = _POINTER.fullmatch(text.strip())
    if named is None:
        raise NotRecordedError(f"{where}: {text[:60]!r} is no digest of a code image")
    return named[1]


def _resolved(case: StoredCase, digests: dict[str, str]) -> Outcome:
    wanted = {f"code-{digest[:8]}" for digest in digests.values()}
    return included(
        case,
        sorted(wanted - case.tree.code_images),
        expected=f"{', '.join(sorted(wanted))} in a pool of code images",
        actual="all there",
        where=f"{case.tree.where}: code-images, or the organisation's folder",
        fix="submit the code images that the runs name",
    )
