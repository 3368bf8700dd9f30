"""Composes asks with Hydra and freezes them into plans."""
