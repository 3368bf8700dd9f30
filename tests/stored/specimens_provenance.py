"""Trees for the rules about stamps, tables and editions."""

from tests.stored.files import Files
from tests.stored.plain_trees import (
    PRUNED,
    checkpointing,
    hashed_training,
    stamped,
    vector_database,
)
from tests.stored.specimen import StoredSpecimen
from tests.stored.tree_cases import (
    BASE,
    FAIL,
    GAP,
    GOOD,
    LISTED,
    MODEL,
    NOT,
    PASS,
    STAMPED,
    WARN,
    C,
    S,
    V,
    W,
    case,
    changed,
    dropped,
    put,
)
from tests.stored.trees import training_v3


def _unhashed_run() -> Files:
    return hashed_training().drop(f"{MODEL}/run/*_metadata.json")


def _two_metadata() -> Files:
    files = vector_database()
    leaf = files.first("*_metadata.json").rpartition("/")[0]
    files[f"{leaf}/a_metadata.json"] = {}
    return files


_PROVENANCE = (
    case("PROV-01", W, PASS, "stamped", GOOD),
    case("PROV-01", W, NOT, "no stamps", dropped(GOOD, "*/provenance.json")),
    case(
        "PROV-01",
        W,
        FAIL,
        "another image",
        changed(
            GOOD, "*/provenance.json", lambda p: p["tool"].update(code_image="none")
        ),
        "names code none",
    ),
    case(
        "PROV-01",
        W,
        FAIL,
        "a field less",
        changed(GOOD, "*/provenance.json", lambda p: p.pop("dlio")),
        "dlio is missing",
    ),
    case(
        "PROV-01",
        C,
        FAIL,
        "declared, but gone",
        dropped(checkpointing, "*/provenance.json"),
        "declares a provenance.json",
    ),
    case("PROV-01", W, GAP, "pruned", put(GOOD, "*/provenance.json", PRUNED), "pruned"),
    case("PROV-02", S, PASS, "all leaves", GOOD),
    case("PROV-02", S, NOT, "none", dropped(GOOD, "*/submission.yaml")),
    case(
        "PROV-02",
        S,
        FAIL,
        "a leaf less",
        changed(GOOD, "*/submission.yaml", lambda m: m["runs"].pop()),
        "is not listed",
    ),
    case(
        "PROV-02",
        S,
        FAIL,
        "a leaf more",
        changed(
            GOOD, "*/submission.yaml", lambda m: m["runs"].append({"leaf": "results/x"})
        ),
        "results/x is listed, but not there",
    ),
    case(
        "PROV-02",
        S,
        FAIL,
        "another edition",
        changed(GOOD, "*/submission.yaml", lambda m: m.update(rules_edition="2.0")),
        "declared 2.0",
    ),
    case("PROV-02", S, GAP, "pruned", put(GOOD, "*/submission.yaml", PRUNED), "pruned"),
    case("LEAF-01", V, PASS, "one each", vector_database),
    case(
        "LEAF-01",
        V,
        FAIL,
        "none",
        dropped(vector_database, "*_metadata.json"),
        "no *_metadata.json",
    ),
    case("LEAF-01", V, FAIL, "two", _two_metadata, "a_metadata.json"),
    case("RPT-01", S, PASS, "the same rows", GOOD),
    case("RPT-01", S, NOT, "no table", dropped(GOOD, f"{BASE}/results/results.json")),
    case(
        "RPT-01",
        S,
        FAIL,
        "a row more",
        put(GOOD, f"{BASE}/results/results.json", [{"Public ID": "v3.0-0009"}]),
        "v3.0-0009 is in no",
    ),
    case(
        "RPT-01",
        S,
        FAIL,
        "a row less",
        put(GOOD, f"{BASE}/results/results.json", []),
        "v3.0-0001 of a workload",
    ),
    case(
        "RPT-01",
        S,
        GAP,
        "pruned",
        put(GOOD, f"{BASE}/results/results.json", PRUNED),
        "pruned",
    ),
)
_EDITIONS = (
    case("EDN-01", W, PASS, "3.0", GOOD),
    case("EDN-01", S, PASS, "3.0", GOOD),
    case("EDN-01", W, NOT, "no stamps", dropped(GOOD, "*/provenance.json")),
    case(
        "EDN-01",
        W,
        FAIL,
        "9.9",
        changed(GOOD, "*/provenance.json", lambda p: p.update(rules_edition="9.9")),
        "9.9",
    ),
    case(
        "EDN-01",
        S,
        FAIL,
        "9.9",
        changed(GOOD, "*/submission.yaml", lambda m: m.update(rules_edition="9.9")),
        "9.9",
    ),
    case("EDN-02", W, PASS, "a class", hashed_training, ""),
    case("EDN-02", W, NOT, "no hash", GOOD),
    case(
        "EDN-02",
        W,
        FAIL,
        "another workload",
        changed(
            hashed_training,
            f"{MODEL}/run/*_metadata.json",
            lambda m: m["parameters"]["reader"].update(batch_size=8),
        ),
        "its parameters hash to",
    ),
    case(
        "EDN-02",
        W,
        FAIL,
        "no class",
        lambda: stamped(training_v3(), "training@9", "0" * 16),
        "is of no class",
    ),
    case("EDN-02", W, GAP, "no metadata", _unhashed_run, "is missing"),
    case("EDN-03", W, PASS, "a listed revision", GOOD),
    case(
        "EDN-03",
        W,
        WARN,
        "another revision",
        changed(GOOD, "*/provenance.json", lambda p: p["dlio"].update(commit="f" * 40)),
        "ffffffffffff",
    ),
    case("EDN-04", S, PASS, "3.0", GOOD),
    case(
        "EDN-04",
        S,
        FAIL,
        "2.0",
        changed(GOOD, "*/submission.yaml", lambda m: m.update(rules_edition="2.0")),
        "2.0",
    ),
)
EXEMPT = {
    "LEAF-01": LISTED,
    **dict.fromkeys(("EDN-01", "EDN-03", "EDN-04"), STAMPED),
}
SPECIMENS: tuple[StoredSpecimen, ...] = (
    *_PROVENANCE,
    *_EDITIONS,
)
