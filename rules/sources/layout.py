"""Recognises where in a published tree a path is, from the names in it.

Published trees have one anchor each submitter kept: a division, an organisation,
`results` and a system. Below it v1.0 submitters named folders as they liked; the
tools of later rounds write a category, a workload, a phase and a time stamp.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rules.stored import Category, Directory, Layout

STAMP = re.compile(r"[0-9]{8}_[0-9]{6}")
DIVISIONS = ("closed", "open", "whatif")
PHASES = ("datasize", "datagen", "run")
CODE = re.compile(r"code(-images|-[0-9a-f]{8})?")
_ALIASES = {
    "training": Category.TRAINING,
    "checkpointing": Category.CHECKPOINTING,
    "checkpoint": Category.CHECKPOINTING,
    "vector_database": Category.VECTOR_DATABASE,
    "vectordb": Category.VECTOR_DATABASE,
    "vector_db": Category.VECTOR_DATABASE,
    "kv_cache": Category.KV_CACHE,
    "kvcache": Category.KV_CACHE,
}
_PHASES = {
    "datasize": "datasize",
    "datagen": "datagen",
    "generation": "datagen",
    "run": "run",
    "runs": "run",
}
_MODEL = re.compile(
    r"unet3d|3dunet|resnet50|resnet|cosmoflow|retinanet|dlrm|flux|bert"
    r"|llama3?[-_.0-9]*[-_]?(?:8b|70b|405b|1t)"
)
_ACCELERATOR = re.compile(r"(?<![a-z0-9])(a100|h100|b200|mi355)(?![0-9])")
_SPELLINGS = {"3dunet": "unet3d", "resnet": "resnet50"}
_LEAF_FILES = ("summary.json", "_metadata.json", "per_epoch_stats.json", "_output.json")
_CONFIGS = ("dlio_config", "configs", ".hydra")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the names of a path say; what they don't say is empty.

    `depth` is how many parts lead to the folder of the whole workload.
    """

    layout: Layout
    division: str
    organisation: str
    system: str
    category: Category | None
    engine: str
    model: str
    accelerator: str
    phase: str
    depth: int


def is_leaf(folder: Directory, *, inside: bool) -> bool:
    """Whether a folder holds one run; `inside` says a folder below it does.

    A time stamp decides at once; other folders need a result file of their own, and
    none below, since submitters put collected files beside their runs.
    """
    if STAMP.fullmatch(folder.name):
        return True
    if inside:
        return False
    return any(name.endswith(_LEAF_FILES) for name in folder.files) or any(
        sub.name in _CONFIGS for sub in folder.folders
    )


def place(parts: Sequence[str]) -> Place:
    """Say where the leaf at a path of these parts belongs."""
    division = _last(parts, DIVISIONS)
    start = division + 1 if division is not None else 0
    results = _results(parts, start)
    below = results + 1 if results is not None else start
    category = next(
        (n for n in range(below, len(parts)) if parts[n].lower() in _ALIASES), None
    )
    named = {
        "division": parts[division].lower() if division is not None else "",
        "organisation": _organisation(parts, division, results),
        "system": parts[results + 1]
        if results is not None and results + 1 < len(parts) - 1
        else "",
    }
    if category is not None and category < len(parts) - 1:
        return _by_category(parts, category, named)
    return _by_hand(parts, results, named)


def _by_category(parts: Sequence[str], at: int, named: dict[str, str]) -> Place:
    category = _ALIASES[parts[at].lower()]
    middle = list(parts[at + 1 : -1])
    phase = "run"
    if middle and middle[-1].lower() in _PHASES:
        phase = _PHASES[middle.pop().lower()]
    engine = ""
    if category is Category.VECTOR_DATABASE and len(middle) > 1:
        engine = middle[0].lower()
    model = middle[-1] if middle else ""
    if category in (Category.TRAINING, Category.CHECKPOINTING):
        model = _model("/".join(middle)) or model
    return Place(
        layout=Layout.CATEGORIES,
        category=category,
        engine=engine,
        model=model,
        accelerator=_accelerator("/".join(middle)),
        phase=phase,
        depth=at + 1 + len(middle),
        **named,
    )


def _by_hand(parts: Sequence[str], results: int | None, named: dict[str, str]) -> Place:
    start = min(results + 2, len(parts) - 1) if results is not None else 0
    if results is not None and _is_workload(named["system"]):
        # No folder for the system: the workload stands in its place.
        start, named = results + 1, {**named, "system": ""}
    below = parts[start:]
    # The last part is the run itself, whatever it is called.
    above = below[:-1]
    mentions = [n for n, part in enumerate(above) if _model(part) or _accelerator(part)]
    runs = (n for n, part in enumerate(above) if part.lower() in _PHASES)
    deep = mentions[-1] + 1 if mentions else next(runs, len(above))
    text = "/".join(below)
    phases = [_PHASES[p.lower()] for p in below[deep:] if p.lower() in _PHASES]
    return Place(
        layout=Layout.V1,
        category=None,
        engine="",
        model=_model(text),
        accelerator=_accelerator(text),
        phase=phases[-1] if phases else "run",
        depth=start + deep,
        **named,
    )


def _is_workload(name: str) -> bool:
    """Whether a name is made of a model and an accelerator and nothing else."""
    words = re.split(r"[-_. ]+", name.lower())
    return bool(name) and all(_model(word) or _accelerator(word) for word in words)


def _model(text: str) -> str:
    found = _MODEL.search(text.lower())
    if found is None:
        return ""
    name = _SPELLINGS.get(found[0], found[0])
    if name.startswith("llama"):
        return f"llama3-{re.split('[-_.]', name)[-1]}"
    return name


def _accelerator(text: str) -> str:
    found = _ACCELERATOR.findall(text.lower().replace("_", "-"))
    return found[-1] if found else ""


def _results(parts: Sequence[str], start: int) -> int | None:
    """Index of `results`: the one after a division and an organisation, or the last."""
    found = [n for n in range(start, len(parts)) if parts[n].lower() == "results"]
    return (found[0] if start else found[-1]) if found else None


def _organisation(
    parts: Sequence[str], division: int | None, results: int | None
) -> str:
    if division is not None and division + 1 < len(parts) - 1:
        return parts[division + 1]
    if results:
        return parts[results - 1]
    return ""


def _last(parts: Sequence[str], names: Sequence[str]) -> int | None:
    found = [n for n, part in enumerate(parts) if part.lower() in names]
    return found[-1] if found else None
