"""Whether checkpoints and results were kept apart."""

from posixpath import normpath

from rules.catalogue.checkpointing.recorded import invocations, settled
from rules.catalogue.leaves import over
from rules.finding import Outcome
from rules.rule import (
    NotApplicableError,
    Scope,
    StoredCase,
    included,
    stored_rule,
)
from rules.stored import Document, Leaf

_API = ("system_under_test", "solution", "architecture", "benchmark_API")


@stored_rule("4.4.1", "checkpointPathArgs", Scope.CHECKPOINTING)
def path_arguments(case: StoredCase) -> Outcome:
    """Check that the folders of checkpoints and of results are set and differ.

    Reads checkpoint_folder and results_dir of the arguments in the metadata; without
    metadata the paths of the tool's probe (fs_separation.json) or the parameters.
    """
    return settled(
        case,
        over(invocations(case), _paths),
        expected="a checkpoint folder and a results folder, not the same",
        actual=f"both set and different in all {len(invocations(case))} invocations",
        where="metadata: args.checkpoint_folder, args.results_dir",
        fix="keep results off the checkpoint folder (--results-dir,"
        " --checkpoint-folder) and run again",
    )


def _paths(leaf: Leaf) -> list[str]:
    if leaf.metadata.has("args"):
        leaf.metadata.mapping("args")
        found = {
            key: _text(leaf.metadata, ("args", key))
            for key in ("checkpoint_folder", "results_dir")
        }
    else:
        found = {
            "data_or_chkpt_path": leaf.fs_separation.text("data_or_chkpt_path"),
            "results_path": leaf.fs_separation.text("results_path"),
        }
    unset = [f"{key} is not set" for key, path in found.items() if not path.strip()]
    if unset:
        return unset
    folders = {normpath(path) for path in found.values()}
    return [f"both are {folders.pop()[:120]}"] if len(folders) == 1 else []


def _text(document: Document, keys: tuple[str, ...]) -> str:
    return document.text(*keys) if document.has(*keys) else ""


@stored_rule("4.4.2", "checkpointFilesystemCheck", Scope.CHECKPOINTING)
def filesystems(case: StoredCase) -> Outcome:
    """Check that checkpoints and results were on different filesystems.

    Reads same_filesystem of the tool's probe, fs_separation.json, of each invocation.
    Does not apply to object storage.
    """
    if _is_object(case):
        raise NotApplicableError("checkpoints were objects, not files")
    absent = [
        leaf.fs_separation.where
        for leaf in invocations(case)
        if leaf.fs_separation.missing
    ]
    where = "fs_separation.json: same_filesystem"
    fix = (
        "put results on another filesystem than checkpoints, as the tool's probe shows"
    )
    expected = "same_filesystem is false in every invocation"
    answers = over(
        [leaf for leaf in invocations(case) if not leaf.fs_separation.missing], _same
    )
    if absent and not answers[0]:
        return included(
            case, absent, expected=expected, actual="", where=where, fix=fix
        )
    return settled(
        case,
        answers,
        expected=expected,
        actual=f"different in all {len(invocations(case))} invocations",
        where=where,
        fix=fix,
    )


def _same(leaf: Leaf) -> list[str]:
    same = leaf.fs_separation.flag("same_filesystem")
    return ["checkpoints and results are on one filesystem"] if same else []


def _is_object(case: StoredCase) -> bool:
    """Whether the checkpoints went to object storage, by description or arguments."""
    found = [
        document.value(*keys)
        for document, keys in (
            (case.workload.description, _API),
            *(
                (leaf.metadata, ("args", "data_access_protocol"))
                for leaf in case.workload.runs
            ),
        )
        if document.has(*keys)
    ]
    named = {name.lower() if isinstance(name, str) else "" for name in found}
    return named == {"object"}
