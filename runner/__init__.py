"""Executes a plan under MPI and writes the evidence."""
