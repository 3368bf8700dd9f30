"""Comparing two plans or two results without claiming more than was measured."""
