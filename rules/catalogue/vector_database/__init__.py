"""Rules of vector databases, in the order they are reported."""

from rules.catalogue.vector_database.collection import (
    collection_populated,
    dataset_scale,
    dimension_consistency,
    index_build,
)
from rules.catalogue.vector_database.divisions import (
    checksum,
    closed_database,
    closed_index,
    closed_parameters,
    open_parameters,
)
from rules.catalogue.vector_database.recall import ground_truth, recall_reported
from rules.catalogue.vector_database.runs import (
    metrics_reported,
    query_count,
    run_count,
)
from rules.catalogue.vector_database.storage import (
    filesystems,
    object_backend,
    path_args,
)
from rules.rule import Rule

RULES: tuple[Rule, ...] = (
    dataset_scale,
    dimension_consistency,
    collection_populated,
    index_build,
    run_count,
    recall_reported,
    query_count,
    metrics_reported,
    ground_truth,
    path_args,
    filesystems,
    object_backend,
    checksum,
    closed_database,
    closed_index,
    closed_parameters,
    open_parameters,
)
