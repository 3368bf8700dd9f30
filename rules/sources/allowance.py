"""How much of a stranger's content is kept in memory at a time."""

from collections.abc import Mapping
from dataclasses import replace

from rules.stored import Document

KEPT_BYTES = 128 * 2**20
_VALUE_BYTES = 96
_CHARACTER_BYTES = 4
_HOST_KEYS = ("hostname", "memory", "cpu", "collection_timestamp")


class Allowance:
    """What the documents of one workload may weigh together."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        """Nothing is kept yet."""
        self._limit_bytes = self._left_bytes = kept_bytes

    def keep(self, document: Document) -> Document:
        """Keep a document, or a fault in its place once there is no room."""
        slim = _slimmed(document.content)
        cost_bytes = _weight(slim, self._left_bytes)
        if cost_bytes > self._left_bytes:
            limit = self._limit_bytes // 2**20
            return Document(
                where=document.where,
                fault=f"left out: its workload's files are larger than {limit} MiB",
            )
        self._left_bytes -= cost_bytes
        return replace(document, content=slim)


def _slimmed(content: object) -> object:
    """Drop what no rule reads of a host: counters of every disk and interface."""
    if not isinstance(content, dict):
        return content
    snapshots = content.get("cluster_snapshots")
    places = [content, *([snapshots] if isinstance(snapshots, dict) else [])]
    for place in places:
        for key in ("system_info", "start", "end"):
            found = place.get(key)
            if isinstance(found, dict) and isinstance(found.get("hosts"), list):
                found["hosts"] = [_host(host) for host in found["hosts"]]
    return content


def _host(host: object) -> object:
    if not isinstance(host, Mapping):
        return host
    return {key: host[key] for key in _HOST_KEYS if key in host}


def _weight(content: object, limit_bytes: int) -> int:
    """Bytes a value takes, roughly and rather too many; counting stops at the limit."""
    weight, stack = 0, [content]
    while stack and weight <= limit_bytes:
        value = stack.pop()
        weight += _VALUE_BYTES
        if isinstance(value, str):
            weight += _CHARACTER_BYTES * len(value)
        elif isinstance(value, dict):
            stack.extend(value)
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
    return weight
