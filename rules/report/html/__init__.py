"""The report as one self-contained page: no network, complete without its script."""
