"""Whether the official model was saved with the official parameters."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from mlps.plan import Division
from rules.catalogue.checkpointing.recorded import (
    figures_of,
    invocations,
    only,
    records,
    settled,
    table,
)
from rules.catalogue.leaves import over
from rules.catalogue.verification import verified_worse
from rules.checkpoint_figures import CheckpointFigures, checkpoint_figures
from rules.edition import Edition
from rules.finding import Outcome
from rules.rule import Scope, StoredCase, judged, stored_rule
from rules.stored import Document, Leaf, as_number

_SIZE = re.compile(r"(?<![0-9])(8b|70b|405b|1t)(?![0-9a-z])")
_SECTIONS = ("model", "framework", "workflow", "checkpoint")
_FREE = (
    "checkpoint.checkpoint_folder",
    "checkpoint.num_checkpoints_write",
    "checkpoint.num_checkpoints_read",
    "checkpoint.mode",
)
_COPIES = "model.parallelism.data"
_TEMPLATE = "workload="
_MOST = 200


@stored_rule(
    "4.3.2",
    "checkpointFsyncVerification",
    Scope.CHECKPOINTING,
    numbers=lambda _: ["checkpoint.fsync is true in every invocation"],
)
def fsync(case: StoredCase) -> Outcome:
    """Check that every checkpoint was to be flushed to storage before it counts.

    Reads checkpoint.fsync of each invocation, from the parameters in its metadata and
    from its config.yaml: neither may be false.
    """
    return settled(
        case,
        over(
            invocations(case),
            lambda leaf: [
                f"checkpoint.fsync is false in {record.where}"
                for record in records(leaf, "checkpoint", "fsync")
                if not record.flag("checkpoint", "fsync")
            ],
        ),
        expected="checkpoint.fsync is true",
        actual=f"true in all {len(invocations(case))} invocations",
        where="metadata: parameters.checkpoint.fsync; dlio_config/config.yaml",
        fix="leave checkpoint.fsync of the template true and run again",
    )


def _models(edition: Edition) -> Sequence[str]:
    found = edition.checkpointing
    return [
        f"{f.name}: {f.shape.layers} layers of {f.shape.hidden}, tensor x pipeline x"
        f" data {f.shape.tensor_parallel} x {f.shape.pipeline_parallel} x"
        f" {f.data_parallel}, ZeRO {f.shape.zero_stage}"
        for f in checkpoint_figures()
        if found and f.name in found.models
    ]


@stored_rule(
    "4.3.3",
    "checkpointModelConfigurationReq",
    Scope.CHECKPOINTING,
    numbers=_models,
)
def model(case: StoredCase) -> Sequence[Outcome] | Outcome:
    """Check that one of the official models was saved, and the one that is claimed.

    The folder, metadata, parameters and template must name the same model, and its
    recorded dimensions must be the official ones, in every division. The tool itself
    refuses other names.
    """
    known = table(case).models
    name = case.workload.model
    if name.lower() not in known:
        return judged(
            holds=False,
            expected=f"a model of the edition: {', '.join(known)}",
            actual=f"the result is of {name or 'no model'}",
            where=case.workload.where,
            fix="run one of the official models and name its folder after it",
        )
    figures = figures_of(case)
    wanted = {
        key: value
        for key, value in figures.parameters().items()
        if key.startswith("model.") and key != "model.name"
    }
    return settled(
        case,
        over(
            invocations(case),
            lambda leaf: [
                *_other_names(figures, leaf),
                *_differences(leaf, ("model",), wanted),
            ],
        ),
        expected=f"{name} with its official dimensions",
        actual=f"{name} in all {len(invocations(case))} invocations",
        where="metadata: model, args.model, parameters.model; dlio_config: config.yaml,"
        " overrides.yaml",
        fix="run the official model unchanged, and file it under its own name",
    )


def _other_names(figures: CheckpointFigures, leaf: Leaf) -> list[str]:
    named = {
        ".".join(keys): leaf.metadata.text(*keys)
        for keys in (("model",), ("args", "model"))
        if leaf.metadata.has(*keys)
    }
    for record in records(leaf, "model", "name"):
        named[f"model.name of {record.where}"] = record.text("model", "name")
    listed = leaf.overrides.content if isinstance(leaf.overrides.content, list) else []
    for text in listed:
        if isinstance(text, str) and text.startswith(_TEMPLATE):
            named[f"template of {leaf.overrides.where}"] = text.removeprefix(_TEMPLATE)
    wanted = _SIZE.search(figures.name)
    return [
        f"{key} is {name}"
        for key, name in named.items()
        if (found := _SIZE.search(name.lower())) is None
        or wanted is None
        or found[1] != wanted[1]
    ]


@stored_rule(
    "4.6.3",
    "checkpointClosedCheckpointParameters",
    Scope.CHECKPOINTING,
    numbers=lambda _: [
        f"sections {', '.join(_SECTIONS)} as in the template but {', '.join(_FREE)}"
    ],
)
def closed_parameters(case: StoredCase) -> Outcome:
    """Check that a CLOSED result ran the template, but for the folder.

    Compares all recorded parameters of model, framework, workflow and checkpoint with
    the official template. The counts are judged by 4.7.1, the mode that the tool sets
    for a subset by 4.3.5. Parameters of other sections don't reach a checkpoint. The
    tool's own verdict (verification) must not say otherwise.
    """
    only(case, Division.CLOSED)
    figures = figures_of(case)
    wanted = figures.parameters()

    known = {_COPIES: str(figures.data_parallel)}
    return settled(
        case,
        over(
            invocations(case),
            lambda leaf: [
                *verified_worse(leaf, case.division),
                *_differences(leaf, _SECTIONS, wanted),
                *_additions(leaf, wanted, known),
            ],
        ),
        expected=f"the parameters of the template {figures.template}",
        actual=f"as in the template in all {len(invocations(case))} invocations",
        where="metadata: parameters; dlio_config/config.yaml",
        fix="run the template unchanged but for checkpoint.checkpoint_folder, or claim"
        " OPEN",
    )


def _differences(
    leaf: Leaf, sections: Sequence[str], wanted: Mapping[str, str]
) -> list[str]:
    """Name wanted parameters that any record has otherwise, or not at all."""
    found: list[str] = []
    for section in sections:
        own = {k: v for k, v in wanted.items() if k.partition(".")[0] == section}
        for record in records(leaf, section):
            found += _unlike(_recorded(record, section), own)
    return list(dict.fromkeys(found))


def _additions(
    leaf: Leaf, wanted: Mapping[str, str], known: Mapping[str, str]
) -> list[str]:
    """Name recorded parameters that the template lacks; `known` ones by value."""
    found: list[str] = []
    for section in _SECTIONS:
        for record in records(leaf, section):
            for key, value in _recorded(record, section).items():
                if key in known:
                    found += _unlike({key: value}, {key: known[key]})
                elif key not in wanted and key not in _FREE:
                    found.append(f"{key} is {_short(value)}, not in the template")
    return list(dict.fromkeys(found))


def _recorded(record: Document, section: str) -> dict[str, object]:
    """Parameters of a section by dotted key."""
    return dict(islice(_flat(record.value(section), section), _MOST))


def _flat(value: object, key: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}")
    else:
        yield key, value


def _unlike(recorded: Mapping[str, object], wanted: Mapping[str, str]) -> list[str]:
    return [
        f"{key} is {_short(recorded[key])}, not {value}"
        if key in recorded
        else f"{key} is not set, template {value}"
        for key, value in wanted.items()
        if key not in recorded or not _same(recorded[key], value)
    ]


def _same(value: object, wanted: str) -> bool:
    """Whether a recorded value, which may be text, is what the template says."""
    number, other = as_number(value), as_number(wanted)
    if number is not None and other is not None:
        return number == other
    return str(value).strip().lower() == wanted.lower()


def _short(value: object) -> str:
    return " ".join(str(value).split())[:60]
