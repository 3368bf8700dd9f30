"""What a source took of a published result tree: names and contents, nothing judged.

A tree holds organisations, these hold workloads, and a workload holds leaves: one
folder for each run, data generation or sizing. A file that could not be read is a
`Document` with a fault, never an exception: the rest is still judged.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from mlps.errors import NotRecordedError

MISSING = "is missing"
PRUNED = "was pruned by the review staff"


class Category(StrEnum):
    """What a workload measures; the values are the folder names of the rules."""

    TRAINING = "training"
    CHECKPOINTING = "checkpointing"
    VECTOR_DATABASE = "vector_database"
    KV_CACHE = "kv_cache"


class Layout(StrEnum):
    """How a tree is laid out: v1.0 by hand, later ones by their tool."""

    V1 = "v1.0"
    CATEGORIES = "categories"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file's content, or why there is none; `where` is its path in the tree."""

    where: str
    content: object = None
    fault: str = ""

    @property
    def missing(self) -> bool:
        """Whether there is no such file; a damaged one is not missing."""
        return self.fault == MISSING

    @property
    def readable(self) -> bool:
        """Whether there is content to judge by."""
        return not self.fault

    def has(self, *keys: str) -> bool:
        """Whether there is something other than null at the keys."""
        return self._find(keys) is not None

    def value(self, *keys: str) -> object:
        """Value at the keys; NotRecordedError when there is none."""
        if self.fault:
            raise NotRecordedError(f"{self.where} {self.fault}")
        found = self._find(keys)
        if found is None:
            raise NotRecordedError(f"{self.where}: no {'.'.join(keys)}")
        return found

    def mapping(self, *keys: str) -> Mapping[str, object]:
        """Take the mapping at the keys."""
        found = self.value(*keys)
        if not isinstance(found, Mapping):
            raise self._odd(keys, found, "a mapping")
        return found

    def items(self, *keys: str) -> list[object]:
        """Take the list at the keys."""
        found = self.value(*keys)
        if not isinstance(found, list):
            raise self._odd(keys, found, "a list")
        return found

    def number(self, *keys: str) -> float:
        """Finite number at the keys; overrides are recorded as text, so text counts."""
        found = self.value(*keys)
        number = as_number(found)
        if number is None:
            raise self._odd(keys, found, "a number")
        return number

    def whole(self, *keys: str) -> int:
        """Whole number at the keys."""
        number = self.number(*keys)
        if number != int(number):
            raise self._odd(keys, number, "a whole number")
        return int(number)

    def numbers(self, *keys: str) -> tuple[float, ...]:
        """Take the list of finite numbers at the keys."""
        found = [as_number(item) for item in self.items(*keys)]
        numbers = tuple(number for number in found if number is not None)
        if len(numbers) != len(found):
            raise self._odd(keys, "a list", "a list of numbers")
        return numbers

    def text(self, *keys: str) -> str:
        """Take the text at the keys."""
        found = self.value(*keys)
        if not isinstance(found, str):
            raise self._odd(keys, found, "text")
        return found

    def flag(self, *keys: str) -> bool:
        """Take true or false at the keys; the text of either counts."""
        found = self.value(*keys)
        if isinstance(found, str) and found.lower() in ("true", "false"):
            return found.lower() == "true"
        if not isinstance(found, bool):
            raise self._odd(keys, found, "true or false")
        return found

    def _find(self, keys: tuple[str, ...]) -> object:
        found = self.content
        for key in keys:
            # Parsed files hold nothing but dicts; the check is made very often.
            if not isinstance(found, dict):
                return None
            found = found.get(key)
        return found

    def _odd(
        self, keys: tuple[str, ...], found: object, wanted: str
    ) -> NotRecordedError:
        name = ".".join(keys) or "its content"
        text = " ".join(repr(found)[:60].split())
        return NotRecordedError(f"{self.where}: {name} is {text}, not {wanted}")


def as_number(found: object) -> float | None:
    """Read a finite number, or text that is one; None for anything else."""
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        return None
    try:
        number = float(found)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A folder: names of ordinary files, folders, and what is neither.

    `junk` counts what operating systems leave behind (`._*`, `.DS_Store`), which is
    in none of the lists; `odd` names links, devices and unreadable folders, with why.
    """

    name: str
    where: str
    files: tuple[str, ...] = ()
    folders: tuple["Directory", ...] = ()
    odd: tuple[str, ...] = ()
    junk: int = 0

    def folder(self, name: str) -> "Directory | None":
        """Sub-folder of that exact name."""
        return next((f for f in self.folders if f.name == name), None)

    def at(self, *names: str) -> "Directory | None":
        """Folder that the names lead to from here."""
        found: Directory | None = self
        for name in names:
            found = found.folder(name) if found else None
        return found

    def walk(self) -> Iterator["Directory"]:
        """Go through this folder and all below it, top down."""
        stack = [self]
        while stack:
            folder = stack.pop()
            yield folder
            stack.extend(reversed(folder.folders))


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One run, data generation or sizing (`phase`), with its parsed files.

    `metadata_files` are the names that look like metadata; `metadata` is the first.
    `per_epoch` is sorted by rank, `extra` holds what only one category has, by path
    inside the leaf.
    """

    where: str
    name: str
    phase: str
    folder: Directory
    summary: Document
    metadata: Document
    metadata_files: tuple[str, ...]
    config: Document
    overrides: Document
    per_epoch: tuple[Document, ...]
    fs_separation: Document
    verdict: Document
    provenance: Document
    pointer: Document
    extra: Mapping[str, Document]

    def parameter(self, *keys: str) -> object:
        """Find a resolved parameter in the metadata or the run's config.yaml."""
        for document, path in (
            (self.metadata, ("parameters", *keys)),
            (self.config, ("workload", *keys)),
        ):
            if document.has(*path):
                return document.value(*path)
        raise NotRecordedError(
            f"{self.where}: parameter {'.'.join(keys)} is neither in its metadata"
            f" ({self.metadata.fault or 'not there'}) nor in its config.yaml"
            f" ({self.config.fault or 'not there'})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One result: its leaves, and the names its path and metadata give it.

    `model` is the training model, the checkpointed model, the index type or the
    KV-cache model; `engine` only a vector database has. `folder` holds all leaves.
    `description` is the system's YAML, `tables` the official result tables beside
    the runs. `edition` is the one the result itself names, or an empty text. It is
    `placed` when its path says what it is; else `folder` may be any folder.
    """

    where: str
    layout: Layout
    division: str
    organisation: str
    system: str
    category: Category
    model: str
    accelerator: str
    engine: str
    edition: str
    folder: Directory
    leaves: tuple[Leaf, ...]
    description: Document
    tables: tuple[Document, ...]
    placed: bool = True

    def phase(self, name: str) -> tuple[Leaf, ...]:
        """Leaves of a phase, in the order of their names."""
        return tuple(leaf for leaf in self.leaves if leaf.phase == name)

    @property
    def runs(self) -> tuple[Leaf, ...]:
        """Leaves that were timed."""
        return self.phase("run")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """An official number beside the one recomputed from raw files.

    They agree when they differ by at most `tolerance`, in the same unit; `note` says
    how it was recomputed and why the tolerance is what it is. `place` is the leaf.
    The tolerance of an `estimated` number rests on what submitters did so far: what is
    not far beyond it is `doubtful`, to be looked at, and no fault.
    """

    metric: str
    unit: str
    official: float
    recomputed: float
    tolerance: float
    where: str
    note: str = ""
    place: str = ""
    estimated: bool = False

    @property
    def doubtful(self) -> bool:
        """Whether it differs, but no more than an estimate may be wrong."""
        distance = abs(self.official - self.recomputed)
        return self.estimated and self.tolerance < distance <= 3 * self.tolerance

    @property
    def label(self) -> str:
        """Leaf and metric."""
        return f"{self.place} {self.metric}".strip()

    @property
    def agrees(self) -> bool:
        """Whether the difference is no more than rounding and method explain."""
        return abs(self.official - self.recomputed) <= self.tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a time-stamped leaf says of itself: its code image, and its provenance.

    `inside` is its path from the organisation's folder.
    """

    where: str
    inside: str
    organisation: str
    pointer: Document
    provenance: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeImage:
    """One captured copy of the benchmark's source and its `.code-hash.json`.

    `digests` are the tree hashes of its contents, one for each way they are made;
    there are none when it was not hashed, and `fault` says why when it could not be.
    """

    folder: Directory
    record: Document
    digests: tuple[str, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePool:
    """Folder of code images; one pool of a whole tree belongs to no organisation.

    `marked` says whether its marker file is there.
    """

    where: str
    organisation: str
    marked: bool
    images: tuple[CodeImage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """One submitter in one division: its folder and the system descriptions in it.

    `tables` are the official tables beside the results, `workload_tables` those below
    the systems. `code` are code folders of the older layout. `pools` are those its
    leaves may point into; None when they lie above what was given.
    """

    where: str
    division: str
    name: str
    folder: Directory
    descriptions: tuple[Document, ...]
    tables: tuple[Document, ...]
    manifest: Document
    workload_tables: tuple[Document, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    code: tuple[CodeImage, ...] = ()
    pools: tuple[CodePool, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A whole published tree, or any part of one; `root` is what was given to judge.

    `unread` names what was left out, and why. `tops` are the folders that hold
    divisions, none in a part of a tree. `pools` (hashed) and `stamps` are filled where
    the whole tree is judged; `code_images` are the names of all folders of code.
    """

    where: str
    root: Directory
    unread: tuple[str, ...]
    code_images: frozenset[str] = frozenset()
    tops: tuple[Directory, ...] = ()
    pools: tuple[CodePool, ...] = ()
    stamps: tuple[Stamp, ...] = ()
