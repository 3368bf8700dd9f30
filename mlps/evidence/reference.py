"""Renders docs/evidence.md from the declaring table: `make docs`."""

import sys

from mlps.evidence import CHUNK_ROWS, SCHEMA, TABLES
from mlps.evidence.table import Table

_HEAD = f"""# The evidence file

One HDF5 file per run, `evidence.h5`, schema `{SCHEMA}`. This page is generated
from the table that the writer creates from and the reader validates against
(`mlps/evidence/`); `make docs` writes it anew.

* A table is a group, a column a one-dimensional dataset of it. All columns of a
  table are equally long and share the dimension `row`.
* Counters are raw and cumulative, as the kernel gave them. The largest `u8` value
  (2^64 - 1) means that this kernel has no such counter; nothing missing is a zero.
* Times are the recording rank's monotonic clock in ns. `/clock` holds the offset
  of each rank's clock to rank 0's and its error bound: corrected = time + offset.
  Wall clock appears where the column says so.
* Text is UTF-8 in fixed width. Chunks of {CHUNK_ROWS} rows, gzip, shuffle and
  fletcher32 (a flipped bit in the data raises on reading).
* `/chain` binds each appended block to all before it: digest = SHA-256 of the
  previous digest, table name, first row, row count, and the little-endian bytes
  of the block, column after column. It proves that tables were not changed after
  they were written, not that they were measured honestly.
* Latency bucket b of a duration of v ns: v itself below 256, else
  `128 * e + (v >> e)` with `e = bit_length(v) - 8`: at most 0.8 % wide, merged by
  adding counts.

Read it with anything:

```python
import h5py
import pandas

with h5py.File("evidence.h5") as f:
    columns = [name for name in f["steps"] if name != "row"]
    steps = pandas.DataFrame({{name: f["steps"][name][:] for name in columns}})
```
or `xarray.open_dataset("evidence.h5", group="steps", engine="h5netcdf")`.
"""


def render() -> str:
    """Render the whole page."""
    return _HEAD + "".join(_render_table(table) for table in TABLES)


def _render_table(table: Table) -> str:
    rows = "".join(
        f"| {c.name} | {c.dtype} | {c.unit} | {c.kind} | {c.source} | {c.meaning} |\n"
        for c in table.columns
    )
    return (
        f"\n## /{table.name}\n\nA row is {table.row}.\n\n"
        "| column | type | unit | kind | source | meaning |\n"
        f"|---|---|---|---|---|---|\n{rows}"
    )


if __name__ == "__main__":
    sys.stdout.write(render())
