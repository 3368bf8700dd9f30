"""How evidence lies in an HDF5 file: opened by the lowest calls, nothing trusted.

Whatever is not stored exactly as the writer stores it is an EvidenceError, before
anything of the size it claims is allocated. Filters are the writer's alone, so that
no plugin is ever loaded; a link is never followed out of the file.
"""

from dataclasses import dataclass
from functools import cache

import h5py
import numpy as np
import numpy.typing as npt
from h5py import h5a, h5d, h5f, h5g, h5l, h5o, h5s, h5t, h5z

from mlps.errors import EvidenceError
from mlps.evidence import chunk
from mlps.evidence.table import CHUNK_ROWS, Column, StructArray, Table

_BLOCK_BYTES = 4 * 2**20
_FILTERS = (h5z.FILTER_SHUFFLE, h5z.FILTER_DEFLATE, h5z.FILTER_FLETCHER32)


def open_file(path: bytes) -> h5f.FileID:
    """Open read-only and without locks; EvidenceError for a file with a prologue."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_file_locking(False, True)
    access.set_cache(0, 0, 0, 0.0)  # each chunk is read once: nothing to keep
    file = h5f.open(path, h5f.ACC_RDONLY, fapl=access)
    if file.get_create_plist().get_userblock():
        raise EvidenceError("has a user block before the data")
    return file


def text_attribute(file: h5f.FileID, name: str) -> str | None:
    """One text attribute of the root, None when there is none such."""
    if not h5a.exists(file, name.encode()):
        return None
    attribute = h5a.open(file, name.encode())
    shape = attribute.get_space().get_simple_extent_type()
    if shape != h5s.SCALAR or attribute.get_type().get_class() != h5t.STRING:
        return None
    value = np.empty((), dtype=attribute.dtype)
    attribute.read(value)
    found = value.item()
    return found.decode(errors="replace") if isinstance(found, bytes) else str(found)


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table whose datasets were checked; nothing of it is read yet."""

    table: Table
    rows: int
    datasets: tuple[h5d.DatasetID, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes of all rows in memory."""
        return self.rows * self.table.dtype.itemsize

    def read(self) -> StructArray:
        """All rows, column after column, chunk after chunk."""
        rows = np.zeros(self.rows, dtype=self.table.dtype)
        for column, dataset in zip(self.table.columns, self.datasets, strict=True):
            values = rows[column.name]
            try:
                _fill(values, dataset)
            except EvidenceError as error:
                place = f"/{self.table.name}/{column.name}"
                raise EvidenceError(f"{place} {error}") from error
        return rows


def _fill(values: npt.NDArray[np.generic], dataset: h5d.DatasetID) -> None:
    item = values.dtype.itemsize
    each = max(_BLOCK_BYTES // item // CHUNK_ROWS, 1) * CHUNK_ROWS
    for first in range(0, len(values), each):
        part = values[first : first + each]
        chunks = []
        for place in range(first, first + len(part), CHUNK_ROWS):
            skipped, stored = dataset.read_direct_chunk((place,))
            if skipped:
                raise EvidenceError("has a chunk that skips filters")
            chunks.append(chunk.inflated(stored, item))
        part[:] = chunk.values(chunks, values.dtype)[: len(part)]


def stored_table(file: h5f.FileID, table: Table) -> StoredTable:
    """Open and check the datasets of one table."""
    group = _ordinary(file, table.name, "", h5g.GroupID)
    place = f"/{table.name}"
    datasets = tuple(
        _ordinary(group, column.name, place, h5d.DatasetID) for column in table.columns
    )
    lengths = {
        _checked(dataset, column, f"{place}/{column.name}")
        for dataset, column in zip(datasets, table.columns, strict=True)
    }
    if len(lengths) != 1:
        raise EvidenceError(
            f"{place}: columns have different lengths {sorted(lengths)}"
        )
    return StoredTable(table, lengths.pop(), datasets)


def _ordinary(
    parent: h5g.GroupID, name: str, inside: str, kind: type
) -> h5g.GroupID | h5d.DatasetID:
    key, place = name.encode(), f"{inside}/{name}"
    try:
        link = parent.links.get_info(key)
    except KeyError as error:
        raise EvidenceError(f"{place} is missing") from error
    if link.type != h5l.TYPE_HARD:
        raise EvidenceError(f"{place} is a link elsewhere")
    found = h5o.open(parent, key)
    if not isinstance(found, kind):
        raise EvidenceError(f"{place} is not a {kind.__name__.lower()[:-2]}")
    return found


def _checked(dataset: h5d.DatasetID, column: Column, place: str) -> int:
    """Check how a dataset is stored; give its rows."""
    plan, space = dataset.get_create_plist(), dataset.get_space()
    if plan.get_layout() != h5d.CHUNKED or space.get_simple_extent_ndims() != 1:
        raise EvidenceError(f"{place} is not stored as declared")
    if plan.get_chunk() != (CHUNK_ROWS,) or plan.get_external_count():
        raise EvidenceError(f"{place} is not stored as declared")
    if not dataset.get_type().equal(_stored_type(column.dtype)):
        raise EvidenceError(f"{place} is {dataset.dtype}, declared {column.dtype}")
    filters = tuple(plan.get_filter(n)[0] for n in range(plan.get_nfilters()))
    if filters != _FILTERS:
        raise EvidenceError(f"{place} has filters {filters}, the writer's: {_FILTERS}")
    rows = int(space.get_simple_extent_dims()[0])
    chunks = -(-rows // CHUNK_ROWS)
    if dataset.get_num_chunks() != chunks:
        raise EvidenceError(f"{place} claims {rows} rows that are not there")
    stored, item = dataset.get_storage_size(), dataset.get_type().get_size()
    if stored > chunks * chunk.largest_bytes(item):
        raise EvidenceError(f"{place} stores {stored} bytes for {rows} rows of {item}")
    return rows


@cache
def _stored_type(dtype: str) -> h5t.TypeID:
    little = dtype if dtype.startswith("S") or dtype == "u1" else "<" + dtype
    return h5t.py_create(np.dtype(little), logical=True)
