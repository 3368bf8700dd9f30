"""The training workload: flush, calibration, epochs, readers."""
