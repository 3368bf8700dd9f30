"""Generating a dataset: each rank makes its share of the files, on worker threads.

A file is written under a temporary name, synced, then renamed: a name without
`.part` is a whole file. datagen.json says what the files of a directory are made
from, so an interrupted generation is told from a directory of something else.
"""

import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from mlps.errors import NotReadyError, RunFailedError
from mlps.plan import Dataset
from runner.dataset import manifest
from runner.dataset.crew import BUFFER_BYTES, Crew, Worker
from runner.dataset.formats.file_spec import subfolders
from runner.dataset.formats.image import DatasetImage, FileImage

MARKER = "datagen.json"
_ADVICE = {
    errno.ENOSPC: "free space on its file system",
    errno.EDQUOT: "free space or have the quota raised",
    errno.EFBIG: "raise the file size limit (ulimit -f, or the file system's own)",
    errno.EIO: "check the storage and the kernel log of this host",
    errno.EROFS: "mount the file system writable",
    errno.EACCES: "give this user access",
    errno.EPERM: "give this user access",
}


class State(StrEnum):
    """What a dataset directory holds."""

    ABSENT = "absent"
    INTERRUPTED = "interrupted"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Share:
    """One rank's part of a generated dataset: its manifest entries and its work."""

    entries: manifest.Entries
    files_written: int
    written_bytes: int
    files_kept: int
    files_replaced: int


class Generation:
    """One rank's share of a dataset in the making: files rank, rank + world, ..."""

    def __init__(
        self, directory: Path, dataset: Dataset, *, rank: int, world: int, threads: int
    ) -> None:
        """Prepare; the directory must have been prepared by one rank before."""
        self._directory = directory
        self._world = world
        self._image = DatasetImage(dataset)
        files = range(rank, dataset.files, world)
        self._entries = np.zeros(len(files), dtype=manifest.ENTRY)
        self.crew = Crew(self._make, files, threads)

    def result(self) -> Share:
        """Return this rank's part once the crew has finished."""
        self.crew.check_finished("generated", self._directory)
        tally = self.crew.tally()
        return Share(
            entries=self._entries,
            files_written=len(self._entries) - tally["kept"],
            written_bytes=tally["written_bytes"],
            files_kept=tally["kept"],
            files_replaced=tally["replaced"],
        )

    def _make(self, index: int, worker: Worker) -> None:
        image = self._image.file(index)
        worker.at = image.spec.relative_path
        path = self._directory / worker.at
        head, tail = image.ends()
        size = image.spec.size_bytes
        try:
            fits = _fits(path, size, head, tail)
            if fits:
                worker.bytes_done += size
                worker.tally["kept"] += 1
            elif _write(path, image, worker):
                worker.tally["written_bytes"] += size
                worker.tally["replaced"] += fits is not None
            else:
                return
        except OSError as error:
            raise failure("generate", path, error) from error
        entry = (size, manifest.fingerprint(size, head, tail))
        self._entries[index // self._world] = entry
        worker.files_done += 1


def inspect(directory: Path, dataset: Dataset) -> State:
    """Tell what a dataset directory holds; NotReadyError for anything foreign."""
    try:
        names = {path.name for path in directory.iterdir()}
    except FileNotFoundError:
        return State.ABSENT
    except OSError as error:
        raise NotReadyError(_text("list", directory, error)) from error
    if manifest.DOCUMENT in names:
        return State.COMPLETE
    if MARKER in names:
        path = directory / MARKER
        found = manifest.read_document(path)
        expected = manifest.identity(dataset)
        manifest.compare_document(path, found, expected, manifest.MOVE_AWAY)
        return State.INTERRUPTED
    if names - {f"{MARKER}.part"}:
        raise NotReadyError(
            f"{directory}: holds {', '.join(sorted(names)[:3])} but neither"
            f" {manifest.DOCUMENT} nor {MARKER}: it is no dataset of this plan;"
            " move it away or choose another system.data_path"
        )
    return State.ABSENT


def prepare(directory: Path, dataset: Dataset) -> None:
    """Create the directories and the marker; one rank does it before all generate."""
    state = inspect(directory, dataset)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if state is State.ABSENT:
            manifest.write_durably(directory / MARKER, manifest.identity(dataset))
        for folder in subfolders(dataset):
            (directory / folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise failure("prepare", directory, error) from error


def finish(
    directory: Path, dataset: Dataset, parts: Sequence[manifest.Entries]
) -> manifest.Manifest:
    """Make the dataset complete: one rank, when all have generated their shares."""
    try:
        for folder in subfolders(dataset):
            manifest.sync_directory(directory / folder)
        return manifest.save(directory, dataset, manifest.merge(parts))
    except OSError as error:
        raise failure("write the manifest of", directory, error) from error


def failure(verb: str, path: Path, error: OSError) -> RunFailedError:
    """Turn an operating system's error into one that can be acted on."""
    return RunFailedError(_text(verb, path, error))


def _text(verb: str, path: Path, error: OSError) -> str:
    number = error.errno or 0
    name = errno.errorcode.get(number, "?")
    advice = _ADVICE.get(number, "fix the cause")
    return (
        f"{path}: cannot {verb}: {error.strerror} (errno {number}, {name}); {advice}"
        " and start the plan again: finished files are kept"
    )


def _fits(path: Path, size_bytes: int, head: bytes, tail: bytes) -> bool | None:
    """Say whether a file has this size and these ends; None when there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return (
            os.fstat(descriptor).st_size == size_bytes
            and os.pread(descriptor, len(head), 0) == head
            and os.pread(descriptor, len(tail), size_bytes - len(tail)) == tail
        )
    finally:
        os.close(descriptor)


def _write(path: Path, image: FileImage, worker: Worker) -> bool:
    """Write a file; False when it was dropped because the crew is stopping."""
    temporary = path.with_name(f"{path.name}.part")
    try:
        if _write_bytes(temporary, image, worker):
            temporary.replace(path)
            return True
    except OSError:
        with suppress(OSError):  # the next start overwrites it
            temporary.unlink()
        raise
    temporary.unlink()
    return False


def _write_bytes(path: Path, image: FileImage, worker: Worker) -> bool:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    descriptor = os.open(path, flags, 0o644)
    try:
        for offset in range(0, image.spec.size_bytes, BUFFER_BYTES):
            if worker.stopping:
                return False
            piece = worker.buffer[: image.spec.size_bytes - offset]
            image.fill(piece, offset)
            _write_all(descriptor, piece)
            worker.bytes_done += len(piece)
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
    return True


def _write_all(descriptor: int, piece: memoryview) -> None:
    while piece:
        piece = piece[os.write(descriptor, piece) :]
