"""Compiles asks into frozen plans and holds the plan and evidence data types."""

__version__ = "0.3.0"
