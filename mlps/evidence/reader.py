"""Reads evidence.h5 from strangers: validate first, allocate after.

A file is accepted only when every declared dataset is there, stored as the writer
stores it, backed by chunks that really are in the file, and when all of it fits the
budget. Whatever else is wrong is an EvidenceError.
"""

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mlps.errors import EvidenceError, NotRecordedError
from mlps.evidence import BY_NAME, CHAIN_TABLE, SCHEMA, TABLES, chain
from mlps.evidence.memory_limit import growth_limited
from mlps.evidence.storage import (
    StoredTable,
    open_file,
    stored_table,
    text_attribute,
)
from mlps.evidence.table import StructArray

BUDGET_BYTES = 128 * 2**20
"""Rows of all tables in memory. Judging takes up to three times as much (masks and
sorted copies of the largest table) and stays below 512 MiB, interpreter included."""
_MORE = "mlps verify --max-evidence-mib allows more"
_FRAME_BYTES = 16 * 2**20
_WORK_BYTES = 128 * 2**20
_MAX_RECORDS = 2**15
_RECORDS = "run outcome hosts mounts ranks clock phases flushes dataset direct_io"
_MAX_ROWS = {"plan": 4 * 2**20, **dict.fromkeys(_RECORDS.split(), _MAX_RECORDS)}
"""Tables that are kept whole, or of which each row becomes an object of its own."""

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
        return chain.fault(self.tables, BY_NAME)

    @property
    def chain_head(self) -> str:
        """Digest of the last block."""
        return self.text(CHAIN_TABLE.name, "digest", -1)


def read(path: Path, budget_bytes: int = BUDGET_BYTES) -> Evidence:
    """Read and validate an evidence file; EvidenceError names place and fault.

    `budget_bytes` bounds the rows of all tables together; what is over it is
    refused by its headers, before a row is read.
    """
    try:
        with growth_limited(budget_bytes + _WORK_BYTES):
            return Evidence(str(path), _read(path, budget_bytes))
    except EvidenceError as error:
        raise EvidenceError(f"{path}: {error}") from error
    except (
        OSError,
        KeyError,
        ValueError,
        RuntimeError,
        TypeError,
        MemoryError,
    ) as error:
        text = " ".join(str(error).split())[:200] or type(error).__name__
        raise EvidenceError(f"{path}: damaged or no evidence file: {text}") from error


def _read(path: Path, budget_bytes: int) -> dict[str, StructArray]:
    _check_size(path.stat().st_size, budget_bytes)
    file = open_file(os.fsencode(path))
    schema = text_attribute(file, "mlps_schema")
    if schema != SCHEMA:
        said = "no text" if schema is None else repr(schema[:40])
        raise EvidenceError(f"mlps_schema is {said}; this mlps reads {SCHEMA!r}")
    stored = [stored_table(file, table) for table in TABLES]
    _check_rows(stored, budget_bytes)
    return {table.table.name: table.read() for table in stored}


def _check_size(file_bytes: int, budget_bytes: int) -> None:
    """Refuse by size alone: no header in a file can claim more than the file has."""
    if file_bytes > budget_bytes + _FRAME_BYTES:
        raise EvidenceError(
            f"a file of {file_bytes} bytes; rows may take {budget_bytes} bytes, and"
            f" their frame {_FRAME_BYTES} ({_MORE})"
        )


def _check_rows(stored: Sequence[StoredTable], budget_bytes: int) -> None:
    # 10,000 ranks close more phases than the default allows: more memory, more rows.
    scale = max(budget_bytes // BUDGET_BYTES, 1)
    for table in stored:
        name, most = table.table.name, _MAX_ROWS.get(table.table.name)
        if most is not None and table.rows > most * scale:
            raise EvidenceError(
                f"/{name} has {table.rows} rows, more than {most * scale} ({_MORE})"
            )
    total = sum(table.size_bytes for table in stored)
    if total > budget_bytes:
        largest = max(stored, key=lambda table: table.size_bytes)
        raise EvidenceError(
            f"its rows take {total} bytes of memory, the limit is {budget_bytes};"
            f" most in /{largest.table.name}: {largest.rows} rows,"
            f" {largest.size_bytes} bytes ({_MORE})"
        )
