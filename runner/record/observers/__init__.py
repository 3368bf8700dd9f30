"""Hosts without ranks, sampled over ssh by the process that writes the evidence.

One connection per host, asked for one sample per interval: a host that answers
late, wrongly or not at all costs no rank anything and is an event of its own.
"""
