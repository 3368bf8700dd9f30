"""Adopting a dataset that exists: every size, and a seeded sample of the content.

In goes a manifest, out comes what was verified and what is damaged. Nothing is
repaired: a damaged dataset is named, file by file, with the fix.
"""

import os
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from mlps.errors import NotReadyError
from runner.dataset.content import draw, mix64
from runner.dataset.crew import Crew, Worker
from runner.dataset.formats.image import DatasetImage, FileImage
from runner.dataset.manifest import DOCUMENT, Manifest, fingerprint

BLOCK_BYTES = 64 * 2**10
_MOST_BLOCKS = 16
_LISTED = 20


class DamageKind(StrEnum):
    """What can be wrong with a file."""

    MISSING = "missing"
    SIZE = "size"
    CONTENT = "content"
    FINGERPRINT = "fingerprint"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One damaged file."""

    relative_path: str
    kind: DamageKind
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """All files were looked at, and some of their content was compared.

    `damages` lists the first of the `damaged_files`.
    """

    files: int
    verified_files: int
    verified_bytes: int
    damaged_files: int
    damages: tuple[Damage, ...]


class Adoption:
    """One rank's share of a dataset being checked: files rank, rank + world, ..."""

    def __init__(  # noqa: PLR0913 - the share, the sample and the workers
        self,
        manifest: Manifest,
        *,
        rank: int,
        world: int,
        threads: int,
        fraction: float,
        seed: int,
    ) -> None:
        """Prepare; `fraction` of the content is compared, nothing if it is 0."""
        self._manifest = manifest
        self._image = DatasetImage(manifest.dataset)
        self._fraction = min(fraction, 1.0)
        self._seed = seed
        files = range(rank, manifest.dataset.files, world)
        self._certain = files[mix64(seed) % len(files)] if files else -1
        self._damages: list[Damage] = []
        self.crew = Crew(self._check, files, threads)

    def result(self) -> Verification:
        """Return what was found once the crew has finished."""
        self.crew.check_finished("checked", self._manifest.directory)
        tally = self.crew.tally()
        return Verification(
            files=self.crew.progress.files_done,
            verified_files=tally["verified_files"],
            verified_bytes=tally["verified_bytes"],
            damaged_files=len(self._damages),
            damages=tuple(self._damages[:_LISTED]),
        )

    def _check(self, index: int, worker: Worker) -> None:
        path = self._manifest.path_of(index)
        worker.at = str(path.relative_to(self._manifest.directory))
        wanted = self._manifest.size_of(index)
        try:
            size = path.stat().st_size
            if size != wanted:
                problem = f"{size} bytes, the manifest says {wanted}"
                self._blame(worker, DamageKind.SIZE, problem)
            elif blocks := self._sample(index, wanted):
                self._compare(path, index, blocks, worker)
        except FileNotFoundError:
            self._blame(worker, DamageKind.MISSING, "there is no such file")
        except OSError as error:
            problem = f"{error.strerror} (errno {error.errno})"
            self._blame(worker, DamageKind.UNREADABLE, problem)
        worker.files_done += 1

    def _sample(self, index: int, size_bytes: int) -> Sequence[int]:
        """Choose blocks: the fraction of each file, rounded by lot; one per rank."""
        blocks = range(-(-size_bytes // BLOCK_BYTES))
        if not self._fraction:
            return ()
        count = int(self._fraction * len(blocks) + draw(self._seed, index, 0))
        count = max(count, index == self._certain)
        if count >= len(blocks):
            return blocks
        return sorted(random.Random(mix64(self._seed) + index).sample(blocks, count))

    def _compare(
        self, path: Path, index: int, blocks: Sequence[int], worker: Worker
    ) -> None:
        image = self._image.file(index)
        size = image.spec.size_bytes
        stated = self._manifest.entries[index]
        own = (size, fingerprint(size, *image.ends()))
        if stated.item() != own:
            problem = f"the manifest says {stated.item()}, the plan's content has {own}"
            self._blame(worker, DamageKind.FINGERPRINT, problem)
            return
        descriptor = os.open(path, os.O_RDONLY)
        try:
            wrong = _first_difference(descriptor, image, blocks, worker)
        finally:
            os.close(descriptor)
        worker.tally["verified_files"] += 1
        if wrong is not None:
            problem = f"byte {wrong} is not what the plan's content has there"
            self._blame(worker, DamageKind.CONTENT, problem)

    def _blame(self, worker: Worker, kind: DamageKind, detail: str) -> None:
        self._damages.append(Damage(relative_path=worker.at, kind=kind, detail=detail))


def combine(parts: Iterable[Verification]) -> Verification:
    """Add up what all ranks found."""
    found = list(parts)
    return Verification(
        files=sum(part.files for part in found),
        verified_files=sum(part.verified_files for part in found),
        verified_bytes=sum(part.verified_bytes for part in found),
        damaged_files=sum(part.damaged_files for part in found),
        damages=tuple(damage for part in found for damage in part.damages)[:_LISTED],
    )


def damage_error(directory: Path, found: Verification) -> NotReadyError:
    """Name what is damaged and how to mend it."""
    lines = [f"  {d.relative_path}: {d.kind.value}: {d.detail}" for d in found.damages]
    if found.damaged_files > len(lines):
        lines.append(f"  ... and {found.damaged_files - len(lines)} more")
    listed = "\n".join(lines)
    return NotReadyError(
        f"{directory}: {found.damaged_files} of {found.files} files are damaged\n"
        f"{listed}\n"
        f"  delete these files and {DOCUMENT} and start the plan again: what is"
        " missing is generated anew, nothing else is touched"
    )


def _first_difference(
    descriptor: int, image: FileImage, blocks: Sequence[int], worker: Worker
) -> int | None:
    """Compare blocks of a file with its image; return the offset that differs."""
    half = len(worker.buffer) // 2
    for start, stop in _runs(blocks):
        offset = start * BLOCK_BYTES
        length = min(stop * BLOCK_BYTES, image.spec.size_bytes) - offset
        expected = worker.buffer[:length]
        image.fill(expected, offset)
        found = worker.buffer[half : half + length]
        delivered = _read_all(descriptor, found, offset)
        worker.bytes_done += delivered
        worker.tally["verified_bytes"] += delivered
        if delivered < length:
            return offset + delivered
        unequal = np.frombuffer(found, np.uint8) != np.frombuffer(expected, np.uint8)
        if unequal.any():
            return offset + int(unequal.argmax())
    return None


def _runs(blocks: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Join neighbouring blocks into runs of at most 1 MiB."""
    start = stop = -1
    for block in blocks:
        if block != stop or stop - start == _MOST_BLOCKS:
            if start >= 0:
                yield start, stop
            start = block
        stop = block + 1
    if start >= 0:
        yield start, stop


def _read_all(descriptor: int, buffer: memoryview, offset: int) -> int:
    done = 0
    while done < len(buffer):
        count = os.preadv(descriptor, [buffer[done:]], offset + done)
        if not count:
            break
        done += count
    return done
