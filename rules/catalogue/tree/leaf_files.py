"""Rules about the files of a leaf and beside it: 2.1.14 to 2.1.16, 2.1.19 to 2.1.26."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from rules.catalogue.tree.parts import complete, model_folder, shown, structure
from rules.edition import Edition
from rules.finding import Outcome
from rules.rule import NotApplicableError, Scope, StoredCase, included, stored_rule
from rules.stored import Directory, Leaf
from rules.tables.structure import Structure

_TABLE = "results.json"
Files = Callable[[Structure], Sequence[str]]


def _datagen(names: Structure) -> Sequence[str]:
    return names.datagen_files


def _run(names: Structure) -> Sequence[str]:
    return names.run_files


def _checkpointing(names: Structure) -> Sequence[str]:
    return names.checkpointing_files


def _numbers(files: Files) -> Callable[[Edition], Sequence[str]]:
    def numbers(edition: Edition) -> Sequence[str]:
        found = edition.structure
        return (f"{', '.join(files(found))}, {found.config_folder}/",) if found else ()

    return numbers


def _leaves(case: StoredCase, phase: str) -> Sequence[Leaf]:
    leaves = case.workload.phase(phase)
    if not leaves:
        raise NotApplicableError(f"there is no leaf of the phase {phase}")
    return leaves


def _files(case: StoredCase, phase: str, files: Files) -> Outcome:
    """Judge that every leaf of a phase has a file of each pattern."""
    names, leaves = structure(case), _leaves(case, phase)
    absent = [
        f"{leaf.name}: no {pattern}"
        for leaf in leaves
        for pattern in files(names)
        if not any(fnmatchcase(name, pattern) for name in leaf.folder.files)
    ]
    absent += [
        f"{leaf.name}: no folder {names.config_folder}"
        for leaf in leaves
        if leaf.folder.folder(names.config_folder) is None
    ]
    return included(
        case,
        absent,
        expected=f"{', '.join(files(names))}, {names.config_folder}/ in every leaf",
        actual=f"all of them in {len(leaves)} leaves",
        where=case.workload.where,
        fix="submit the leaves as the tool wrote them",
    )


@stored_rule("2.1.14", "datagenFiles", Scope.TRAINING, numbers=_numbers(_datagen))
def datagen_files(case: StoredCase) -> Outcome:
    """Judge that data generation left its files; placeholders of pruned ones count."""
    return _files(case, "datagen", _datagen)


@stored_rule("2.1.19", "runFiles", Scope.TRAINING, numbers=_numbers(_run))
def run_files(case: StoredCase) -> Outcome:
    """Judge that every run left its files; placeholders of pruned ones count."""
    return _files(case, "run", _run)


@stored_rule(
    "2.1.25",
    "checkpointingFiles",
    Scope.CHECKPOINTING,
    numbers=_numbers(_checkpointing),
)
def checkpointing_files(case: StoredCase) -> Outcome:
    """Judge that every invocation left its files; placeholders of pruned ones count."""
    return _files(case, "run", _checkpointing)


def _configs(edition: Edition) -> Sequence[str]:
    found = edition.structure
    return (f"exactly {', '.join(found.config_files)}",) if found else ()


def _config(case: StoredCase, phase: str) -> Outcome:
    """Judge the configuration of every leaf of a phase."""
    names, leaves = structure(case), _leaves(case, phase)
    faults, absent = [], []
    for leaf in leaves:
        folder = leaf.folder.folder(names.config_folder)
        there = [*shown(folder), *_inside(folder)] if folder else []
        faults += [
            f"{leaf.name}: unexpected {name}"
            for name in there
            if name not in names.config_files
        ]
        absent += [
            f"{leaf.name}: no {name}"
            for name in names.config_files
            if name not in there
        ]
    return complete(
        case,
        faults,
        absent,
        expected=f"exactly {', '.join(names.config_files)} in {names.config_folder}",
        actual=f"exactly those in {len(leaves)} leaves",
        where=case.workload.where,
        fix="submit the configuration as the tool wrote it, and nothing else",
    )


def _inside(folder: Directory) -> list[str]:
    return [f"{sub.name}/" for sub in folder.folders if not sub.name.startswith(".")]


@stored_rule("2.1.15", "datagenDlioConfig", Scope.TRAINING, numbers=_configs)
def datagen_config(case: StoredCase) -> Outcome:
    """Judge the configuration folder of the data generation: three files, no more."""
    return _config(case, "datagen")


@stored_rule("2.1.20", "runDlioConfig", Scope.TRAINING, numbers=_configs)
def run_config(case: StoredCase) -> Outcome:
    """Judge the configuration folder of every training run: three files, no more."""
    return _config(case, "run")


@stored_rule("2.1.26", "checkpointingDlioConfig", Scope.CHECKPOINTING, numbers=_configs)
def checkpointing_config(case: StoredCase) -> Outcome:
    """Judge the configuration folder of every invocation: three files, no more."""
    return _config(case, "run")


def _table(case: StoredCase, folder: Directory) -> Outcome:
    return included(
        case,
        [] if _TABLE in folder.files else [f"no {_TABLE}"],
        expected=f"one {_TABLE}",
        actual="there is one",
        where=folder.where or ".",
        fix="let the tool's reports command write the table",
    )


@stored_rule("2.1.16", "runResultsJson", Scope.TRAINING)
def run_table(case: StoredCase) -> Outcome:
    """Judge that the result table stands beside the runs, in `run`."""
    structure(case)
    folder = model_folder(case).folder("run")
    if folder is None:
        raise NotApplicableError("there is no run (2.1.12)")
    return _table(case, folder)


@stored_rule("2.1.22", "checkpointingResultsJson", Scope.CHECKPOINTING)
def checkpointing_table(case: StoredCase) -> Outcome:
    """Judge that the result table stands in the model's folder."""
    structure(case)
    return _table(case, model_folder(case))
