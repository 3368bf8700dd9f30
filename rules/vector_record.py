"""Where the numbers of a vector database stand in a leaf, source by source.

Several clients write a summary.json. A single one writes config.json, statistics.json
and recall_stats.json, and its data generation nothing but metadata.
"""

from collections.abc import Mapping

from mlps.errors import NotRecordedError
from rules.stored import MISSING, Document, Leaf

Source = tuple[Document, tuple[str, ...]]
_MEANS = ("mean_recall", "recall_at_k", "recall", "max_recall")


def first(*sources: Source) -> Source:
    """First source that has something; NotRecordedError names the first of all."""
    for document, keys in sources:
        if document.has(*keys):
            return document, keys
    document, keys = sources[0]
    names = ", ".join(other.where for other, _ in sources[1:])
    fault = document.fault or f"has no {'.'.join(keys)}"
    raise NotRecordedError(
        f"{document.where} {fault}" + (f", nor is it in {names}" if names else "")
    )


def file(leaf: Leaf, name: str) -> Document:
    """File of that name in the leaf, the one nearest to its top."""
    found = [path for path in leaf.extra if path.rpartition("/")[2] == name]
    if found:
        return leaf.extra[min(found, key=lambda path: (path.count("/"), path))]
    return Document(where=f"{leaf.where}/{name}", fault=MISSING)


def measured(leaf: Leaf) -> Document:
    """summary.json, or where the tool wrote none, the statistics of its one client."""
    statistics = file(leaf, "statistics.json")
    if leaf.summary.missing and not statistics.missing:
        return statistics
    return leaf.summary


def dimension(leaf: Leaf) -> int:
    """Dimension of the vectors that were queried or loaded."""
    document, keys = first(
        (leaf.summary, ("dimension",)),
        (file(leaf, "config.json"), ("vector_dim",)),
        (leaf.metadata, ("args", "vector_dim")),
        (leaf.metadata, ("args", "dimension")),
    )
    return document.whole(*keys)


def index_type(leaf: Leaf) -> str:
    """Index type that was built or queried."""
    document, keys = first(
        (leaf.summary, ("index_type",)),
        (file(leaf, "config.json"), ("index_type",)),
        (leaf.metadata, ("args", "index_type")),
        (leaf.metadata, ("args", "vdb_index")),
    )
    return document.text(*keys)


def database(leaf: Leaf) -> str:
    """Database engine, in lower case."""
    document, keys = first(
        (leaf.summary, ("database", "database")),
        (leaf.metadata, ("args", "vdb_engine")),
    )
    return document.text(*keys).lower()


def vectors(leaf: Leaf) -> int:
    """Vectors of the collection that was queried or declared for loading."""
    document, keys = first(
        (leaf.summary, ("num_vectors",)),
        (leaf.verdict, ("flat_setup", "total_vectors")),
        (leaf.metadata, ("args", "num_vectors")),
    )
    return document.whole(*keys)


def recall(leaf: Leaf) -> tuple[float, str]:
    """Mean recall of a run, between 0 and 1, and the file it stands in."""
    sources = (
        (leaf.summary, "recall"),
        (file(leaf, "recall_stats.json"), ""),
        (file(leaf, "statistics.json"), "recall"),
        (leaf.verdict, "recall_summary"),
    )
    for document, key in sources:
        keys = (key,) if key else ()
        if not document.has(*keys):
            continue
        if not isinstance(document.value(*keys), Mapping):
            return document.number(*keys), document.where
        named = first(*((document, (*keys, mean)) for mean in _MEANS))
        return document.number(*named[1]), document.where
    raise NotRecordedError(
        f"no recall in {leaf.summary.where} ({leaf.summary.fault or 'not there'}),"
        " recall_stats.json or statistics.json"
    )


def queries(leaf: Leaf) -> float:
    """Count the queries that a run issued, or take rate times time."""
    document = measured(leaf)
    for key in ("query_count", "total_queries"):
        if document.has(key):
            return document.number(key)
    return document.number("throughput_qps") * document.number("total_time_seconds")


def holds_results(leaf: Leaf) -> bool:
    """Whether the leaf holds any result at all."""
    documents = (leaf.summary, leaf.metadata, *leaf.extra.values())
    return any(document.readable for document in documents)
