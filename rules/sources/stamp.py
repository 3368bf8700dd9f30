"""Reads what a time-stamped leaf says of the code and the rules it was taken with."""

from pathlib import Path

from rules.sources.document import json_document, missing, text_document
from rules.sources.folder import Folder
from rules.stored import Directory, Document, Stamp

POINTER = ".mlps-code-image"
PROVENANCE = "provenance.json"


def read_stamp(root: Path, leaf: Directory, base: str, organisation: str) -> Stamp:
    """Read pointer and provenance of a leaf; `base` leads to its organisation."""
    folder = Folder(root / leaf.where)

    def read(name: str) -> Document:
        where = f"{leaf.where}/{name}"
        if name not in leaf.files:
            return missing(where)
        parse = text_document if name == POINTER else json_document
        return parse(folder, name, where)

    return Stamp(
        where=leaf.where,
        inside=leaf.where.removeprefix(base),
        organisation=organisation,
        pointer=read(POINTER),
        provenance=read(PROVENANCE),
    )
