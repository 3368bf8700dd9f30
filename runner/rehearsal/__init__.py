"""Checks of the ground under a plan, and the rehearsal that runs them all."""
