"""Rules about systems: their descriptions (2.1.7) and their results (2.1.8)."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from mlps.errors import NotRecordedError
from rules.catalogue.tree.parts import complete, shown, structure, visible
from rules.finding import Outcome, Verdict
from rules.rule import NotApplicableError, Scope, StoredCase, first_of, stored_rule
from rules.schema_system import judge_system
from rules.stored import PRUNED, Directory, Document

_FIX_FILES = "describe each system in systems/NAME.yaml and NAME.pdf, and nothing else"
_FIX_SCHEMA = "correct the named fields of the system's description"
_MANY = 6


@stored_rule(
    "2.1.7",
    "systemsDirectoryFiles",
    Scope.ORGANISATION,
    ours="null for CPU or memory of a storage node is a warning: the review chairs"
    " accepted it of custom hardware, which the schema can't describe",
)
def system_files(case: StoredCase) -> Sequence[Outcome]:
    """Judge the folder `systems`: pairs of NAME.yaml and NAME.pdf, and the schema.

    Markdown and hidden files are free; folders and other files are not. Every
    description is held against the schema, with its rules across fields: n/a of
    client footprint and installation go together, rack units add up without clients,
    onprem and cloud have and lack rack units and power, remote storage has networks
    and itemized nodes, local has no switches, ports that are up name speed and
    traffic, no more power supplies are needed than there are. Capabilities are judged
    by 4.7.3 and 4.7.4.
    """
    structure(case)
    folder = case.organisation.folder.folder("systems")
    if folder is None:
        raise NotApplicableError("there is no folder systems (2.1.5)")
    return [_pairs(case, folder), *_descriptions(case)]


def _pairs(case: StoredCase, folder: Directory) -> Outcome:
    stems: dict[str, set[str]] = {".yaml": set(), ".pdf": set()}
    faults = [f"unexpected folder {s.name}" for s in folder.folders if _seen(s.name)]
    for name in shown(folder):
        path = PurePosixPath(name)
        if path.suffix in stems:
            stems[path.suffix].add(path.stem)
        elif path.suffix != ".md":
            faults.append(f"unexpected file {name}")
    yamls, pdfs = stems[".yaml"], stems[".pdf"]
    absent = [f"{stem}.yaml has no {stem}.pdf" for stem in sorted(yamls - pdfs)]
    absent += [f"{stem}.pdf has no {stem}.yaml" for stem in sorted(pdfs - yamls)]
    return complete(
        case,
        faults,
        absent,
        expected="NAME.yaml and NAME.pdf of each system, and *.md",
        actual=f"{len(yamls)} pairs",
        where=folder.where,
        fix=_FIX_FILES,
    )


def _seen(name: str) -> bool:
    return not name.startswith(".")


def _descriptions(case: StoredCase) -> Iterator[Outcome]:
    for document in case.organisation.descriptions:
        if document.where.endswith(".yaml"):
            yield _schema(document)


def _schema(document: Document) -> Outcome:
    if document.fault:
        verdict = Verdict.NO_EVIDENCE if document.fault == PRUNED else Verdict.FAIL
        return _said(verdict, document, f"{document.where} {document.fault}")
    found = judge_system(document.content)
    if found.problems:
        texts = [str(problem) for problem in found.problems]
        return _said(Verdict.FAIL, document, first_of(texts, _MANY))
    if found.custom:
        texts = [str(problem) for problem in found.custom]
        return _said(Verdict.WARN, document, first_of(texts, _MANY))
    return Outcome(
        verdict=Verdict.PASS,
        expected="a description that fits the schema",
        actual="fits",
        where=document.where,
    )


def _said(verdict: Verdict, document: Document, actual: str) -> Outcome:
    return Outcome(
        verdict=verdict,
        expected="a description that fits the schema",
        actual=actual,
        where=document.where,
        fix=_FIX_SCHEMA,
    )


@stored_rule("2.1.8", "resultsDirectorySystems", Scope.ORGANISATION)
def result_systems(case: StoredCase) -> Outcome:
    """Judge that `results` and `systems` name the same systems, one at least.

    A folder of results needs NAME.yaml and NAME.pdf, a description needs its results,
    and the submission_name in the description is the folder's name.
    """
    structure(case)
    folder = case.organisation.folder
    results, systems = folder.folder("results"), folder.folder("systems")
    if results is None or systems is None:
        raise NotApplicableError("results or systems is missing (2.1.5)")
    names = [sub.name for sub in visible(results)]
    files = set(systems.files)
    absent = [
        f"results/{name} has no systems/{name}{kind}"
        for name in names
        for kind in (".yaml", ".pdf")
        if f"{name}{kind}" not in files
    ]
    described = [n.removesuffix(".yaml") for n in shown(systems) if n.endswith(".yaml")]
    absent += [
        f"systems/{n}.yaml has no results/{n}" for n in described if n not in names
    ]
    if not names:
        absent.append("no system at all in results")
    faults, gaps = _misnamed(case, names)
    if gaps and not faults and not absent:
        raise NotRecordedError(first_of(gaps, _MANY))
    return complete(
        case,
        faults,
        absent,
        expected="a description of each system, with its name, and results of each",
        actual=f"{len(names)} systems",
        where=f"{case.organisation.where}/results",
        fix="name results/NAME, systems/NAME.yaml, NAME.pdf and submission_name alike",
    )


def _misnamed(case: StoredCase, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Descriptions with another name in them, and those that can't be read."""
    faults, gaps = [], []
    for document in case.organisation.descriptions:
        name = PurePosixPath(document.where).stem
        if name not in names:
            continue
        if document.fault:
            gaps.append(f"{document.where} {document.fault}")
            continue
        keys = ("system_under_test", "solution", "submission_name")
        said = document.value(*keys) if document.has(*keys) else None
        if said != name:
            faults.append(f"systems/{name}.yaml: submission_name is {str(said)[:80]!r}")
    return faults, gaps
