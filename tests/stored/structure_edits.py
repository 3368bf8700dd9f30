"""Changes to the folders of a published tree, harmful and harmless."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.stored.files import Files
from tests.stored.trees import training_v3

Edit = Callable[[Path], object]


def leaves(tree: Path) -> list[Path]:
    """Timed leaves; of v1.0 by their own names."""
    stamped = [path for path in tree.rglob("20??????_??????") if path.is_dir()]
    timed = [p for p in stamped if p.parent.name not in ("datagen", "datasize")]
    return sorted(timed or tree.rglob("run[1-5]"))


def results(tree: Path) -> Path:
    return next(tree.glob("*/*/results"))


def bad_stamp(tree: Path) -> None:
    leaf = leaves(tree)[-1]
    leaf.rename(leaf.with_name("20260724_1216"))


def duplicated(tree: Path) -> None:
    leaf = leaves(tree)[-1]
    shutil.copytree(leaf, leaf.with_name("20260724_235959"))


def run_removed(tree: Path) -> None:
    shutil.rmtree(leaves(tree)[-1])


def phase_added(tree: Path) -> None:
    leaf = leaves(tree)[-1]
    above = leaf.parent if "checkpointing" in leaf.parts else leaf.parent.parent
    shutil.copytree(leaf, above / "extra" / leaf.name)


def file_in_systems(tree: Path) -> None:
    (results(tree).parent / "systems" / "notes.txt").write_text("x")


def folder_in_systems(tree: Path) -> None:
    (results(tree).parent / "systems" / "old").mkdir()


def system_undescribed(tree: Path) -> None:
    (system,) = systems(tree)
    system.rename(system.with_name("other"))


def systems(tree: Path) -> list[Path]:
    return [path for path in results(tree).iterdir() if path.is_dir()]


def description_alone(tree: Path) -> None:
    folder = results(tree).parent / "systems"
    for path in list(folder.iterdir()):
        shutil.copy(path, folder / path.name.replace("rig", "other"))


def nested(tree: Path) -> None:
    organisation = results(tree).parent
    organisation.rename(tree / "aside")
    organisation.mkdir()
    (tree / "aside").rename(organisation / "acme")


def other_case(tree: Path) -> None:
    (tree / "closed").rename(tree / "Closed")


def odd_name(tree: Path) -> None:
    organisation = results(tree).parent
    organisation.rename(organisation.with_name("acme storage"))


def linked(tree: Path) -> None:
    leaf = leaves(tree)[-1]
    leaf.rename(tree.parent / "outside")
    leaf.symlink_to(tree.parent / "outside")


def unknown_category(tree: Path) -> None:
    (system,) = systems(tree)
    (category,) = system.iterdir()
    category.rename(system / "streaming")


def file_among_runs(tree: Path) -> None:
    (leaves(tree)[0].parent / "notes.txt").write_text("x")


def folder_beside_divisions(tree: Path) -> None:
    (tree / "scratch").mkdir()


HARMFUL: dict[str, Edit] = {
    edit.__name__: edit
    for edit in (
        bad_stamp,
        duplicated,
        run_removed,
        phase_added,
        file_in_systems,
        folder_in_systems,
        system_undescribed,
        description_alone,
        nested,
        other_case,
        odd_name,
        linked,
        unknown_category,
        file_among_runs,
        folder_beside_divisions,
    )
}
# What v1.0, which has no rules of the tree, notices all the same.
HARMFUL_IN_V1 = ("duplicated", "run_removed", "linked")


def every(tree: Path, *patterns: str) -> list[Path]:
    return [path for pattern in patterns for path in tree.rglob(pattern)]


def junk(tree: Path) -> None:
    for folder in [tree, *(path for path in tree.rglob("*") if path.is_dir())]:
        (folder / ".DS_Store").write_bytes(b"\0\1")
        (folder / "._summary.json").write_bytes(b"\0\5\26\7")
        (folder / "__MACOSX").mkdir()
        (folder / "__MACOSX" / "._x").write_bytes(b"\0")


def dotfiles_at_the_top(tree: Path) -> None:
    (tree / ".gitignore").write_text("x")
    (tree / ".git").mkdir()
    (tree / "README.md").write_text("x")


def notes_beside_systems(tree: Path) -> None:
    (results(tree).parent / "systems" / "notes.md").write_text("x")


def other_order_of_keys(tree: Path) -> None:
    for path in every(tree, "*.json"):
        path.write_text(json.dumps(_reversed(json.loads(path.read_text()))))
    for path in every(tree, "*.yaml"):
        data = _reversed(yaml.safe_load(path.read_text()))
        path.write_text(yaml.safe_dump(data, sort_keys=False))


def _reversed(data: object) -> object:
    if isinstance(data, dict):
        return {key: _reversed(value) for key, value in reversed(data.items())}
    return [_reversed(item) for item in data] if isinstance(data, list) else data


def other_layout_of_files(tree: Path) -> None:
    for path in every(tree, "*.json"):
        text = json.dumps(json.loads(path.read_text()), indent="\t")
        path.write_bytes(f"\n{text}\n\n".replace("\n", "\r\n").encode())


def numbers_as_text(tree: Path) -> None:
    for path in every(tree, "summary.json", "*_metadata.json", "*_stats.json"):
        path.write_text(json.dumps(_as_text(json.loads(path.read_text()))))


def _as_text(data: object) -> object:
    if isinstance(data, dict):
        return {key: _as_text(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_as_text(item) for item in data]
    return str(data) if isinstance(data, int | float) else data


def verification_in_lower_case(tree: Path) -> None:
    for path in every(tree, "*_metadata.json"):
        path.write_text(path.read_text().replace('"CLOSED"', '"closed"'))


def other_machine(tree: Path) -> None:
    """Absolute paths start elsewhere, all alike."""
    for path in every(tree, "*.json", "*.yaml"):
        text = path.read_text()
        for old in ("/data/", "/results", "/mnt/"):
            text = text.replace(old, f"/srv/other{old}")
        path.write_text(text)


def pruned_logs(tree: Path) -> None:
    for path in every(tree, "*.log", "*_output.json"):
        path.write_text("PRUNED BY STAFF\n")


def another_submitter(tree: Path) -> None:
    """Merged with another sound tree, whose code image is the same."""
    files = training_v3(org="zenith")
    for path, content in files.items():
        if "zenith" in path:
            Files({path: content}).write(tree)
    if not (tree / "code-images").exists():
        Files({p: c for p, c in files.items() if p.startswith("code-")}).write(tree)


HARMLESS: dict[str, Edit] = {
    edit.__name__: edit
    for edit in (
        junk,
        dotfiles_at_the_top,
        notes_beside_systems,
        other_order_of_keys,
        other_layout_of_files,
        numbers_as_text,
        verification_in_lower_case,
        other_machine,
        pruned_logs,
        another_submitter,
    )
}
