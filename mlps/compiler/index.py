"""The index of a sweep: one line for each plan."""

import hashlib
from collections.abc import Sequence

from mlps.plan import PlanDocument
from mlps.units import format_bytes

_HEAD = ("plan", "digest", "verdict", "ranks", "files", "size", "bandwidth needed")
_LEFT = 3


def index_name(docs: Sequence[PlanDocument]) -> str:
    """Name of the index file: the same for the same plans in the same order."""
    digests = "\n".join(doc.digest for doc in docs)
    return f"index-{hashlib.sha256(digests.encode()).hexdigest()[:8]}.txt"


def render_index(docs: Sequence[PlanDocument], verdicts: Sequence[str]) -> str:
    """Render the index, a heading first."""
    rows: list[tuple[str, ...]] = [_HEAD]
    rows += [_row(doc, verdict) for doc, verdict in zip(docs, verdicts, strict=True)]
    wide = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "".join(_line(row, wide) for row in rows)


def _row(doc: PlanDocument, verdict: str) -> tuple[str, ...]:
    derived = doc.plan.derived
    return (
        doc.plan.name,
        doc.digest.removeprefix("sha256:")[:8],
        verdict,
        str(derived.ranks),
        str(doc.plan.workload.dataset.files),
        format_bytes(derived.dataset_bytes),
        f"{format_bytes(derived.required_bandwidth_bytes_per_s)}/s",
    )


def _line(row: Sequence[str], wide: Sequence[int]) -> str:
    cells = [
        cell.ljust(width) if column < _LEFT else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, wide, strict=True))
    ]
    return "  ".join(cells).rstrip() + "\n"
