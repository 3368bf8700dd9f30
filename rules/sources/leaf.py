"""Reads the files of one leaf of a published tree into documents."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rules.sources.allowance import Allowance
from rules.sources.document import (
    json_document,
    missing,
    text_document,
    yaml_document,
)
from rules.sources.folder import Folder
from rules.sources.ranks import totals
from rules.stored import Category, Directory, Document, Leaf

_CONFIGS = ("dlio_config", "configs", ".hydra")
_EPOCHS = re.compile(r"(?:(\d+)_)?per_epoch_stats\.json")
_EXTRA = {
    Category.VECTOR_DATABASE: re.compile(
        r"(?:.*/)?(?:vdb_multi_node_summary|statistics|recall_stats|config)\.json"
    ),
    Category.KV_CACHE: re.compile(
        r"kvcache_run_summary\.json"
        r"|option_\d{1,4}/trial_\d{1,4}/rank_\d{1,6}/kvcache_results_.*\.json"
    ),
}
_RANK = re.compile(r"option_.*/kvcache_results_.*\.json")


def read_leaf(
    root: Path,
    found: Directory,
    phase: str,
    category: Category,
    allowance: Allowance,
) -> Leaf:
    """Read one leaf below `root`; what can't be read is a document with a fault."""
    return _Reader(root, found, allowance).leaf(phase, category)


class _Reader:
    """Files of one leaf, by their names in it."""

    def __init__(self, root: Path, found: Directory, allowance: Allowance) -> None:
        """Read below the leaf's own folder, which is no link."""
        self._found = found
        self._keep = allowance.keep
        self._folder = Folder(root / found.where)

    def leaf(self, phase: str, category: Category) -> Leaf:
        """Read every file that rules ask for."""
        files = self._found.files
        metadata = tuple(n for n in files if n.endswith("_metadata.json"))
        epochs = sorted(
            (int(named[1] or 0), name)
            for name in files
            if (named := _EPOCHS.fullmatch(name))
        )
        config = next(
            (f for f in self._found.folders if f.name in _CONFIGS),
            Directory(name="dlio_config", where=""),
        )
        return Leaf(
            where=self._found.where,
            name=self._found.name,
            phase=phase,
            folder=self._found,
            summary=self._json(self._summary()),
            metadata=self._json(metadata[0] if metadata else "*_metadata.json"),
            metadata_files=metadata,
            config=self._yaml(config, "config.yaml"),
            overrides=self._overrides(config),
            per_epoch=tuple(self._json(name) for _, name in epochs),
            fs_separation=self._json("fs_separation.json"),
            verdict=self._json("result_verdict.json"),
            provenance=self._json("provenance.json"),
            pointer=self._text(".mlps-code-image"),
            extra=self._extra(category),
        )

    def _summary(self) -> str:
        files = self._found.files
        if "summary.json" in files:
            return "summary.json"
        other = [n for n in files if n.endswith("summary.json")]
        return other[0] if other else "summary.json"

    def _overrides(self, config: Directory) -> Document:
        """List of overrides; from Hydra's own record when the short file is gone."""
        own = self._yaml(config, "overrides.yaml")
        if own.readable:
            return own
        hydra = self._yaml(config, "hydra.yaml")
        keys = ("hydra", "overrides", "task")
        if hydra.has(*keys):
            return Document(where=hydra.where, content=hydra.value(*keys))
        return own

    def _extra(self, category: Category) -> Mapping[str, Document]:
        wanted = _EXTRA.get(category)
        if wanted is None:
            return {}
        start = len(self._found.where) + 1 if self._found.where else 0
        names = (
            f"{folder.where}/{name}"[start:]
            for folder in self._found.walk()
            for name in folder.files
        )
        return {n: self._cut(n) for n in names if wanted.fullmatch(n)}

    def _cut(self, name: str) -> Document:
        """One file, without what would not fit into memory for hundreds of ranks."""
        if not _RANK.fullmatch(name):
            return self._json(name)
        document = json_document(self._folder, name, self._where(name))
        return self._keep(replace(document, content=totals(document.content)))

    def _where(self, name: str) -> str:
        return f"{self._found.where}/{name}" if self._found.where else name

    def _json(self, name: str) -> Document:
        if "/" not in name and name not in self._found.files:
            return missing(self._where(name))
        return self._keep(json_document(self._folder, name, self._where(name)))

    def _text(self, name: str) -> Document:
        if name not in self._found.files:
            return missing(self._where(name))
        return text_document(self._folder, name, self._where(name))

    def _yaml(self, config: Directory, name: str) -> Document:
        path = f"{config.name}/{name}"
        if name not in config.files:
            return missing(self._where(path))
        return self._keep(yaml_document(self._folder, path, self._where(path)))
