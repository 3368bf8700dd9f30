"""Reads the seal of a package, and derives anew what it has to say."""

import json
from collections.abc import Mapping
from typing import Any

from mlps.plan import PlanDocument
from rules.package import layout, signature, statement
from rules.package.signature import Signers
from rules.package_record import PackageRecord, Seal, Signature
from rules.record import CampaignRecord
from rules.sources.folder import Folder, UnreadableError

_SEAL_LIMIT = 16 * 2**20
_SIGNATURE_LIMIT = 2**16
_UNSEALED = (layout.STATEMENT, layout.SIGNATURE, layout.SUMS)


def read(
    folder: Folder,
    doc: PlanDocument,
    stored: bytes,
    record: CampaignRecord,
    signers: Signers | None,
) -> PackageRecord | None:
    """Seal of a package; None for a campaign of which no seal was asked for."""
    if signers is None and not _is_package(folder, record):
        return None
    found = layout.survey(folder.root)
    campaign = statement.unsealed(doc, stored, record)
    judgement = statement.judged(campaign)
    digests = {n: _digest(folder, n) for n in found.files if n not in _UNSEALED}
    return PackageRecord(
        statement=_seal(
            folder,
            layout.STATEMENT,
            statement.statement(doc, judgement, digests),
        ),
        verdict=_seal(folder, layout.VERDICT, statement.verdict(campaign, judgement)),
        files=frozenset(found.files),
        strange=found.strange,
        signer=signers.name if signers else "",
        signature=_signature(folder, signers),
    )


def _is_package(folder: Folder, record: CampaignRecord) -> bool:
    """Say whether there is a seal, or was one when the checksums were taken.

    A verdict.json alone is no seal: people keep what `mlps verify --json` says.
    """
    named = record.checksums.covered if record.checksums else frozenset()
    there = folder.has(layout.STATEMENT) or folder.has(layout.SIGNATURE)
    return there or not named.isdisjoint(layout.SEAL)


def _digest(folder: Folder, name: str) -> str:
    try:
        return folder.sha256(name)
    except UnreadableError:
        return ""


def _seal(folder: Folder, name: str, derived: Mapping[str, Any]) -> Seal:
    stored, fault, is_canonical = None, "", False
    try:
        data = folder.read(name, _SEAL_LIMIT)
        stored = json.loads(data)
        is_canonical = statement.file_form(stored) == data
    except UnreadableError as error:
        fault = str(error)
    except (ValueError, RecursionError) as error:
        stored, fault = None, f"is no JSON: {str(error)[:100]}"
    if fault == "" and not isinstance(stored, dict):
        stored, fault = None, "is no JSON object"
    return Seal(
        name=name,
        stored=stored,
        derived=derived,
        fault=fault,
        is_canonical=is_canonical,
    )


def _signature(folder: Folder, signers: Signers | None) -> Signature | None:
    if not folder.has(layout.SIGNATURE):
        return None
    try:
        own = folder.read(layout.SIGNATURE, _SIGNATURE_LIMIT)
    except UnreadableError as error:
        return Signature(is_good=False, key="", identity="", problem=str(error))
    try:
        signed = folder.read(layout.STATEMENT, _SEAL_LIMIT)
    except UnreadableError as error:
        problem = f"{layout.STATEMENT}, which it would sign, {error}"
        return Signature(is_good=None, key="", identity="", problem=problem)
    return signature.check(signed, own, signers)
