"""Hydra groups: what can be asked for."""
