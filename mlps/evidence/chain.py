"""The hash chain: each appended block is bound to all blocks before it.

It shows that the tables were not changed since they were written; it can't show
that what was written was measured honestly.
"""

import hashlib
from collections.abc import Mapping

import numpy as np

from mlps.evidence.table import StructArray, Table

CHAIN = "chain"
GENESIS = hashlib.sha256(b"mlps evidence/1").hexdigest()
_PIECE_BYTES = 4 * 2**20


def link(previous: str, table: Table, first_row: int, rows: StructArray) -> str:
    """Digest of a block: previous digest, its place, then column after column."""
    digest = hashlib.sha256()
    digest.update(f"{previous}\n{table.name}\n{first_row}\n{len(rows)}\n".encode())
    for column in table.columns:
        values = rows[column.name]
        # In pieces: a block may be a whole table, and a copy of it would double it.
        each = _PIECE_BYTES // values.dtype.itemsize
        for first in range(0, len(values), each):
            digest.update(np.ascontiguousarray(values[first : first + each]).data)
    return digest.hexdigest()


def fault(
    tables: Mapping[str, StructArray], declared: Mapping[str, Table]
) -> str | None:
    """Say where the chain of the tables breaks; None when it is whole."""
    head = GENESIS
    next_row = dict.fromkeys(tables, 0)
    for number, block in enumerate(tables[CHAIN]):
        name = block["table"].decode(errors="replace")
        first, count = int(block["first_row"]), int(block["rows"])
        if name not in declared or name == CHAIN:
            return f"block {number} names an unknown table {name!r}"
        if first != next_row[name] or first + count > len(tables[name]) or count < 1:
            return f"block {number}: rows {first}+{count} of /{name} are out of place"
        next_row[name] = first + count
        head = link(head, declared[name], first, tables[name][first : first + count])
        if head.encode() != block["digest"]:
            return f"block {number}: /{name} rows {first}..{first + count - 1} changed"
    for name, rows in tables.items():
        if name != CHAIN and next_row[name] != len(rows):
            return f"/{name} has {len(rows) - next_row[name]} rows outside the chain"
    return None
