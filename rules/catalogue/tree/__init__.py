"""Rules about the structure of a submission, in the order they are reported."""

from rules.catalogue.tree.code_images import (
    code_folders,
    images,
    orphans,
    pointers,
    pool_layout,
)
from rules.catalogue.tree.definitions import (
    checkpointing_subsets,
    diagram,
    environment,
    free_space,
    logs,
    open_matches_closed,
    reference_digest,
    run_subsets,
    separate_filesystems,
    shared_destination,
    vocabulary,
)
from rules.catalogue.tree.editions import (
    checkable_edition,
    comparability_class,
    dlio_revision,
    rules_edition,
)
from rules.catalogue.tree.leaf_files import (
    checkpointing_config,
    checkpointing_files,
    checkpointing_table,
    datagen_config,
    datagen_files,
    run_config,
    run_files,
    run_table,
)
from rules.catalogue.tree.phases import (
    checkpointing_stamps,
    checkpointing_workloads,
    datagen_stamp,
    training_phases,
)
from rules.catalogue.tree.provenance import leaf_provenance, manifest
from rules.catalogue.tree.results import rollup, run_metadata
from rules.catalogue.tree.submitter import (
    categories,
    hierarchy,
    organisation_folders,
    submitter_folders,
    submitter_name,
    top_level,
)
from rules.catalogue.tree.system_config import system_config
from rules.catalogue.tree.systems import result_systems, system_files
from rules.rule import Rule

RULES: tuple[Rule, ...] = (
    hierarchy,
    environment,
    vocabulary,
    submitter_name,
    top_level,
    open_matches_closed,
    submitter_folders,
    organisation_folders,
    code_folders,
    pointers,
    images,
    orphans,
    pool_layout,
    reference_digest,
    system_files,
    result_systems,
    system_config,
    categories,
    training_phases,
    datagen_stamp,
    datagen_files,
    datagen_config,
    run_table,
    run_subsets,
    run_files,
    run_config,
    checkpointing_workloads,
    checkpointing_table,
    checkpointing_stamps,
    checkpointing_subsets,
    checkpointing_files,
    checkpointing_config,
    diagram,
    logs,
    leaf_provenance,
    manifest,
    run_metadata,
    rollup,
    rules_edition,
    comparability_class,
    dlio_revision,
    checkable_edition,
    free_space,
    shared_destination,
    separate_filesystems,
)
