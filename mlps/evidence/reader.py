"""Reads evidence.h5 from strangers: validate first, allocate after.

A file is accepted only when every declared dataset is there, ordinary (no
external, soft or virtual storage), chunked as declared and backed by chunks
that really are in the file. Whatever else is wrong is an EvidenceError.
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from mlps.errors import EvidenceError, NotRecordedError
from mlps.evidence import BY_NAME, CHAIN_TABLE, CHUNK_ROWS, SCHEMA, TABLES
from mlps.evidence.chain import GENESIS, link
from mlps.evidence.table import Column, StructArray, Table

MAX_TABLE_BYTES = 2**30

Columns = Mapping[str, npt.NDArray[np.generic]]


class Evidence:
    """The validated tables of one run, read whole into memory."""

    def __init__(self, where: str, tables: Mapping[str, StructArray]) -> None:
        """Hold the tables; use `read` for a file."""
        self.where = where
        self.tables = tables

    def rows(self, table: str) -> StructArray:
        """All rows of a table; NotRecordedError when it has none."""
        rows = self.tables[table]
        if not len(rows):
            raise NotRecordedError(f"{self.where}: /{table} has no rows")
        return rows

    @property
    def plan_bytes(self) -> bytes:
        """The exact plan.yaml that was executed."""
        return self.tables["plan"]["byte"].tobytes()

    def text(self, table: str, column: str, row: int = 0) -> str:
        """One text value."""
        value: bytes = self.rows(table)[column][row]
        return value.decode(errors="replace")

    @cached_property
    def outcome(self) -> str:
        """`complete`, `aborted`, or `unfinished` when no outcome was written."""
        rows = self.tables["outcome"]
        return rows["outcome"][-1].decode() if len(rows) else "unfinished"

    @cached_property
    def chain_fault(self) -> str | None:
        """Where the hash chain breaks, or None when it is whole."""
        return _chain_fault(self.tables)

    @property
    def chain_head(self) -> str:
        """Digest of the last block."""
        return self.text(CHAIN_TABLE.name, "digest", -1)


def read(path: Path) -> Evidence:
    """Read and validate an evidence file; EvidenceError names place and fault."""
    try:
        with h5py.File(path, "r", locking=False) as file:
            if file.attrs.get("mlps_schema") != SCHEMA:
                raise EvidenceError(
                    f"{path}: mlps_schema is {file.attrs.get('mlps_schema')!r};"
                    f" this mlps reads {SCHEMA!r}"
                )
            tables = {t.name: _read_table(file, t, path) for t in TABLES}
    except EvidenceError:
        raise
    except (OSError, KeyError, ValueError, RuntimeError, TypeError) as error:
        text = " ".join(str(error).split())[:200]
        raise EvidenceError(f"{path}: damaged or no evidence file: {text}") from error
    return Evidence(str(path), tables)


def _read_table(file: h5py.File, table: Table, path: Path) -> StructArray:
    group = _ordinary(file, table.name, h5py.Group, path)
    datasets = [
        (c, _checked(_ordinary(group, c.name, h5py.Dataset, path), c, path))
        for c in table.columns
    ]
    lengths = {int(dataset.shape[0]) for _, dataset in datasets}
    if len(lengths) != 1:
        raise EvidenceError(
            f"{path}: /{table.name}: columns have different lengths {sorted(lengths)}"
        )
    count = lengths.pop()
    if count * table.dtype.itemsize > MAX_TABLE_BYTES:
        raise EvidenceError(
            f"{path}: /{table.name}: {count} rows are more than this reader takes"
        )
    rows = np.zeros(count, dtype=table.dtype)
    for column, dataset in datasets:
        if count:
            rows[column.name] = dataset[:]
    return rows


def _ordinary(
    parent: h5py.Group, name: str, kind: type, path: Path
) -> h5py.Group | h5py.Dataset:
    found = parent.get(name, getlink=True)
    if not isinstance(found, h5py.HardLink):
        raise EvidenceError(
            f"{path}: {parent.name.rstrip('/')}/{name} is missing or a link elsewhere"
        )
    item = parent[name]
    if not isinstance(item, kind):
        raise EvidenceError(f"{path}: {item.name} is not a {kind.__name__.lower()}")
    return item


def _checked(dataset: h5py.Dataset, column: Column, path: Path) -> h5py.Dataset:
    expected = np.dtype(column.dtype)
    if dataset.ndim != 1 or dataset.chunks != (CHUNK_ROWS,):
        raise EvidenceError(f"{path}: {dataset.name} is not stored as declared")
    if dataset.dtype.kind != expected.kind or dataset.dtype.itemsize != (
        expected.itemsize
    ):
        raise EvidenceError(
            f"{path}: {dataset.name} is {dataset.dtype}, declared {expected}"
        )
    if dataset.external or dataset.is_virtual:
        raise EvidenceError(f"{path}: {dataset.name} is stored in another file")
    chunks = -(-int(dataset.shape[0]) // CHUNK_ROWS)
    if dataset.id.get_num_chunks() != chunks:
        raise EvidenceError(
            f"{path}: {dataset.name} claims {dataset.shape[0]} rows that are not there"
        )
    return dataset


def _chain_fault(tables: Mapping[str, StructArray]) -> str | None:
    head = GENESIS
    next_row = dict.fromkeys(tables, 0)
    for number, block in enumerate(tables[CHAIN_TABLE.name]):
        name = block["table"].decode(errors="replace")
        first, count = int(block["first_row"]), int(block["rows"])
        if name not in BY_NAME or name == CHAIN_TABLE.name:
            return f"block {number} names an unknown table {name!r}"
        if first != next_row[name] or first + count > len(tables[name]) or count < 1:
            return f"block {number}: rows {first}+{count} of /{name} are out of place"
        next_row[name] = first + count
        head = link(head, BY_NAME[name], first, tables[name][first : first + count])
        if head.encode() != block["digest"]:
            return f"block {number}: /{name} rows {first}..{first + count - 1} changed"
    for name, rows in tables.items():
        if name != CHAIN_TABLE.name and next_row[name] != len(rows):
            return f"/{name} has {len(rows) - next_row[name]} rows outside the chain"
    return None
