"""Compiles asks into frozen plans and holds the plan and evidence data types."""
