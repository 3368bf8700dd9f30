"""What rules of vector databases ask of an edition and of a system."""

from rules.edition import Edition
from rules.rule import NotApplicableError, StoredCase
from rules.stored import Leaf
from rules.tables.vector_database import VectorDatabase


def table(edition: Edition) -> VectorDatabase:
    """Figures of the edition."""
    if edition.vector_database is None:
        raise NotApplicableError(f"edition {edition.edition} has no vector database")
    return edition.vector_database


def takes_objects(case: StoredCase, leaf: Leaf) -> bool:
    """Whether the database stores in objects, by the system's description or args."""
    keys = ("system_under_test", "solution", "architecture", "benchmark_API")
    for document, path in (
        (case.workload.description, keys),
        (leaf.metadata, ("args", "data_access_protocol")),
    ):
        if document.has(*path):
            return document.value(*path) == "object"
    return False
