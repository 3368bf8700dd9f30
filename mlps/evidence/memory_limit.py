"""A limit on what this process may allocate while a library reads a stranger's file.

HDF5 allocates some lengths as the file claims them (4 GiB for one text attribute)
and offers no way to look first. Under the limit such an allocation fails, which is
an error like any other.
"""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STATM = Path("/proc/self/statm")


@contextmanager
def growth_limited(extra_bytes: int) -> Iterator[None]:
    """Let the address space grow by `extra_bytes` at most; by Linux alone."""
    if not _STATM.exists():
        yield
        return
    pages = int(_STATM.read_bytes().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = pages * resource.getpagesize() + extra_bytes
    known = [value for value in (soft, hard) if value != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([limit, *known]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
