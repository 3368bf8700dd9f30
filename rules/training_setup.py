"""What a published training run was set to do, from whichever of its files says so.

A run's metadata and config.yaml hold every parameter; where both are absent, its
overrides and the official figures of its template do. Keys differ between rounds:
v1.0 wrote `record_length`, later ones `record_length_bytes`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from mlps.errors import NotRecordedError
from mlps.sizing import Requirement
from rules.figures import AcceleratorFigures, WorkloadFigures
from rules.sources.naming import chosen
from rules.stored import Leaf, Workload, as_number

_OVERRIDE = re.compile(r"\+{0,2}workload\.([A-Za-z0-9_.]+)=(.*)", re.DOTALL)
# DLIO's own default where neither template nor submitter set it.
_PREFETCH_BATCHES = 2
_ABSURD = 1e15
_GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSetup:
    """Figures of one run; `accelerators` are all of them, one rank each.

    `read_threads` is None when no file says it.
    """

    files: int
    samples_per_file: int
    record_length_bytes: float
    batch_size: int
    computation_time_s: float
    accelerators: int
    hosts: int
    read_threads: int | None
    prefetch_batches: int

    @property
    def steps(self) -> int:
        """Steps of each rank in an epoch, as DLIO counts them."""
        samples = self.files * self.samples_per_file
        return samples // (self.batch_size * self.accelerators)

    @property
    def least_steps(self) -> int:
        """Steps when each rank is dealt whole files only, as newer DLIO does."""
        samples = self.files // self.accelerators * self.samples_per_file
        return samples // self.batch_size


def setup_of(
    workload: Workload, leaf: Leaf, figures: Sequence[WorkloadFigures]
) -> TrainingSetup:
    """Figures of a run; NotRecordedError names what no file has."""
    known = next((f for f in figures if f.name == workload.model), None)
    own = known.accelerator(workload.accelerator) if known else None
    found = _Settings(leaf, _official(known, own))
    threads = found.find("reader.read_threads")
    prefetch = found.find("reader.prefetch_size")
    setup = TrainingSetup(
        files=leaf.summary.whole("num_files_train"),
        samples_per_file=leaf.summary.whole("num_samples_per_file"),
        record_length_bytes=found.number(
            "dataset.record_length_bytes", "dataset.record_length"
        ),
        batch_size=int(found.number("reader.batch_size")),
        computation_time_s=found.number("train.computation_time"),
        accelerators=leaf.summary.whole("num_accelerators"),
        hosts=leaf.summary.whole("num_hosts"),
        read_threads=None if threads is None else int(threads),
        prefetch_batches=_PREFETCH_BATCHES if prefetch is None else int(prefetch),
    )
    _refuse_nonsense(leaf, setup)
    return setup


def overrides(leaf: Leaf) -> dict[str, object]:
    """Read what a run was told to change, by dotted key, or NotRecordedError.

    Read from the metadata, else from the list of overrides of its configuration.
    """
    if leaf.metadata.has("override_parameters"):
        return dict(leaf.metadata.mapping("override_parameters"))
    pairs = (
        _OVERRIDE.fullmatch(item)
        for item in leaf.overrides.items()
        if isinstance(item, str)
    )
    return {pair[1]: pair[2] for pair in pairs if pair}


def parameter(leaf: Leaf, *keys: str) -> object:
    """First of the dotted keys that the run's resolved parameters have, or None."""
    for key in keys:
        try:
            return leaf.parameter(*key.split("."))
        except NotRecordedError:
            continue
    return None


def required(
    setup: TrainingSetup, memory: Fraction, min_steps: int, memory_multiple: int
) -> Requirement:
    """Files that rule 3.1.2 asks for; `memory` in GiB, of all hosts."""
    samples = min_steps * setup.batch_size * setup.accelerators
    per_file = setup.samples_per_file * Fraction(setup.record_length_bytes)
    return Requirement(
        by_steps=Fraction(samples, setup.samples_per_file),
        by_memory=memory_multiple * memory * _GIB / per_file,
    )


def memory_gib(leaf: Leaf) -> Fraction:
    """Memory of all hosts of a run in GiB: the sum of what DLIO recorded.

    With several ranks on a host DLIO puts several hosts into one entry and none into
    others; the sum is right all the same.
    """
    total = sum(Fraction(each) for each in leaf.summary.numbers("host_memory_GB"))
    if not 0 < total < _ABSURD:
        raise NotRecordedError(f"{leaf.summary.where}: host_memory_GB is no memory")
    return Fraction(total)


class _Settings:
    """Settings of one leaf: resolved, else overridden, else official."""

    def __init__(self, leaf: Leaf, official: Mapping[str, float]) -> None:
        self._leaf, self._official = leaf, official
        try:
            self._overrides = overrides(leaf)
        except NotRecordedError:
            self._overrides = {}

    def find(self, *keys: str) -> float | None:
        value = parameter(self._leaf, *keys)
        if value is None:
            value = next(
                (self._overrides[k] for k in keys if k in self._overrides), None
            )
        if value is None and chosen(self._leaf)[0]:
            value = next((self._official[k] for k in keys if k in self._official), None)
        return as_number(value)

    def number(self, *keys: str) -> float:
        found = self.find(*keys)
        if found is None:
            raise NotRecordedError(
                f"{self._leaf.where}: {keys[0]} is neither in its metadata nor in its"
                " config.yaml, overrides or template"
            )
        return found


def _official(
    known: WorkloadFigures | None, own: AcceleratorFigures | None
) -> dict[str, float]:
    values: dict[str, float] = {}
    if known is not None:
        values["dataset.record_length_bytes"] = known.record_length_bytes
    if own is not None:
        values["reader.batch_size"] = own.batch_size
        values["train.computation_time"] = own.computation_time_s
    return values


def _refuse_nonsense(leaf: Leaf, setup: TrainingSetup) -> None:
    """Nothing can be recomputed from figures that are zero, negative or absurd."""
    for name in (
        "files",
        "samples_per_file",
        "record_length_bytes",
        "batch_size",
        "computation_time_s",
        "accelerators",
        "hosts",
    ):
        if not 0 < getattr(setup, name) < _ABSURD:
            raise NotRecordedError(f"{leaf.where}: {name} is {getattr(setup, name)}")
