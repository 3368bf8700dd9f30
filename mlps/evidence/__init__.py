"""Evidence: what a run recorded, in one declared HDF5 file per run.

`TABLES` is the declaration. Import `mlps.evidence.writer` or
`mlps.evidence.reader` for the file itself (they need h5py; this does not).
"""

from mlps.evidence.chain import CHAIN
from mlps.evidence.kernel_tables import KERNEL_TABLES
from mlps.evidence.run_tables import RUN_TABLES
from mlps.evidence.table import (
    ABSENT,
    CHUNK_ROWS,
    SCHEMA,
    Column,
    StructArray,
    Table,
    index,
    text,
)

CHAIN_TABLE = Table(
    CHAIN,
    "one appended block",
    (
        text("table", 32, "table the block was appended to", "writer"),
        index("first_row", "first row of the block", "writer"),
        index("rows", "rows of the block", "writer"),
        text("digest", 64, "SHA-256 over the previous digest and the block", "writer"),
    ),
)
TABLES = (*RUN_TABLES, *KERNEL_TABLES, CHAIN_TABLE)
BY_NAME = {table.name: table for table in TABLES}

__all__ = [
    "ABSENT",
    "BY_NAME",
    "CHAIN_TABLE",
    "CHUNK_ROWS",
    "SCHEMA",
    "TABLES",
    "Column",
    "StructArray",
    "Table",
]
