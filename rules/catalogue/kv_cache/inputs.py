"""What rules of KV caches ask of an edition and of a division."""

from mlps.plan import Division
from rules.edition import Edition
from rules.rule import NotApplicableError, StoredCase
from rules.tables.kv_cache import KvCache

STUB = (
    "the official checker of KV caches is a stub: this check of the text is ours, on"
    " what a run records"
)


def table(edition: Edition) -> KvCache:
    """Figures of the edition."""
    if edition.kv_cache is None:
        raise NotApplicableError(f"edition {edition.edition} has no KV cache")
    return edition.kv_cache


def table_of(case: StoredCase, division: Division) -> KvCache:
    """Figures of the edition, for a rule of one division."""
    if case.division is not division:
        raise NotApplicableError(f"a rule of {division.value} submissions")
    return table(case.edition)
