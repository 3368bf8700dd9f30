"""Judges plans and evidence against the rules of an edition."""
