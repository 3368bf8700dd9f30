"""Rules about published training results (2.1.11 to 2.1.18, 3.*).

Where a rule of the same id judges our own plans and runs, it is extended here.
"""

from rules.catalogue.training.aggregation import aggregation
from rules.catalogue.training.code import one_code
from rules.catalogue.training.dataset import (
    dataset_size,
    datasize_usage,
    generated_size,
)
from rules.catalogue.training.hosts import (
    accelerators_per_node,
    capability,
    shared_data,
    single_client,
    single_host,
)
from rules.catalogue.training.matching import run_data
from rules.catalogue.training.parameters import closed_parameters, open_parameters
from rules.catalogue.training.paths import file_systems, path_arguments
from rules.catalogue.training.runs import published_run_count, published_run_gap
from rules.catalogue.training.utilization import utilization
from rules.catalogue.training.workload import workload
from rules.rule import Rule

RULES: tuple[Rule, ...] = (
    workload,
    published_run_count,
    published_run_gap,
    datasize_usage,
    dataset_size,
    generated_size,
    run_data,
    utilization,
    single_host,
    single_client,
    shared_data,
    accelerators_per_node,
    capability,
    aggregation,
    path_arguments,
    file_systems,
    one_code,
    closed_parameters,
    open_parameters,
)
