"""The hash chain: each appended block is bound to all blocks before it.

It shows that the tables were not changed since they were written; it can't show
that what was written was measured honestly.
"""

import hashlib

import numpy as np

from mlps.evidence.table import StructArray, Table

CHAIN = "chain"
GENESIS = hashlib.sha256(b"mlps evidence/1").hexdigest()


def link(previous: str, table: Table, first_row: int, rows: StructArray) -> str:
    """Digest of a block: previous digest, its place, then column after column."""
    digest = hashlib.sha256()
    digest.update(f"{previous}\n{table.name}\n{first_row}\n{len(rows)}\n".encode())
    for column in table.columns:
        digest.update(np.ascontiguousarray(rows[column.name]).tobytes())
    return digest.hexdigest()
