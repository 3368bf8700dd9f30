"""Whether all runs read one dataset, and somebody looked at what is in it."""

from collections.abc import Iterator

from mlps.errors import NotRecordedError
from mlps.plan import PhaseKind, RunKind
from rules.evidence_record import Passport
from rules.finding import Outcome
from rules.record import Closing, RunRecord
from rules.rule import Case, Stage, faultless, rule


@rule("EV-18", "datasetPassport", needs=Stage.CAMPAIGN)
def dataset_passport(case: Case) -> Outcome:
    """Check that every run adopted the same dataset, and that its content is known.

    The digest of the manifest (names and sizes of all files) is the same in all
    runs, and so are files, bytes and the file system they are on. Content is known
    when the campaign's own data generation wrote it, or when a seeded sample of it was
    read and compared while it was adopted.
    """
    runs, faults = case.presented(), []
    digests: dict[str, str] = {}
    sizes: dict[tuple[int, int], str] = {}
    places: dict[frozenset[tuple[str, str, str]], str] = {}
    for run in runs:
        passport = run.read().host_facts.sound(run.where).passport
        if passport is None or not passport.manifest_digest:
            raise NotRecordedError(
                f"{run.where}: /dataset has no row or no manifest digest; record the"
                " adopted dataset and the digest of its manifest"
            )
        digests.setdefault(passport.manifest_digest, run.label)
        sizes.setdefault((passport.files, passport.dataset_bytes), run.label)
        mounts = run.read().host_facts.mounts
        place = frozenset((m.fs_type, m.mount_point, m.export) for m in mounts)
        if place:
            places.setdefault(place, run.label)
        faults += [f"{run.label}: {text}" for text in _overstated(run, passport)]
    if len(digests) > 1:
        told = ", ".join(
            f"{digest[:19]}... since {run}" for digest, run in digests.items()
        )
        faults.append(f"{len(digests)} datasets: {told}")
    if len(sizes) > 1:
        faults.append(f"other files or bytes since {list(sizes.values())[1]}")
    if len(places) > 1:
        faults.append(f"on another file system since {list(places.values())[1]}")
    if not any(_is_known(run) for run in runs):
        faults.append("its content was neither generated here nor compared")
    return faultless(
        faults,
        expected="one manifest in all runs; content generated here, or compared",
        actual=f"{next(iter(digests))[:19]}... in {len(runs)} runs",
        where="evidence: /dataset, /phases of the datagen run",
        fix="run all of the campaign on one dataset, with submission.verify_fraction"
        " above 0, or let the campaign generate it",
    )


def _is_known(run: RunRecord) -> bool:
    evidence = run.read()
    passport = evidence.host_facts.passport
    if passport is not None and passport.verified_files and passport.verified_bytes:
        return True
    return any(closing.delivered_bytes > 0 for closing in _generated(run))


def _generated(run: RunRecord) -> list[Closing]:
    """Pick the closing records of ranks that generated the dataset in this run."""
    if run.kind != RunKind.DATAGEN.value:
        return []
    closings = run.read().closings
    return [c for c in closings if c.name == PhaseKind.DATAGEN.value]


def _overstated(run: RunRecord, passport: Passport) -> Iterator[str]:
    """Say whether more was checked or generated than there is."""
    checked = (passport.verified_files, passport.verified_bytes)
    most = (passport.files, passport.dataset_bytes)
    is_part = 0 <= checked[0] <= most[0] and 0 <= checked[1] <= most[1]
    if not is_part or any(checked) != all(checked):
        yield f"{checked[0]} files and {checked[1]} bytes were checked"
    closings = _generated(run)
    files = sum(closing.samples for closing in closings)
    size = sum(closing.delivered_bytes for closing in closings)
    if not (0 <= files <= most[0] and 0 <= size <= most[1]):
        yield f"{files} files and {size} bytes were generated"
