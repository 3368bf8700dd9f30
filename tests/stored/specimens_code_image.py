"""Trees for the rules about captured code."""

from collections.abc import Callable

from tests.stored.files import Files
from tests.stored.parts import CODE, tree_digest
from tests.stored.plain_trees import PRUNED
from tests.stored.specimen import StoredSpecimen
from tests.stored.tree_cases import (
    BASE,
    FAIL,
    GAP,
    GOOD,
    IMAGE,
    LISTED,
    MODEL,
    NOT,
    PASS,
    ROUND,
    WARN,
    Make,
    S,
    T,
    added,
    case,
    dropped,
    moved,
    pooled_by_submitter,
    put,
)
from tests.stored.trees import training_v3


def _code_folder(edit: Callable[[dict], object] = lambda _: None) -> Make:
    """Code in the submitter's folder, as the first tools left it."""

    def made() -> Files:
        files = training_v3()
        record = {"hash": tree_digest(CODE), "algorithm": "md5-tree-v2"}
        edit(record)
        files[f"{BASE}/code/.code-hash.json"] = record
        for path, text in CODE.items():
            files[f"{BASE}/code/{path}"] = text
        return files

    return made


_CODE_IMAGES = (
    case("2.1.6", S, PASS, "hashes", _code_folder(), edition=ROUND),
    case("2.1.6", S, NOT, "pools took its place", GOOD, edition=ROUND),
    case(
        "2.1.6",
        S,
        FAIL,
        "changed code",
        put(_code_folder(), f"{BASE}/code/pyproject.toml", "changed"),
        "contents hash to",
        edition=ROUND,
    ),
    case(
        "2.1.6",
        S,
        GAP,
        "first way to hash",
        _code_folder(lambda r: r.update(algorithm="md5-tree-v1")),
        "md5-tree-v1",
        edition=ROUND,
    ),
    case("CHECK-01", S, PASS, "all point", GOOD),
    case("CHECK-01", S, PASS, "into the submitter's pool", pooled_by_submitter),
    case(
        "CHECK-01",
        S,
        FAIL,
        "no pool",
        dropped(GOOD, "code-images/*"),
        "no pool of code",
    ),
    case(
        "CHECK-01",
        S,
        NOT,
        "no pool in an excerpt",
        dropped(GOOD, "code-images/*"),
        partial=True,
    ),
    case(
        "CHECK-01",
        S,
        FAIL,
        "another image",
        put(GOOD, f"{MODEL}/run/*/.mlps-code-image", f"md5-tree-v2:{'0' * 32}"),
        "points at code-00000000",
    ),
    case(
        "CHECK-01",
        S,
        FAIL,
        "no pointer",
        put(GOOD, f"{MODEL}/run/*/.mlps-code-image", "latest"),
        "is no md5-tree-v2:HASH",
        partial=True,
    ),
    case(
        "CHECK-01", S, GAP, "pruned", put(GOOD, "*/.mlps-code-image", PRUNED), "pruned"
    ),
    case("CHECK-01", S, GAP, "part of a tree", GOOD, "above what was given", at=BASE),
    case("CHECK-02", T, PASS, "hashes", GOOD),
    case("CHECK-02", T, PASS, "caches don't count", added(GOOD, f"{IMAGE}/a.pyc")),
    case("CHECK-02", T, PASS, "nested tests", added(GOOD, f"{IMAGE}/a/tests/b.py")),
    case("CHECK-02", T, FAIL, "one more file", added(GOOD, f"{IMAGE}/a.py"), "hash to"),
    case("CHECK-02", T, FAIL, "renamed", moved(GOOD, IMAGE, f"{IMAGE[:-8]}00000000")),
    case(
        "CHECK-02",
        T,
        FAIL,
        "no record",
        dropped(GOOD, f"{IMAGE}/.code-hash.json"),
        "is missing",
    ),
    case(
        "CHECK-02",
        T,
        WARN,
        "one more file in the round",
        added(GOOD, f"{IMAGE}/a.py"),
        "without CLAUDE.md",
        edition=ROUND,
    ),
    case(
        "CHECK-02",
        T,
        GAP,
        "pruned record",
        put(GOOD, f"{IMAGE}/.code-hash.json", PRUNED),
        "pruned",
    ),
    case("CHECK-03", T, PASS, "all used", GOOD),
    case(
        "CHECK-03",
        T,
        FAIL,
        "an image more",
        added(GOOD, "code-images/code-11111111/x"),
        "code-11111111",
    ),
    case("CHECK-04", S, PASS, "no code folder", GOOD),
    case("CHECK-04", T, PASS, "marked pool", GOOD),
    case("CHECK-04", S, FAIL, "code folder", _code_folder(), "code"),
    case(
        "CHECK-04",
        T,
        FAIL,
        "no marker",
        dropped(GOOD, "code-images/.mlps-image-pool"),
        ".mlps-image-pool",
    ),
    case("CHECK-04", T, WARN, "an empty pool", dropped(GOOD, f"{IMAGE}/*"), "none in"),
)
EXEMPT = {
    **dict.fromkeys(("CHECK-03", "CHECK-04"), LISTED),
}
SPECIMENS: tuple[StoredSpecimen, ...] = (*_CODE_IMAGES,)
