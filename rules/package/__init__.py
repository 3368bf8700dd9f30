"""Sealing a campaign for submission: a folder that is checked without its maker."""
