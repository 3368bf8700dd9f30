"""The manifest: which files a dataset has, in two files beside them.

manifest.npy holds size and fingerprint of each file, manifest.json what they
were made from. It is written when all files exist, so its presence means that
the dataset is complete. The document holds the digest of the array, so the
digest of the document names the whole dataset in evidence.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rfc8785

from mlps.errors import NotReadyError
from mlps.plan import Dataset, plain
from runner.dataset.formats.file_spec import relative_path

SCHEMA = "manifest/1"
GENERATOR_VERSION = "1"
DOCUMENT = "manifest.json"
ARRAY = "manifest.npy"
ENTRY = np.dtype([("size_bytes", "<u8"), ("fingerprint", "<u8")])
MOVE_AWAY = "move {directory} away and start the plan again"
REBUILD = (
    "delete manifest.json in {directory} and start the plan again: files that fit are"
    " kept, and the manifest is made anew"
)
_MEND = "mend the storage of {directory} and start the plan again; delete nothing"
_MAX_DOCUMENT_BYTES = 2**20
_MAX_FILE_BYTES = 2**44
_SHOWN = 80

Entries = npt.NDArray[np.void]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Manifest:
    """A complete dataset; `entries` is read-only, one row of ENTRY per file."""

    directory: Path
    dataset: Dataset
    digest: str
    entries: Entries

    @property
    def total_bytes(self) -> int:
        """Bytes of all files."""
        return int(self.entries["size_bytes"].sum())

    def path_of(self, file_index: int) -> Path:
        """Path of a file."""
        return self.directory / relative_path(self.dataset, file_index)

    def size_of(self, file_index: int) -> int:
        """Size of a file in bytes."""
        return int(self.entries["size_bytes"][file_index])


def spec_digest(dataset: Dataset) -> str:
    """SHA-256 over the canonical JSON of a plan's dataset, in hex."""
    return hashlib.sha256(rfc8785.dumps(plain(dataset))).hexdigest()


def dataset_directory(data_root: Path, workload_name: str, dataset: Dataset) -> Path:
    """Directory of a dataset: plans that ask for other files never share one."""
    digest = spec_digest(dataset)[:8]
    return data_root / f"{workload_name}-{dataset.format.value}-{digest}"


def fingerprint(size_bytes: int, head: bytes, tail: bytes) -> int:
    """64-bit BLAKE2b over a file's size and its first and last 4 KiB."""
    state = hashlib.blake2b(size_bytes.to_bytes(8, "little"), digest_size=8)
    state.update(head)
    state.update(tail)
    return int.from_bytes(state.digest(), "little")


def merge(parts: Sequence[Entries]) -> Entries:
    """Join the shares of all ranks, in rank order; rank r has files r, r+N, ..."""
    files = sum(len(part) for part in parts)
    entries = np.empty(files, dtype=ENTRY)
    for rank, part in enumerate(parts):
        if part.dtype != ENTRY or len(part) != len(entries[rank :: len(parts)]):
            raise ValueError(
                f"rank {rank} brought {len(part)} entries of {part.dtype}; of {files}"
                f" files its share is {len(entries[rank :: len(parts)])} of {ENTRY}"
            )
        entries[rank :: len(parts)] = part
    return entries


def save(directory: Path, dataset: Dataset, entries: Entries) -> Manifest:
    """Write the manifest of a dataset whose files all exist; the document last."""
    if len(entries) != dataset.files or not entries["size_bytes"].all():
        raise ValueError(
            f"{directory}: {np.count_nonzero(entries['size_bytes'])} entries for"
            f" {dataset.files} files"
        )
    temporary = directory / f"{ARRAY}.part"
    with temporary.open("wb") as file:
        np.save(file, entries, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(directory / ARRAY)
    write_durably(directory / DOCUMENT, _document(directory, dataset, entries))
    return load(directory, dataset)


def load(directory: Path, dataset: Dataset) -> Manifest:
    """Read and check the manifest of a dataset; NotReadyError when it does not fit."""
    path = directory / DOCUMENT
    found = read_document(path)
    compare_document(path, found, identity(dataset), MOVE_AWAY)
    try:
        entries = _read_array(directory / ARRAY, dataset.files)
        expected = _document(directory, dataset, entries)
    except OSError as error:
        raise _unreadable(directory / ARRAY, error, REBUILD) from error
    except ValueError as error:
        raise unfit(directory / ARRAY, str(error), REBUILD) from error
    compare_document(path, found, expected, REBUILD)
    entries.setflags(write=False)
    return Manifest(
        directory=directory,
        dataset=dataset,
        digest=f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}",
        entries=entries,
    )


def identity(dataset: Dataset) -> dict[str, Any]:
    """Name all that the bytes of a dataset follow from."""
    return {
        "generator_version": GENERATOR_VERSION,
        "spec_digest": spec_digest(dataset),
        "dataset": plain(dataset),
    }


def read_document(path: Path) -> dict[str, Any]:
    """Read one JSON object of limited size; NotReadyError names the file."""
    try:
        size = path.stat().st_size
        if size > _MAX_DOCUMENT_BYTES:
            problem = f"{size} bytes; it has at most {_MAX_DOCUMENT_BYTES}"
            raise unfit(path, problem, MOVE_AWAY)
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise _unreadable(path, error, MOVE_AWAY) from error
    except (ValueError, RecursionError) as error:
        raise unfit(path, str(error), MOVE_AWAY) from error
    if not isinstance(found, dict):
        raise unfit(path, "no JSON object", MOVE_AWAY)
    return found


def compare_document(
    path: Path, found: dict[str, Any], expected: dict[str, Any], remedy: str
) -> None:
    """Refuse a document that differs from what this plan and version expect."""
    for key, value in expected.items():
        if found.get(key) != value:
            said = str(found.get(key, "missing"))[:_SHOWN]
            raise unfit(path, f"{key} is {said}, not {str(value)[:_SHOWN]}", remedy)


def unfit(path: Path, problem: str, remedy: str) -> NotReadyError:
    """Say what is wrong with a file beside a dataset and what to do."""
    return NotReadyError(f"{path}: {problem}; {remedy.format(directory=path.parent)}")


def _unreadable(path: Path, error: OSError, remedy: str) -> NotReadyError:
    """Tell a file that is gone from storage that fails: only the first is remade."""
    problem = f"cannot be read: {error.strerror} (errno {error.errno})"
    gone = isinstance(error, FileNotFoundError)
    return unfit(path, problem, remedy if gone else _MEND)


def write_durably(path: Path, document: dict[str, Any]) -> None:
    """Write a document under a temporary name, sync, rename, sync the directory."""
    temporary = path.with_name(f"{path.name}.part")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _document(directory: Path, dataset: Dataset, entries: Entries) -> dict[str, Any]:
    with (directory / ARRAY).open("rb") as file:
        array_sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "schema": SCHEMA,
        **identity(dataset),
        "files": dataset.files,
        "total_bytes": int(entries["size_bytes"].sum()),
        "array_sha256": array_sha256,
    }


def _read_array(path: Path, files: int) -> Entries:
    """Read the array; nothing is allocated before its header and size fit."""
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        size = path.stat().st_size - file.tell()
        if dtype != ENTRY or shape != (files,) or size != files * ENTRY.itemsize:
            raise ValueError(
                f"{size} bytes of {dtype} {shape} where the plan has {files} files"
            )
        entries: Entries = np.fromfile(file, dtype=ENTRY, count=files)
    sizes = entries["size_bytes"]
    if not 0 < int(sizes.min()) <= int(sizes.max()) <= _MAX_FILE_BYTES:
        raise ValueError(f"file sizes from {sizes.min()} to {sizes.max()} bytes")
    return entries
