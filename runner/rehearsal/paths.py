"""The data path and the results path of one rank: there, writable, apart."""

import mmap
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from mlps.plan import Plan
from runner.rehearsal.row import Row, error, ok

DATA, RESULTS = "data path", "results"
_PROBE_BYTES = 4096


def existing_part(path: Path) -> Path:
    """Return the path, or its nearest ancestor that exists."""
    while not path.exists():
        path = path.parent
    return path


def check_data_path(plan: Plan, data_root: Path) -> Iterator[Row]:
    """Write, and read with O_DIRECT if asked, where the data is or will be."""
    try:
        probe = existing_part(data_root) / f".probe-{secrets.token_hex(8)}"
        try:
            _write_probe(probe, direct=False)
            yield ok(DATA, f"{data_root}: writable")
            if plan.workload.reader.odirect:
                yield _check_direct(probe)
        finally:
            probe.unlink(missing_ok=True)
    except OSError as failure:
        yield error(
            DATA,
            f"{data_root}: not writable: {failure.strerror} (errno {failure.errno})",
            "make it writable for this user, or choose another system.data_path",
        )


def check_results(plan: Plan, data_root: Path, results_root: Path) -> Iterator[Row]:
    """See that results can be written, and not to the storage under test."""
    try:
        results, data = existing_part(results_root), existing_part(data_root)
        same = results.stat().st_dev == data.stat().st_dev
        writable = results.is_dir() and os.access(results, os.W_OK | os.X_OK)
    except OSError as failure:
        yield error(
            RESULTS,
            f"{failure.filename}: can't be looked at: {failure.strerror}",
            "make it accessible for this user, or choose another --results",
        )
        return
    if not writable:
        yield error(
            RESULTS,
            f"{results}: results are not writable here",
            "make it writable for this user, or choose another --results",
        )
    elif same and not plan.system.results_on_data_path:
        yield error(
            RESULTS,
            f"{results_root}: results lie on the file system under test ({data_root})",
            "choose --results on another file system, or another system.data_path",
        )
    else:
        allowed = ", on the storage under test, which the plan lets be" if same else ""
        yield ok(RESULTS, f"{results_root}: writable{allowed}")


def _write_probe(probe: Path, *, direct: bool) -> None:
    flags = os.O_RDWR | os.O_CREAT | (os.O_DIRECT if direct else 0)
    descriptor = os.open(probe, flags, 0o600)
    try:
        if direct:
            os.preadv(descriptor, [mmap.mmap(-1, _PROBE_BYTES)], 0)
        else:
            os.write(descriptor, bytes(_PROBE_BYTES))
    finally:
        os.close(descriptor)


def _check_direct(probe: Path) -> Row:
    try:
        _write_probe(probe, direct=True)
    except OSError as failure:
        return error(
            DATA,
            f"{probe.parent}: O_DIRECT does not work here: {failure.strerror}"
            f" (errno {failure.errno})",
            "use a file system that supports it, or workload.reader.odirect=false",
        )
    return ok(DATA, f"{probe.parent}: O_DIRECT works")
