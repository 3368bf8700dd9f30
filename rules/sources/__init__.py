"""Reads stored results into records: one module for each thing that is read.

A source never follows a link out of the folder it was given, bounds what it reads,
and keeps going after damage: what it could not read is a text in the record.
"""
