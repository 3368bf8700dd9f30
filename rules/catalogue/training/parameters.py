"""Rules 3.6.2 and 3.6.3 on published trees: what a run changed of its template.

Two things are asked: whether every key that the run was told to change may be
changed, and whether what it resolved to is official but for those keys. The second
finds a changed template, which no override names.
"""

import math
from collections.abc import Mapping, Sequence

from mlps.errors import NotRecordedError
from mlps.plan import Division
from rules.catalogue.leaves import concluded, over
from rules.catalogue.parameters import closed_parameters as planned_closed
from rules.catalogue.parameters import official_values
from rules.catalogue.parameters import open_parameters as planned_open
from rules.catalogue.verification import verified_worse
from rules.edition import Edition, Parameter
from rules.finding import Outcome, Verdict
from rules.rule import Scope, StoredCase, not_applicable
from rules.stored import Leaf, as_number
from rules.training_setup import overrides, parameter

# How DLIO's configuration calls the leaves of a plan; v1.0 had names of its own.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "framework": ("framework",),
    "checkpoint": ("workflow.checkpoint",),
    "model_bytes": ("model.model_size", "checkpoint.model_size"),
    "dataset.format": ("dataset.format",),
    "dataset.samples_per_file": ("dataset.num_samples_per_file",),
    "dataset.record_length_bytes": (
        "dataset.record_length_bytes",
        "dataset.record_length",
    ),
    "dataset.record_length_stdev_bytes": (
        "dataset.record_length_bytes_stdev",
        "dataset.record_length_stdev",
    ),
    "dataset.record_length_resize_bytes": (
        "dataset.record_length_bytes_resize",
        "dataset.record_length_resize",
    ),
    "reader.data_loader": ("reader.data_loader",),
    "reader.batch_size": ("reader.batch_size",),
    "reader.file_shuffle": ("reader.file_shuffle",),
    "reader.sample_shuffle": ("reader.sample_shuffle",),
    "reader.shuffle_size": ("reader.shuffle_size",),
    "train.computation_time_s": ("train.computation_time",),
    "train.epochs": ("train.epochs",),
    "metric.au": ("metric.au",),
    "metric.exclude_start_steps": ("metric.exclude_start_steps",),
    "metric.exclude_end_steps": ("metric.exclude_end_steps",),
}

# When the one model with checkpoints writes them: the same in all of its templates.
_CHECKPOINTS = {
    "checkpoint.checkpoint_after_epoch": 5,
    "checkpoint.epochs_between_checkpoints": 2,
}


@planned_closed.also(
    Scope.TRAINING,
    ours="checkpoint.checkpoint_folder may be changed: the lists of the guidelines and"
    " of the checker disagree, and it only says where something is written.",
)
def closed_parameters(case: StoredCase) -> list[Outcome] | Outcome:
    """Check that closed runs changed only what CLOSED lets them change.

    Overrides (metadata, else overrides.yaml or hydra.yaml) must be in the list, be set
    by the tool itself, or repeat the official value; resolved parameters (metadata
    and config.yaml) must be official otherwise, named by an override or not. The
    tool's own verdict must not say otherwise, in whatever case it is written.
    """
    if case.division is not Division.CLOSED:
        return not_applicable(f"the result claims {case.division.value}, not closed")
    return _judged(case)


@planned_open.also(Scope.TRAINING)
def open_parameters(case: StoredCase) -> list[Outcome] | Outcome:
    """Check that open runs changed only what OPEN lets them change; as 3.6.2."""
    if case.division is not Division.OPEN:
        return not_applicable(f"the result claims {case.division.value}, not open")
    return _judged(case)


def _judged(case: StoredCase) -> list[Outcome]:
    runs = case.workload.runs
    rules = _Rules(case)
    name = case.division.value.upper()
    judged = concluded(
        over(runs, rules.faults),
        runs,
        expected=f"official parameters, but for those of {name};"
        f" reading: {case.edition.training.reading}",
        actual=rules.seen,
        where="*_metadata.json: override_parameters, parameters, verification;"
        " dlio_config",
        fix="take the runs with the official template and the parameters that may be"
        " changed",
    )
    beyond = dict.fromkeys(text for leaf in runs for text in rules.tolerated(leaf))
    if not beyond:
        return [judged]
    limits = Outcome(
        verdict=Verdict.WARN,
        expected="parameters that may be changed, within their limits; no checker of"
        " this edition looked at them",
        actual="; ".join(beyond),
        where="*_metadata.json: override_parameters, parameters; dlio_config",
        fix="keep to the limits of the text",
    )
    return [judged, limits]


class _Rules:
    """What may be changed in one division of an edition, for one workload."""

    def __init__(self, case: StoredCase) -> None:
        """Look up the official figures of the workload; there may be none."""
        self._case = case
        self._edition: Edition = case.edition
        self._allowed = {p.official: p for p in case.edition.parameters(case.division)}
        self._official = self._figures()
        self._changed: set[str] = set()

    @property
    def seen(self) -> str:
        """Name what was changed as allowed."""
        changed = ", ".join(sorted(self._changed))
        return f"changed as allowed: {changed}" if changed else "all official"

    def faults(self, leaf: Leaf) -> Sequence[str]:
        """Faults of one run; NotRecordedError when it can't be judged as a whole."""
        told = overrides(leaf)
        found = [*self._said(leaf), *self._told(told), *self._resolved(leaf, told)]
        found += [
            text
            for parameter_ in self._allowed.values()
            if (text := self._limit(leaf, told, parameter_))
        ]
        if not found:
            self._complete(leaf)
        return found

    def tolerated(self, leaf: Leaf) -> Sequence[str]:
        """Values beyond a limit that the edition only warns of."""
        if self._edition.training.limits_severity == "error":
            return []
        told = overrides(leaf) if leaf.overrides.readable else {}
        return [
            f"{leaf.name}: {rule.official} is {number:g}, at most {rule.most}"
            for rule in self._allowed.values()
            if rule.most
            and (
                number := as_number(
                    told.get(rule.official, parameter(leaf, rule.official))
                )
            )
            is not None
            and number > rule.most
        ]

    def _figures(self) -> dict[str, object] | None:
        model, accelerator = self._case.workload.model, self._case.workload.accelerator
        known = next((f for f in self._case.figures if f.name == model), None)
        if known is None or known.accelerator(accelerator) is None:
            return None
        values = official_values(known, accelerator, self._edition)
        return (dict(_CHECKPOINTS) if known.model_bytes else {}) | {
            name: values[key]
            for key, names in _NAMES.items()
            for name in names
            if key in values
        }

    def _complete(self, leaf: Leaf) -> None:
        """Refuse to pass a run whose template or official figures are unknown."""
        if self._official is None:
            workload = self._case.workload
            raise NotRecordedError(
                f"no figures of {workload.model} on {workload.accelerator} to compare"
            )
        leaf.parameter("reader", "batch_size")

    def _said(self, leaf: Leaf) -> list[str]:
        """Fault when the tool's own verdict is worse than the claim."""
        return verified_worse(leaf, self._case.division)

    def _told(self, told: Mapping[str, object]) -> list[str]:
        faults = []
        for key, value in told.items():
            if self._edition.training.permits(key):
                continue
            if key in self._allowed:
                self._changed.add(key)
            elif self._official is None or key not in self._official:
                faults.append(f"{key} may not be changed")
            elif not same_setting(value, self._official[key]):
                faults.append(self._differs(key, value))
        return faults

    def _resolved(self, leaf: Leaf, told: Mapping[str, object]) -> list[str]:
        """Values that no override names and that are not official all the same."""
        faults = []
        for key, official in (self._official or {}).items():
            for value in _records(leaf, key):
                if key in told or same_setting(value, official):
                    continue
                if key in self._allowed:
                    self._changed.add(key)
                else:
                    faults.append(f"{self._differs(key, value)}; no override names it")
        return faults

    def _differs(self, key: str, value: object) -> str:
        official = (self._official or {})[key]
        return f"{key} is {str(value)[:40]}, official {official}"

    def _limit(self, leaf: Leaf, told: Mapping[str, object], rule: Parameter) -> str:
        """Say which limit of a changeable parameter the run breaks, or nothing."""
        key = rule.official
        value = told.get(key, parameter(leaf, key))
        model = self._case.workload.model
        number = as_number(value)
        if rule.most and number is not None and number > rule.most:
            if self._edition.training.limits_severity == "error":
                return f"{key} is {number:g}, at most {rule.most}"
            self._changed.add(key)
        on = _plain(value) not in (None, False, 0.0, "")
        if on and rule.workloads and model not in rule.workloads:
            return f"{key} is {value}, only {', '.join(rule.workloads)} may have it"
        official = (self._official or {}).get(key)
        changed = value is not None and not same_setting(value, official)
        if rule.formats and changed and self._format(leaf) not in rule.formats:
            return f"{key} may change for {', '.join(rule.formats)} only"
        return ""

    def _format(self, leaf: Leaf) -> str:
        found = parameter(leaf, "dataset.format")
        return str(found or (self._official or {}).get("dataset.format", ""))


def _records(leaf: Leaf, key: str) -> list[object]:
    """Values of a parameter: metadata and config.yaml, neither hides the other."""
    path = key.split(".")
    return [
        document.value(top, *path)
        for document, top in ((leaf.metadata, "parameters"), (leaf.config, "workload"))
        if document.has(top, *path)
    ]


def same_setting(value: object, official: object) -> bool:
    """Whether both mean the same: overrides are text, and `off` is false in YAML."""
    if type(value) is type(official) and value == official:
        return True
    one, other = _plain(value), _plain(official)
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9)
    return one == other


def _plain(value: object) -> object:
    if isinstance(value, str):
        value = value.strip("'\"").lower()
        if value in ("true", "false", "on", "off"):
            return value in ("true", "on")
    if isinstance(value, bool):
        return value
    number = as_number(value)
    return value if number is None else number
