"""Writes evidence.h5: one writer, append only, replaced as a whole at each flush.

HDF5 changes a file in place, so a process killed while it flushes leaves a file
that can't be read (20 of 25 tries). The file is therefore built in memory and
each flush writes the whole image to a temporary name, syncs and renames: at any
moment the file on disk is complete and consistent. The same rows in the same
blocks give the same bytes.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

import h5py
import numpy as np

from mlps.atomic import replace_file
from mlps.evidence import BY_NAME, CHAIN_TABLE, CHUNK_ROWS, SCHEMA, TABLES
from mlps.evidence.chain import GENESIS, link
from mlps.evidence.table import StructArray, Table

_GZIP_LEVEL = 1
_DIMENSION_ONLY = "This is a netCDF dimension but not a netCDF variable."


class EvidenceWriter:
    """An open evidence file. Rows are held until `settle`, then appended as blocks."""

    def __init__(self, path: Path) -> None:
        """Create the file with every declared dataset, empty; never overwrite."""
        if path.exists():
            raise FileExistsError(f"{path}: evidence is never overwritten")
        self._path = path
        self._file = h5py.File(
            path, "w", driver="core", backing_store=False, track_order=True
        )
        self._file.attrs["mlps_schema"] = SCHEMA
        self._file.attrs["Conventions"] = "CF-1.11"
        self._file.attrs["ticks_per_second"] = os.sysconf("SC_CLK_TCK")
        self._pending: dict[str, list[bytes]] = {}
        self._head = GENESIS
        for table in TABLES:
            _create(self._file, table)
        self.image_bytes = self._replace()

    def append(self, table: str, rows: StructArray) -> None:
        """Take rows of the table's dtype; they reach the disk at the next flush."""
        wanted = BY_NAME[table].dtype
        if rows.dtype != wanted:
            raise ValueError(f"table {table!r}: rows are {rows.dtype}, not {wanted}")
        self.append_bytes(table, rows.tobytes())

    def append_bytes(self, table: str, rows: bytes) -> None:
        """Take rows as they travel. Joined as bytes: arrays cost more to join."""
        size = BY_NAME[table].dtype.itemsize
        if len(rows) % size:
            text = f"{len(rows)} bytes are no rows of {size}"
            raise ValueError(f"table {table!r}: {text}")
        if rows:
            self._pending.setdefault(table, []).append(rows)

    def settle(self) -> None:
        """Append what is held to the image, one block per table; extend the chain.

        Rows take a tenth of their size there, so it pays to do it often.
        """
        links: list[tuple[bytes, int, int, bytes]] = []
        for name, parts in self._pending.items():
            table = BY_NAME[name]
            rows = np.frombuffer(b"".join(parts), table.dtype)
            first = _extend(self._file[name], table, rows)
            self._head = link(self._head, table, first, rows)
            links.append((name.encode(), first, len(rows), self._head.encode()))
        self._pending = {}
        if links:
            rows = np.array(links, dtype=CHAIN_TABLE.dtype)
            _extend(self._file[CHAIN_TABLE.name], CHAIN_TABLE, rows)
            self._is_stored = False

    def flush(self) -> None:
        """Settle, and replace the file on disk if there is anything new."""
        self.settle()
        if not self._is_stored:
            self.image_bytes = self._replace()

    @property
    def head(self) -> str:
        """Digest of the last block written."""
        return self._head

    def close(self) -> None:
        """Flush and close."""
        self.flush()
        self._file.close()

    def _replace(self) -> int:
        """Replace the file on disk by the image in memory, atomically."""
        self._is_stored = True
        self._file.flush()
        image = self._file.id.get_file_image()
        replace_file(self._path, image)
        return len(image)

    def __enter__(self) -> Self:
        """Return the writer itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close, also after an error: what was held is still evidence."""
        self.close()


def _create(file: h5py.File, table: Table) -> None:
    group = file.create_group(table.name, track_order=True)
    group.attrs["long_name"] = table.row
    row = group.create_dataset(
        "row", shape=(0,), maxshape=(None,), dtype="u1", chunks=(CHUNK_ROWS,)
    )
    row.make_scale(_DIMENSION_ONLY)
    for column in table.columns:
        dataset = group.create_dataset(
            column.name,
            shape=(0,),
            maxshape=(None,),
            dtype=table.dtype[column.name],
            chunks=(CHUNK_ROWS,),
            compression="gzip",
            compression_opts=_GZIP_LEVEL,
            shuffle=True,
            fletcher32=True,
        )
        dataset.attrs["units"] = column.unit
        dataset.attrs["long_name"] = column.meaning
        dataset.attrs["source"] = column.source
        dataset.attrs["kind"] = column.kind
        dataset.dims[0].attach_scale(row)


def _extend(group: h5py.Group, table: Table, rows: StructArray) -> int:
    first = int(group["row"].shape[0])
    group["row"].resize((first + len(rows),))
    for column in table.columns:
        dataset = group[column.name]
        dataset.resize((first + len(rows),))
        dataset[first:] = rows[column.name]
    return first
