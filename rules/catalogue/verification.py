"""What the tool that ran a benchmark said of the division it qualifies for."""

from mlps.plan import Division
from rules.stored import Leaf

_GOOD = {
    Division.CLOSED: frozenset({"CLOSED"}),
    Division.OPEN: frozenset({"OPEN", "CLOSED"}),
}


def verified_worse(leaf: Leaf, division: Division) -> list[str]:
    """Fault when the tool's own verdict, in any case of letters, is below the claim.

    Read from verification in the metadata, which is null where the tool judged nothing.
    """
    if division not in _GOOD or not leaf.metadata.has("verification"):
        return []
    said = str(leaf.metadata.value("verification")).upper()
    if said in _GOOD[division]:
        return []
    return [f"the tool itself verified it as {said[:20]}"]
