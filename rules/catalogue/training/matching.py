"""Rule 3.3.1 on published trees: whether runs read what was sized and generated."""

from collections.abc import Sequence

from mlps.errors import NotRecordedError
from rules.catalogue.dataset import run_data as recorded_data
from rules.catalogue.leaves import concluded, label, over
from rules.catalogue.training.dataset import data_folders, files_of, generation, paired
from rules.catalogue.training.parameters import same_setting
from rules.finding import Outcome, Verdict
from rules.rule import Scope, StoredCase, first_of, not_applicable
from rules.stored import Leaf
from rules.training_setup import parameter

_MANIFEST = "datagen-manifest.json"
_SAME = ("format", "num_samples_per_file", "record_length_bytes")
_MANY = 6


@recorded_data.also(
    Scope.TRAINING,
    numbers=lambda edition: [
        "datasize <= files of a run <= datagen, paired by data folder",
        "datasize and datagen folders are part of a result"
        if edition.training.datasize_recorded
        else "sizing and generating were not part of a published result",
    ],
)
def run_data(case: StoredCase) -> Sequence[Outcome] | Outcome:
    """Check that each published run read what was sized, out of what was generated.

    A run is paired with the sizing of its data folder, and with the generation of it
    or else the newest one, since a cache or gateway renames folders. It must not
    read fewer files than the sizing asks for, nor more, or other ones (format, samples,
    record length, sub-folders), than were generated. The tokens in capitals are those
    of the official checker.
    """
    if not case.edition.training.datasize_recorded:
        return not_applicable(
            f"edition {case.edition.edition}: sizing and generating were not part of a"
            " published result"
        )
    faults = _phases(case)
    runs = case.workload.runs
    found, gaps = over(runs, lambda leaf: _run(case, leaf))
    outcome = concluded(
        ([*faults, *found], gaps),
        runs,
        expected="datasize <= files of each run <= datagen, of one data folder",
        actual=f"in {len(runs)} runs",
        where="*_metadata.json: args.data_dir, parameters.dataset; summary.json:"
        " num_files_train",
        fix="submit the datasize and datagen folders of the dataset that was read",
    )
    return [outcome, *_warnings(runs)]


def _phases(case: StoredCase) -> list[str]:
    """Faults of the sizing and generating themselves."""
    sized = case.workload.phase("datasize")
    faults = [] if sized else ["DATASIZE-MISSING: no datasize folder"]
    if not case.workload.phase("datagen"):
        faults.append("DATAGEN-MISSING: no datagen folder")
    faults += [
        f"DATASIZE-MALFORMED: {label(leaf)} has no number of files"
        for leaf in sized
        if leaf.metadata.readable and files_of(leaf) is None
    ]
    folders = [(leaf, data_folders(leaf)) for leaf in sized]
    reused = {
        name: [label(leaf) for leaf, names in folders if name in names]
        for name in sorted({name for _, names in folders for name in names})
    }
    faults += [
        f"DATASIZE-REUSED: {', '.join(leaves)} all size {name}"
        for name, leaves in reused.items()
        if len(leaves) > 1
    ]
    return faults


def _run(case: StoredCase, leaf: Leaf) -> list[str]:
    """Faults of one run against the sizing and the generation of its data folder."""
    files = files_of(leaf)
    if files is None:
        raise NotRecordedError(f"{leaf.where}: no num_files_train")
    sized, generated = case.workload.phase("datasize"), case.workload.phase("datagen")
    if sized or generated:
        _needs_folder(leaf)
    faults = _manifest(leaf)
    if sized:
        size = paired(leaf, sized)
        if size is None:
            _readable(sized)
            faults.append("DATADIR-MISMATCH: no sizing of its data folder")
        else:
            _readable([size])
            least = files_of(size) or 0
            if files < least:
                faults.append(f"DATASIZE-UNDERRUN: {files} files, sized {least}")
            faults += _unlike(leaf, size, "sized")
    if generated:
        faults += _against(leaf, files, generation(leaf, generated))
    return faults


def _against(leaf: Leaf, files: int, source: Leaf) -> list[str]:
    most = files_of(source)
    if most is None:
        raise NotRecordedError(f"{source.where}: no num_files_train")
    faults = []
    if files > most:
        faults.append(f"DATAGEN-OVERRUN: {files} files, generated {most}")
    return [*faults, *_unlike(leaf, source, "generated", ("num_subfolders_train",))]


def _unlike(
    leaf: Leaf, source: Leaf, done: str, more: Sequence[str] = ()
) -> Sequence[str]:
    """Parameters of the data that the run and the sizing or generation both have."""
    found = []
    for key in (*_SAME, *more):
        own, other = (parameter(each, f"dataset.{key}") for each in (leaf, source))
        if own is not None and other is not None and not same_setting(own, other):
            found.append(f"{key} is {str(own)[:40]}, {done} {str(other)[:40]}")
    return found


def _needs_folder(leaf: Leaf) -> None:
    if not data_folders(leaf):
        raise NotRecordedError(f"{leaf.where}: no file names its data folder")


def _readable(leaves: Sequence[Leaf]) -> None:
    """Refuse to conclude from a sizing or generation that can't be read."""
    for leaf in leaves:
        if not data_folders(leaf):
            raise NotRecordedError(
                f"{leaf.metadata.where} {leaf.metadata.fault or 'names no data folder'}"
            )


def _manifest(leaf: Leaf) -> list[str]:
    declared = leaf.metadata.has("datagen_manifest_file")
    if declared and _MANIFEST not in leaf.folder.files:
        return [f"MANIFEST-MISSING: {_MANIFEST} is named and not there"]
    return []


def _warnings(runs: Sequence[Leaf]) -> list[Outcome]:
    """Only worth a warning in every edition."""
    texts = [
        f"EVAL-FIELD-MISSING: {label(leaf)} has no num_files_eval"
        for leaf in runs
        if leaf.summary.readable and not leaf.summary.has("num_files_eval")
    ]
    texts += [
        f"MANIFEST-ABSENT: {label(leaf)} consumed no manifest"
        for leaf in runs
        if leaf.metadata.has("provenance_file")
        and not leaf.metadata.has("datagen_manifest_file")
    ]
    if not texts:
        return []
    return [
        Outcome(
            verdict=Verdict.WARN,
            expected="num_files_eval, and a manifest of the generation",
            actual=first_of(texts, _MANY),
            where="summary.json; *_metadata.json: datagen_manifest_file",
            fix="nothing must be done: a model without evaluation has no such field",
        )
    ]
