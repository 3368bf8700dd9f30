"""Makes a package: a campaign's files in a new folder, with verdict and statement.

What is judged is the copy, not the original, which may change meanwhile.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rules.finding import BAD, Judgement
from rules.package import layout, signature, statement
from rules.package.layout import SIGNATURE, STATEMENT, SUMS, VERDICT, Survey
from rules.package.place import PackageError, check_place, folder_for, write
from rules.package.statement import Unsealed
from rules.record import CampaignRecord
from rules.rule import first_of
from rules.sources.campaign import subjects
from rules.sources.folder import Folder, UnreadableError
from rules.subject import Unreadable

_BLOCK_BYTES = 2**20
_NEEDED = ("plan.yaml", "campaign.jsonl", SUMS)


class InvalidPackageError(PackageError):
    """A campaign whose verdict is INVALID."""

    exit_status = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What was sealed: its judgement, its files, and what was left out, by name."""

    judgement: Judgement
    files: tuple[str, ...]
    left_out: tuple[str, ...]


def seal(
    campaign: Path, package: Path, *, key: Path | None, allow_invalid: bool
) -> Sealed:
    """Seal a campaign; PackageError says what stands in the way."""
    found = layout.survey(campaign)
    _check_campaign(campaign, found)
    check_place(campaign, package)
    with folder_for(package) as folder:
        for name in found.folders:
            if layout.belongs_as_folder(name):
                (folder / name).mkdir()
        ours = [name for name in found.files if layout.belongs(name)]
        digests = {name: _copy(campaign, name, folder) for name in ours}
        copied = _unsealed(campaign, folder)
        judgement = statement.judged(copied)
        if judgement.exit_status and not allow_invalid:
            raise InvalidPackageError(_why_invalid(campaign, judgement))
        _write_seal(folder, copied, judgement, digests, key)
        files = layout.survey(folder).files
    return Sealed(judgement=judgement, files=files, left_out=_left_out(found))


def _check_campaign(campaign: Path, found: Survey) -> None:
    absent = [name for name in _NEEDED if name not in {*found.files, *found.strange}]
    links = [name for name in found.strange if _is_ours(name)]
    sealed = [name for name in found.files if name in (STATEMENT, SIGNATURE)]
    if absent:
        raise PackageError(
            f"{campaign}: no {absent[0]}; name the directory of one campaign,"
            " as the runner wrote it"
        )
    if links:
        raise PackageError(
            f"{campaign}: {first_of(links, 4, between=', ')}: no ordinary file or"
            " folder; a link is not followed, put the file itself there"
        )
    if sealed:
        raise PackageError(
            f"{campaign}: is a package already ({sealed[0]}); seal the campaign itself"
        )


def _is_ours(name: str) -> bool:
    return layout.belongs(name) or layout.belongs_as_folder(name)


def _copy(campaign: Path, name: str, folder: Path) -> str:
    """Copy one file; gives the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    try:
        path = Folder(campaign).path(name)
        source = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except UnreadableError as error:
        raise PackageError(f"{campaign / name}: {error}") from error
    except OSError as error:
        raise PackageError(f"{campaign / name}: {error.strerror}") from error
    with os.fdopen(source, "rb") as file, (folder / name).open("xb") as target:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            target.write(block)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest()


def _unsealed(campaign: Path, folder: Path) -> Unsealed:
    (found,) = subjects(folder)
    if isinstance(found, Unreadable) or found.record is None:
        problem = found.problem if isinstance(found, Unreadable) else "no campaign"
        raise PackageError(problem.replace(str(folder), str(campaign)))
    return statement.unsealed(found.doc, found.stored, found.record)


def _why_invalid(campaign: Path, judgement: Judgement) -> str:
    bad = [
        f"{f.rule_id} {f.name} {f.verdict.value}"
        for f in judgement.findings
        if f.verdict in BAD
    ]
    why = first_of(bad, 8, between=", ") or "what it claims is waived"
    return (
        f"{campaign}: the verdict is INVALID: {why}; mlps verify says more"
        " (--allow-invalid seals it as INVALID)"
    )


def _write_seal(
    folder: Path,
    campaign: Unsealed,
    judgement: Judgement,
    digests: Mapping[str, str],
    key: Path | None,
) -> None:
    verdict = statement.file_form(statement.verdict(campaign, judgement))
    own = {name: digest for name, digest in digests.items() if name != SUMS}
    own[VERDICT] = write(folder / VERDICT, verdict)
    claim = statement.file_form(statement.statement(campaign.doc, judgement, own))
    own[STATEMENT] = write(folder / STATEMENT, claim)
    if key is not None:
        signature.sign(key, folder / STATEMENT)
        own[SIGNATURE] = Folder(folder).sha256(SIGNATURE)
    _add_sums(folder, campaign.record, own)


def _add_sums(folder: Path, record: CampaignRecord, own: Mapping[str, str]) -> None:
    """Add what the campaign's checksums don't name; what they say stays as it is.

    So a file that was changed after the runner sealed it gets no new checksum.
    """
    path = folder / SUMS
    said, sums = path.read_bytes(), record.checksums
    if not said.endswith(b"\n"):
        said += b"\n"
    unnamed = sorted({*own} - (sums.covered if sums else frozenset()))
    new = [f"{own[name]}  {name}\n" for name in unnamed]
    path.unlink()
    write(path, said + "".join(new).encode())


def _left_out(found: Survey) -> tuple[str, ...]:
    """Names that were not packaged, without what is in a folder already named."""
    every = (*found.files, *found.folders, *found.strange)
    others = sorted({name for name in every if not _is_ours(name)})
    return tuple(n for n in others if n.rpartition("/")[0] not in others)
