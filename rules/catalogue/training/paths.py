"""Rules 3.4.1 and 3.4.2: data and results in different places."""

from collections.abc import Sequence
from dataclasses import replace
from posixpath import normpath

from mlps.errors import NotRecordedError
from rules.catalogue.leaves import concluded, label, over
from rules.finding import Outcome, Verdict
from rules.rule import (
    Case,
    Scope,
    StoredCase,
    included,
    judged,
    not_applicable,
    rule,
    stored_rule,
)
from rules.stored import Leaf


@stored_rule("3.4.1", "trainingMlpstoragePathArgs", Scope.TRAINING)
def path_arguments(case: StoredCase) -> Outcome:
    """Check that data and results of each run were given different folders.

    Taken from the arguments in the metadata, else from what the probe of file systems
    recorded.
    """
    runs = case.workload.runs

    def check(leaf: Leaf) -> Sequence[str]:
        data, results = _arguments(leaf)
        faults = [
            f"no {name}"
            for name, path in (("data_dir", data), ("results_dir", results))
            if not path
        ]
        same = bool(data) and bool(results) and normpath(data) == normpath(results)
        return [*faults, *([f"both are {data}"] if same else [])]

    return concluded(
        over(runs, check),
        runs,
        expected="data_dir and results_dir set, and different",
        actual=f"in {len(runs)} runs",
        where="*_metadata.json: args.data_dir, args.results_dir; fs_separation.json",
        fix="take the runs with results in a folder of their own",
    )


@rule("3.4.2", "trainingMlpstorageFilesystemCheck")
def planned_file_systems(case: Case) -> Outcome:
    """Check that a plan keeps its results off the file system under test.

    The runner refuses to start when the plan says so and the folders it was given lie
    on one file system all the same.
    """
    same = case.plan.system.results_on_data_path
    return judged(
        not same,
        expected="results on another file system than the data",
        actual="the plan lets results share the file system of the data"
        if same
        else "the plan keeps them apart",
        where="plan: system.results_on_data_path",
        fix="set system.results_on_data_path to false and compile again",
        waiver=case.waiver,
    )


@planned_file_systems.also(
    Scope.TRAINING,
    ours="The probe's fs_separation.json decides. The official checker also takes the"
    " output of df in the run's log, which is not read here.",
)
def file_systems(case: StoredCase) -> list[Outcome] | Outcome:
    """Check that data and results of each run were on different file systems.

    Log files on the storage under test would be part of the load. Read from
    fs_separation.json, which the tool's probe wrote before the run; the probe must have
    been of the run's own data folder. Object storage has no file system to compare.
    """
    if _object_storage(case):
        return not_applicable("object storage")
    runs = [leaf for leaf in case.workload.runs if not leaf.fs_separation.missing]

    def check(leaf: Leaf) -> Sequence[str]:
        probe = leaf.fs_separation
        faults = ["the same file system"] if probe.flag("same_filesystem") else []
        data = _text(leaf, "data_dir")
        probed = {
            normpath(probe.text(key))
            for key in ("data_or_chkpt_path", "data_or_chkpt_realpath")
            if probe.has(key)
        }
        if data and probed and not any(_nested(data, path) for path in probed):
            faults.append(f"the probe was of {min(probed)}, the data is in {data}")
        return faults

    outcomes = _unprobed(case)
    if runs or not outcomes:
        probed = concluded(
            over(runs, check),
            runs,
            expected="data and results on different file systems in every run",
            actual=f"in {len(runs)} runs",
            where="fs_separation.json: same_filesystem",
            fix="write results to another file system than the one under test",
        )
        return [probed, *outcomes]
    return outcomes


def _unprobed(case: StoredCase) -> list[Outcome]:
    """Name the runs without a probe, as severely as the edition takes them."""
    absent = [label(run) for run in case.workload.runs if run.fs_separation.missing]
    if not absent:
        return []
    found = included(
        case,
        [f"{name}: no fs_separation.json" for name in absent],
        expected="a fs_separation.json in every run",
        actual="",
        where="fs_separation.json",
        fix="submit what the tool's probe wrote (older builds wrote nothing: to be"
        " reviewed by hand)",
    )
    warns = case.edition.training.probe_severity == "warning"
    if warns and found.verdict is Verdict.FAIL:
        return [replace(found, verdict=Verdict.WARN)]
    return [found]


def _nested(one: str, other: str) -> bool:
    """Whether one path is the other, or lies in it."""
    paths = [f"{normpath(path).rstrip('/')}/" for path in (one, other)]
    return paths[0].startswith(paths[1]) or paths[1].startswith(paths[0])


def _arguments(leaf: Leaf) -> tuple[str, str]:
    """Read the data and results folder, each empty when the arguments lack it."""
    if leaf.metadata.has("args"):
        return _text(leaf, "data_dir"), _text(leaf, "results_dir")
    probe = leaf.fs_separation
    if probe.has("data_or_chkpt_path") and probe.has("results_path"):
        return probe.text("data_or_chkpt_path"), probe.text("results_path")
    raise NotRecordedError(
        f"{leaf.metadata.where} {leaf.metadata.fault or 'has no args'}, and"
        f" {probe.where} {probe.fault or 'has no paths'}"
    )


def _text(leaf: Leaf, key: str) -> str:
    if not leaf.metadata.has("args", key):
        return ""
    return leaf.metadata.text("args", key)


def _object_storage(case: StoredCase) -> bool:
    keys = ("system_under_test", "solution", "architecture", "benchmark_API")
    description = case.workload.description
    if description.has(*keys):
        return description.value(*keys) == "object"
    return any(
        leaf.metadata.has("args", "data_access_protocol")
        and leaf.metadata.value("args", "data_access_protocol") == "object"
        for leaf in case.workload.runs
    )
