"""Rules about phases and time stamps: 2.1.12, 2.1.13, 2.1.21, 2.1.23."""

from collections.abc import Sequence

from rules.catalogue.tree.parts import model_folder, structure, visible
from rules.edition import Edition
from rules.finding import Outcome, Verdict
from rules.rule import (
    NotApplicableError,
    Scope,
    StoredCase,
    faultless,
    judged,
    stored_rule,
)
from rules.sources.layout import STAMP
from rules.stored import Category

_STAMPS = "folders named YYYYMMDD_HHmmss"
_FIX_STAMP = "keep the folders as the tool named them; move everything else elsewhere"


def _phases(edition: Edition) -> Sequence[str]:
    found = edition.structure
    names = [f"{p.name} ({p.severity})" for p in found.training_phases] if found else []
    return (f"exactly {', '.join(names)}",) if names else ()


@stored_rule("2.1.12", "trainingPhases", Scope.TRAINING, numbers=_phases)
def training_phases(case: StoredCase) -> Sequence[Outcome]:
    """Judge the phase folders of a training workload: exactly those of the edition.

    In an excerpt a missing one is warned of: it may not have been included.
    """
    wanted = structure(case).training_phases
    folder = model_folder(case)
    there = [sub.name for sub in visible(folder)]
    names = [phase.name for phase in wanted]
    missing = [phase for phase in wanted if phase.name not in there]
    grave = [p for p in missing if p.severity == "error" and not case.partial]
    faults = [phase.name for phase in grave]
    told = [phase.name for phase in missing if phase not in grave]
    other = [name for name in there if name not in names]
    outcomes = []
    if faults or other or not told:
        outcomes.append(
            faultless(
                [f"{name}/ is missing" for name in faults]
                + [f"unexpected folder {name}" for name in other],
                expected=f"exactly {', '.join(names)}",
                actual=", ".join(there),
                where=case.workload.where,
                fix="submit every phase as the tool wrote it, and nothing else",
            )
        )
    outcomes += [
        Outcome(
            verdict=Verdict.WARN,
            expected=f"exactly {', '.join(names)}",
            actual=f"{name}/ is missing",
            where=case.workload.where,
            fix=f"submit what the {name} command wrote",
        )
        for name in told
    ]
    return outcomes


@stored_rule("2.1.13", "datagenTimestamp", Scope.TRAINING)
def datagen_stamp(case: StoredCase) -> Outcome:
    """Judge that `datagen` holds exactly one folder, named by a time stamp."""
    structure(case)
    folder = model_folder(case).folder("datagen")
    if folder is None:
        raise NotApplicableError("there is no datagen (2.1.12)")
    names = [sub.name for sub in visible(folder)]
    faults = _misnamed(names)
    if len(names) != 1:
        faults.append(f"{len(names)} folders")
    return faultless(
        faults,
        expected="one folder named YYYYMMDD_HHmmss",
        actual=", ".join(names),
        where=folder.where,
        fix="keep the one data generation that the runs read",
    )


def _misnamed(names: Sequence[str]) -> list[str]:
    return [f"{name} is no time stamp" for name in names if not STAMP.fullmatch(name)]


def _models(edition: Edition) -> Sequence[str]:
    found = edition.checkpointing
    return (f"one or more of {', '.join(found.models)}",) if found else ()


@stored_rule("2.1.21", "checkpointingWorkloads", Scope.ORGANISATION, numbers=_models)
def checkpointing_models(case: StoredCase) -> Outcome:
    """Judge the folders in `checkpointing` of every system: models of the edition."""
    structure(case)
    results = case.organisation.folder.folder("results")
    held = [
        found
        for system in (visible(results) if results else ())
        if (found := system.folder(Category.CHECKPOINTING.value))
    ]
    if not held:
        raise NotApplicableError("nothing was checkpointed")
    known = _checkpointed(case)
    faults = [
        f"{folder.where}: unknown model {sub.name}"
        for folder in held
        for sub in visible(folder)
        if sub.name not in known
    ]
    faults += [f"{folder.where} is empty" for folder in held if not visible(folder)]
    return faultless(
        faults,
        expected=f"one or more of {', '.join(known)}",
        actual=f"only those in {len(held)} systems",
        where=f"{case.organisation.where}/results",
        fix="name each folder after the model as the rules spell it",
    )


def checkpointing_model(case: StoredCase) -> Outcome:
    """Judge the name of a checkpointing workload's folder: a model of the edition."""
    structure(case)
    name, known = model_folder(case).name, _checkpointed(case)
    return judged(
        name in known,
        expected=f"one of {', '.join(known)}",
        actual=name,
        where=case.workload.where,
        fix="name the folder after the model as the rules spell it",
    )


def _checkpointed(case: StoredCase) -> Sequence[str]:
    if case.edition.checkpointing is None:
        raise NotApplicableError(f"edition {case.edition.edition} has no checkpointing")
    return case.edition.checkpointing.models


checkpointing_workloads = checkpointing_models.also(Scope.CHECKPOINTING)(
    checkpointing_model
)


def _folders(edition: Edition) -> Sequence[str]:
    found = edition.structure
    most = found.most_checkpointing_folders if found else 0
    return (f"1 to {most} {_STAMPS}",) if found else ()


@stored_rule("2.1.23", "checkpointingTimestamps", Scope.CHECKPOINTING, numbers=_folders)
def checkpointing_stamps(case: StoredCase) -> Outcome:
    """Judge the folders of a checkpointed model: one for each invocation, 1 or 2."""
    most = structure(case).most_checkpointing_folders
    names = [sub.name for sub in visible(model_folder(case))]
    faults = _misnamed(names)
    if not 1 <= len(names) <= most:
        faults.append(f"{len(names)} folders")
    return faultless(
        faults,
        expected=f"1 to {most} {_STAMPS}",
        actual=", ".join(names),
        where=case.workload.where,
        fix=_FIX_STAMP,
    )
