"""One side of a comparison: a plan, or a result with its units and its surroundings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlps.errors import MlpsError
from mlps.plan import PlanDocument, parse
from mlps.plan.document import MAX_PLAN_BYTES
from rules.rule import Stage
from rules.sources.folder import Folder, UnreadableError

_EVIDENCE = "evidence.h5"


class ComparisonError(MlpsError):
    """Something that can't be compared, because it can't be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRun:
    """Metrics of one run by their keys: of all its epochs together, and of each.

    `whole` is one unit, or none when the run has no epochs.
    """

    run_id: str
    kind: str
    whole: tuple[Mapping[str, float | None], ...]
    epochs: tuple[Mapping[str, float | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side. A plan has no runs, no facts and no judgement of a result.

    `runs` are the sealed measured runs of a campaign, or the one run that was named.
    `faults` are the rules that fail, when the result is INVALID.
    """

    where: str
    stage: Stage
    doc: PlanDocument
    verdict: str = ""
    faults: tuple[str, ...] = ()
    runs: tuple[ComparedRun, ...] = ()
    facts: Mapping[str, frozenset[str]] = field(default_factory=dict)


def read_side(path: Path) -> Side:
    """Read a plan, a run or a campaign; ComparisonError or PlanError says why not."""
    own = path.resolve() if path.is_symlink() else path
    if own.is_file() and own.name != _EVIDENCE:
        return _plan(own)
    from rules.comparison.result import read_result  # noqa: PLC0415 - needs numpy, h5py

    return read_result(own)


def _plan(path: Path) -> Side:
    try:
        stored = Folder(path.parent).read(path.name, MAX_PLAN_BYTES)
    except UnreadableError as error:
        raise ComparisonError(f"{path}: {error}") from error
    doc = parse(stored, str(path))
    return Side(where=str(path), stage=Stage.PLAN, doc=doc)
