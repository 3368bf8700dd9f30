"""Says in one line which change to a tree gives which verdict of a structure rule."""

from collections.abc import Callable
from pathlib import Path

from rules.finding import Verdict
from rules.rule import Scope
from tests.stored.files import Files
from tests.stored.parts import CODE, ORG, SYSTEM, tree_digest
from tests.stored.specimen import StoredSpecimen
from tests.stored.trees import training_v3

Make = Callable[[], Files]
BASE = f"closed/{ORG}"
MODEL = f"{BASE}/results/{SYSTEM}/training/unet3d"
IMAGE = f"code-images/code-{tree_digest(CODE)[:8]}"
ROUND = "3.0-round"
GOOD = training_v3
T, S, W, C = Scope.TREE, Scope.ORGANISATION, Scope.TRAINING, Scope.CHECKPOINTING
V = Scope.VECTOR_DATABASE
PASS, FAIL, WARN = Verdict.PASS, Verdict.FAIL, Verdict.WARN
GAP, NOT = Verdict.NO_EVIDENCE, Verdict.NOT_APPLICABLE
LISTED = (
    frozenset({GAP}),
    "goes by the names in folders, which are there or not",
)
STAMPED = (
    frozenset({GAP}),
    "goes by what stamps and manifests declare; without one there is nothing to judge",
)


def case(  # noqa: PLR0913, PLR0917 - one for each field of a specimen
    rule_id: str,
    scope: Scope,
    verdict: Verdict,
    why: str,
    make: Make,
    says: str = "",
    *,
    edition: str = "3.0",
    partial: bool = False,
    at: str = "",
) -> StoredSpecimen:
    """Specimen of the tree that `make` makes, judged from the folder `at` in it."""

    def build(folder: Path) -> Path:
        return make().write(folder / "submission") / at

    return StoredSpecimen(
        rule_id=rule_id,
        scope=scope,
        verdict=verdict,
        why=why,
        build=build,
        says=says,
        edition=edition,
        partial=partial,
    )


def added(make: Make, path: str, content: object = "x") -> Make:
    """Tree with one file more."""

    def made() -> Files:
        files = make()
        files[path] = content
        return files

    return made


def dropped(make: Make, *patterns: str) -> Make:
    """Tree without the matching files."""
    return lambda: make().drop(*patterns)


def moved(make: Make, old: str, new: str) -> Make:
    """Tree with a part of its paths renamed."""
    return lambda: make().move(old, new)


def put(make: Make, pattern: str, content: object) -> Make:
    """Tree with other contents of the matching files."""
    return lambda: make().put(pattern, content)


def changed(make: Make, pattern: str, edit: Callable[[dict], object]) -> Make:
    """Tree with an edit of the matching files."""
    return lambda: make().change(pattern, edit)


def system(edit: Callable[[dict], object]) -> Make:
    """Tree with an edit of the system's description."""
    return changed(
        training_v3, "*/systems/*.yaml", lambda d: edit(d["system_under_test"])
    )


def pooled_by_submitter() -> Files:
    """Tree whose submitter has its own pool, as in the published tree of v3.0."""
    return training_v3().move("code-images/", f"{ORG}/")
