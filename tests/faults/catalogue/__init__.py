"""All faults, in the order of the table."""

from tests.faults.catalogue import data, processes, results, surroundings

FAULTS = (
    *processes.FAULTS,
    *data.FAULTS,
    *results.FAULTS,
    *surroundings.FAULTS,
)
