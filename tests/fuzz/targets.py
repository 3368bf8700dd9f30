"""What is fuzzed: readers of strangers' bytes. A target that raises has found a bug.

Each takes bytes and a folder of its own, and lets pass only the errors its reader
promises.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from mlps.errors import EvidenceError, PlanError
from mlps.evidence import CHAIN_TABLE, TABLES
from mlps.evidence.isolated import Limits, read_isolated
from mlps.evidence.writer import EvidenceWriter
from mlps.plan import parse
from rules.finding import Verdict
from rules.review import Asked, review
from rules.review_text import review_data, review_text
from rules.sources.document import json_document, yaml_document
from rules.sources.folder import Folder
from rules.sources.tree import TreeReader
from tests.stored.trees import training_v3

_LIMITS = Limits(cpu_s=2, wall_s=10)
_HDF5 = b"\x89HDF"


def plan(data: bytes, _: Path) -> None:
    """A plan file."""
    with suppress(PlanError):
        parse(data)


def json(data: bytes, folder: Path) -> None:
    """A JSON file of a published tree."""
    (folder / "x.json").write_bytes(data)
    document = json_document(Folder(folder), "x.json", "x.json")
    assert len(document.fault) < 300


def yaml(data: bytes, folder: Path) -> None:
    """A YAML file of a published tree."""
    (folder / "x.yaml").write_bytes(data)
    document = yaml_document(Folder(folder), "x.yaml", "x.yaml")
    assert len(document.fault) < 300


def evidence(data: bytes, folder: Path) -> None:
    """An evidence file: the bytes themselves, or patches of a sound one.

    A patch is three bytes of offset and the byte to put there.
    """
    sound, path = folder / "sound.h5", folder / "evidence.h5"
    if not sound.exists():
        with EvidenceWriter(sound) as writer:
            for table in TABLES:
                if table.name != CHAIN_TABLE.name:
                    writer.append(table.name, np.ones(3, table.dtype))
    content = bytearray(sound.read_bytes())
    if data.startswith(_HDF5):
        content[:] = data
    else:
        for at in range(0, len(data) - 3, 4):
            content[int.from_bytes(data[at : at + 3]) % len(content)] = data[at + 3]
    path.write_bytes(content)
    with suppress(EvidenceError):
        read_isolated(path, limits=_LIMITS)


def tree(data: bytes, folder: Path) -> None:
    """A published tree with the bytes as one of its files; the first says which."""
    root = folder / "tree"
    if not root.exists():
        training_v3().write(root)
    files = sorted(path for path in root.rglob("*") if path.is_file())
    chosen = files[(data[0] if data else 0) % len(files)]
    before = chosen.read_bytes()
    chosen.write_bytes(data[1:])
    try:
        for part in review(TreeReader(root), Asked()):
            verdicts = {finding.verdict for finding in part.judgement.findings}
            assert Verdict.ERROR not in verdicts, review_text(part, colour=False)
            review_data(part)
    finally:
        chosen.write_bytes(before)


TARGETS: dict[str, Callable[[bytes, Path], None]] = {
    "plan": plan,
    "json": json,
    "yaml": yaml,
    "evidence": evidence,
    "tree": tree,
}
