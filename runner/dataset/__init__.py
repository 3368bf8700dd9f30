"""Files of the dataset: generated, adopted, described by a manifest."""
