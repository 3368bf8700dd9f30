"""The one declaration of every dataset in evidence.h5.

The writer creates from it, the reader validates against it, docs/evidence.md is
generated from it. A table is an HDF5 group, a column a dataset of it; all
columns of a table have the same number of rows. Changing it means a new SCHEMA.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

SCHEMA = "evidence/2"
CHUNK_ROWS = 512
ABSENT = 2**64 - 1
"""In a `u8` column: this kernel has no such counter. Never a zero."""

StructArray = npt.NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Column:
    """One dataset: numpy dtype (`u8`, `i8`, `f8`, `u1`, `S<n>` UTF-8), UCUM unit."""

    name: str
    dtype: str
    unit: str
    kind: str
    source: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """One group and what a row of it is."""

    name: str
    row: str
    columns: tuple[Column, ...]
    dtype: np.dtype[np.void] = field(init=False, compare=False, repr=False)
    """Structured dtype of a row as it travels and is hashed; made once: it costs."""

    def __post_init__(self) -> None:
        """Make the dtype of the columns."""
        dtype = np.dtype([(c.name, _little(c.dtype)) for c in self.columns])
        object.__setattr__(self, "dtype", dtype)


def index(name: str, meaning: str, source: str = "runner") -> Column:
    """Declare an identifying whole number."""
    return Column(name, "i8", "1", "index", source, meaning)


def text(name: str, size: int, meaning: str, source: str = "runner") -> Column:
    """Declare UTF-8 text of at most `size` bytes."""
    return Column(name, f"S{size}", "1", "text", source, meaning)


def gauge(name: str, unit: str, meaning: str, source: str = "runner") -> Column:
    """Declare a signed whole-number measurement."""
    return Column(name, "i8", unit, "gauge", source, meaning)


def counter(name: str, unit: str, meaning: str, source: str) -> Column:
    """Declare a cumulative kernel counter, stored as the kernel gave it."""
    return Column(name, "u8", unit, "counter", source, meaning)


def level(name: str, unit: str, meaning: str, source: str) -> Column:
    """Declare a kernel value that goes up and down."""
    return Column(name, "u8", unit, "gauge", source, meaning)


def _little(dtype: str) -> str:
    return dtype if dtype.startswith("S") or dtype == "u1" else "<" + dtype
