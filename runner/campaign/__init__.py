"""Rank 0's desk: the campaign's files, its runs and phases, and what people see."""
