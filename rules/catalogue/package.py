"""Whether a package is what was sealed, and whose signature it has."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlps.errors import NotRecordedError
from mlps.plan import leaves
from rules.finding import Outcome
from rules.package.layout import SIGNATURE, STATEMENT, SUMS
from rules.package_record import PackageRecord, Seal
from rules.record import Checksums
from rules.rule import Case, NotApplicableError, Stage, faultless, first_of, rule

_NO_PACKAGE = "no package: a campaign as the runner left it"
_ESSENTIAL = frozenset({"plan", "plan_digest", "edition", "division", "verdict"})
"""What has to be derived the same by every version of mlps."""
_ESSENTIAL_OF_SUBJECT = frozenset({"plan", "digest", "edition", "claim", "verdict"})


@rule("EV-30", "packageSealed", needs=Stage.CAMPAIGN)
def package_sealed(case: Case) -> Outcome:
    """Check that a package is whole, and says what is derived from it anew.

    SHA256SUMS and the subjects of statement.json name every file and match it; the
    verdict, its tally, the plan's digest and the edition are those that this judge
    derives. A package made by another version of mlps may differ in the tally.
    """
    package, sums = _package(case), case.record.checksums
    if package.statement.stored is None:
        raise NotRecordedError(
            f"{case.record.where}/{STATEMENT} {package.statement.fault};"
            " take the package as it was sent, or seal the campaign again"
        )
    faults = [*_unlisted(package, sums), *_subject_faults(package.statement)]
    faults += _statement_faults(package.statement)
    faults += _verdict_faults(package.verdict)
    return faultless(
        faults,
        expected="every file as it was sealed, and the verdict as derived anew",
        actual=f"{len(package.files)} files, sealed by mlps"
        f" {_version(package.statement.stored)}",
        where=f"{case.record.where}: {SUMS}, {STATEMENT}, verdict.json",
        fix="take the package as it was sent, or seal the campaign again"
        " (mlps package)",
    )


def _package(case: Case) -> PackageRecord:
    if case.record.package is None:
        raise NotApplicableError(_NO_PACKAGE)
    return case.record.package


def _unlisted(package: PackageRecord, sums: Checksums | None) -> Iterator[str]:
    """Say what is there that the checksums don't name, and what they say."""
    yield from (f"{name} is no ordinary file" for name in package.strange)
    if sums is None:
        yield f"there is no {SUMS}"
        return
    yield from sums.faults
    # A signature may be added to a sealed package: it is checked by itself.
    alone = {SUMS, SIGNATURE}
    unnamed = sorted(package.files - sums.covered - alone)
    yield from (f"{name} is not in {SUMS}" for name in unnamed)


def _subject_faults(statement: Seal) -> Iterator[str]:
    said, found = _subjects(statement.stored), _subjects(statement.derived)
    for name in sorted({*said, *found}):
        if name not in said:
            yield f"{name} is not in {STATEMENT}"
        elif name not in found:
            yield f"{STATEMENT} names {name}, which is not there"
        elif said[name] != found[name]:
            yield f"{name} is not the file that {STATEMENT} names"


def _subjects(data: object) -> Mapping[str, object]:
    subjects = data.get("subject") if isinstance(data, Mapping) else None
    entries = subjects if isinstance(subjects, list) else []
    return {
        str(entry.get("name")): entry.get("digest")
        for entry in entries
        if isinstance(entry, Mapping)
    }


def _statement_faults(statement: Seal) -> Iterator[str]:
    said, found = _predicate(statement.stored), _predicate(statement.derived)
    if _version(statement.stored) != _version(statement.derived):
        said, found = _only(_ESSENTIAL, said), _only(_ESSENTIAL, found)
    yield from _differences(STATEMENT, said, found)
    if not statement.is_canonical:
        yield f"{STATEMENT} is not written as mlps writes it"


def _predicate(data: Mapping[str, Any] | None) -> Mapping[str, object]:
    whole = {key: value for key, value in (data or {}).items() if key != "subject"}
    predicate = whole.pop("predicate", None)
    own = predicate if isinstance(predicate, Mapping) else {}
    return {**dict(leaves(own)), **dict(leaves(whole))}


def _verdict_faults(verdict: Seal) -> Iterator[str]:
    if verdict.stored is None:
        yield f"{verdict.name} {verdict.fault}"
        return
    said, found = dict(leaves(verdict.stored)), dict(leaves(verdict.derived))
    if verdict.stored.get("mlps_version") != verdict.derived["mlps_version"]:
        wanted = frozenset(f"subjects[0].{key}" for key in _ESSENTIAL_OF_SUBJECT)
        said, found = _only(wanted, said), _only(wanted, found)
    yield from _differences(verdict.name, said, found)
    if not verdict.is_canonical:
        yield f"{verdict.name} is not written as mlps writes it"


def _only(keys: frozenset[str], data: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in data.items() if key in keys}


def _differences(
    name: str, said: Mapping[str, object], found: Mapping[str, object]
) -> Sequence[str]:
    texts = [
        f"{key} is {said.get(key)!r:.80}, derived anew {found.get(key)!r:.80}"
        for key in dict.fromkeys((*found, *said))
        if said.get(key) != found.get(key)
    ]
    return [f"{name}: {first_of(texts, 2)}"] if texts else []


def _version(data: Mapping[str, Any] | None) -> str:
    predicate = (data or {}).get("predicate")
    own = predicate if isinstance(predicate, Mapping) else {}
    return str(own.get("mlps_version"))


@rule("EV-31", "packageSigned", needs=Stage.CAMPAIGN)
def package_signed(case: Case) -> Outcome:
    """Check the signature of statement.json, and whose it is when that was asked for.

    A good signature shows that the holder of a key sealed these files; who that is,
    only a file of allowed signers can say. A package needs none, but for `--signer`.
    """
    package = _package(case)
    signature = package.signature
    if signature is None and not package.signer:
        raise NotApplicableError("the package has no signature")
    if signature is None:
        faults = [f"no signature, but one of {package.signer} was asked for"]
        told = ""
    elif signature.is_good is None:
        raise NotRecordedError(f"{SIGNATURE} can't be checked: {signature.problem}")
    else:
        faults = [] if signature.is_good else [f"{SIGNATURE}: {signature.problem}"]
        told = signature.words
    return faultless(
        faults,
        expected=f"a good signature of {STATEMENT}"
        + (f" by {package.signer}" if package.signer else ""),
        actual=told,
        where=f"{case.record.where}/{SIGNATURE}",
        fix="take the package from who sealed it, with the signature made of it",
    )
