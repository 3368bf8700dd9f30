"""Reads published result trees: from one leaf up to all organisations merged.

What is found is read workload by workload, so that memory follows the largest
workload and not the tree.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rules.sources import code_pool, layout
from rules.sources.allowance import Allowance
from rules.sources.document import json_document, missing, yaml_document
from rules.sources.folder import Folder
from rules.sources.leaf import read_leaf
from rules.sources.naming import named, phase_of
from rules.sources.shape import code_folders, divisions, tops, workload_folders
from rules.sources.stamp import read_stamp
from rules.sources.walk import walk
from rules.stored import (
    Category,
    Directory,
    Document,
    Organisation,
    Stamp,
    Tree,
    Workload,
)

_TABLES = ("results.json", "mlperf_storage_report.json")
Found = tuple[layout.Place, Directory]


class TreeReader:
    """One tree: its listing at once, its contents when they are asked for."""

    def __init__(self, path: Path) -> None:
        """List the folder `path`; nothing is opened yet."""
        self._path = path.resolve()
        self._above = self._path.parts
        root, unread = walk(self._path)
        names = {folder.name for folder in root.walk()}
        self.tree = Tree(
            where=str(path),
            root=root,
            unread=unread,
            code_images=frozenset(n for n in names if layout.CODE.fullmatch(n)),
            tops=tuple(tops(root)),
        )
        self._leaves = [(self._place(leaf), leaf) for leaf in _leaves(root)]

    def __bool__(self) -> bool:
        """Whether anything of a result tree was found."""
        return bool(self._leaves) or any(True for _ in self._divisions())

    def workloads(self) -> Iterator[Workload]:
        """Every workload, read one after the other."""
        groups: dict[tuple[str, ...], list[Found]] = defaultdict(list)
        for place, leaf in self._leaves:
            parts = leaf.where.split("/") if leaf.where else []
            inside = max(place.depth - len(self._above), 0)
            groups[(*parts[:inside], place.model, place.accelerator)].append(
                (place, leaf)
            )
        for found in groups.values():
            yield self._workload(found)

    def organisations(self) -> Iterator[Organisation]:
        """Every organisation whose own folder is below the root."""
        for division, folder, top in self._divisions():
            systems = folder.folder("systems")
            names = systems.files if systems else ()
            yield Organisation(
                where=folder.where,
                division=division,
                name=folder.name,
                folder=folder,
                descriptions=tuple(
                    self._yaml(f"{folder.where}/systems/{name}".lstrip("/"))
                    for name in names
                    if name.endswith((".yaml", ".yml")) and not name.startswith(".")
                ),
                tables=self._tables((folder, folder.folder("results"))),
                manifest=self._yaml(f"{folder.where}/submission.yaml".lstrip("/"))
                if "submission.yaml" in folder.files
                else missing(f"{folder.where}/submission.yaml".lstrip("/")),
                workload_tables=self._tables(
                    tuple(workload_folders(folder)), _TABLES[:1]
                ),
                stamps=self._stamps(folder),
                code=tuple(
                    code_pool.hashed(self._path, code_pool.image(self._path, code))
                    for code in code_folders(folder)
                ),
                pools=None if top is None else tuple(code_pool.pools(self._path, top)),
            )

    def whole(self) -> Tree:
        """Read the tree with its code images, hashed, and the stamps of all leaves."""
        pools = tuple(
            code_pool.hashed_pool(self._path, pool)
            for top in self.tree.tops
            for pool in code_pool.pools(self._path, top)
        )
        organisations = [folder for _, folder, _ in self._divisions() if pools]
        stamps = (stamp for folder in organisations for stamp in self._stamps(folder))
        return replace(self.tree, pools=pools, stamps=tuple(stamps))

    def _stamps(self, organisation: Directory) -> tuple[Stamp, ...]:
        base = f"{organisation.where}/" if organisation.where else ""
        return tuple(
            read_stamp(self._path, leaf, base, organisation.name)
            for _, leaf in self._leaves
            if leaf.where.startswith(base) and layout.STAMP.fullmatch(leaf.name)
        )

    def _divisions(self) -> Iterator[tuple[str, Directory, Directory | None]]:
        """Organisation folders, with their division and the folder that holds it."""
        root, above = self.tree.root, self._above
        if len(above) > 1 and above[-2].lower() in layout.DIVISIONS:
            yield above[-2].lower(), root, None
        elif above[-1].lower() in layout.DIVISIONS:
            for organisation in root.folders:
                yield above[-1].lower(), organisation, None
        else:
            for top in self.tree.tops:
                for division in divisions(top):
                    for organisation in division.folders:
                        yield division.name.lower(), organisation, top

    def _place(self, leaf: Directory) -> layout.Place:
        below = leaf.where.split("/") if leaf.where else []
        return layout.place([*self._above, *below])

    def _workload(self, found: Sequence[Found]) -> Workload:
        place = found[0][0]
        above = place.depth - len(self._above)
        where = "/".join(found[0][1].where.split("/")[: max(above, 0)])
        inside = where.split("/") if where else []
        folder = self.tree.root.at(*inside) or self.tree.root
        category = place.category or Category.TRAINING
        allowance = Allowance()
        read = (
            read_leaf(self._path, leaf, at.phase, category, allowance)
            for at, leaf in sorted(found, key=lambda item: item[1].where)
        )
        leaves = tuple(replace(leaf, phase=phase_of(leaf)) for leaf in read)
        below = [f for f in folder.walk() if not layout.STAMP.fullmatch(f.name)]
        workload = Workload(
            where=where or ".",
            layout=place.layout,
            division=place.division,
            organisation=place.organisation,
            system=place.system,
            category=category,
            model=place.model,
            accelerator=place.accelerator,
            engine=place.engine,
            edition="",
            folder=folder,
            leaves=leaves,
            description=self._description(place, where),
            tables=self._tables(below),
            placed=place.category is not None or bool(place.model),
        )
        return replace(workload, **named(workload))

    def _description(self, place: layout.Place, where: str) -> Document:
        """YAML of the workload's system, when its folder is below the root."""
        name = f"{place.system}.yaml"
        parts = where.split("/") if where else []
        if place.system in parts and "results" in parts:
            at = len(parts) - 1 - parts[::-1].index("results")
            path = "/".join((*parts[:at], "systems", name))
            systems = self.tree.root.at(*parts[:at], "systems")
            if systems is not None and name in systems.files:
                return self._yaml(path)
            return missing(path)
        return missing(f"systems/{name}")

    def _tables(
        self, folders: Sequence[Directory | None], names: Sequence[str] = _TABLES
    ) -> tuple[Document, ...]:
        """Read official result tables in the folders."""
        return tuple(
            json_document(Folder(self._path / f.where), name, f"{f.where}/{name}")
            for f in folders
            if f is not None
            for name in f.files
            if name in names
        )

    def _yaml(self, where: str) -> Document:
        path, _, name = where.rpartition("/")
        return yaml_document(Folder(self._path / path), name, where)


def _leaves(root: Directory) -> list[Directory]:
    """Every leaf of a tree, in the order of their paths."""
    found: list[Directory] = []
    _collect(root, found)
    return found


def _collect(folder: Directory, found: list[Directory]) -> bool:
    """Append the leaves at and below a folder; say whether there were any."""
    if layout.STAMP.fullmatch(folder.name):
        found.append(folder)
        return True
    inside = [
        _collect(sub, found)
        for sub in folder.folders
        if sub.name != "systems" and not layout.CODE.fullmatch(sub.name)
    ]
    if layout.is_leaf(folder, inside=any(inside)):
        found.append(folder)
        return True
    return any(inside)
