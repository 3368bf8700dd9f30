"""Reads SHA256SUMS (the form of `sha256sum`) and checks each file it names."""

import re

from rules.record import Checksums
from rules.sources.folder import Folder, UnreadableError

NAME = "SHA256SUMS"
_LIMIT = 16 * 2**20
_LINE = re.compile(r"([0-9a-f]{64}) [ *]([^\0]{1,4096})")


def read(folder: Folder) -> Checksums | None:
    """Checksums of a campaign, None when there are none."""
    if not folder.has(NAME):
        return None
    try:
        text = folder.read(NAME, _LIMIT).decode(errors="replace")
    except UnreadableError as error:
        return Checksums(covered=frozenset(), faults=(f"{NAME} {error}",))
    covered, faults = set(), []
    for number, line in enumerate(text.splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            faults.append(f"line {number} is no checksum line")
            continue
        covered.add(match[2])
        fault = _fault(folder, match[2], match[1])
        if fault:
            faults.append(fault)
    return Checksums(covered=frozenset(covered), faults=tuple(faults))


def _fault(folder: Folder, name: str, wanted: str) -> str:
    try:
        found = folder.sha256(name)
    except UnreadableError as error:
        return f"{name} {error}"
    return "" if found == wanted else f"{name} changed after it was sealed"
