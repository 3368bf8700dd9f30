"""Trees for the rules about submitters and their folders."""

from tests.stored.parts import SYSTEM
from tests.stored.specimen import StoredSpecimen
from tests.stored.tree_cases import (
    BASE,
    FAIL,
    GOOD,
    LISTED,
    MODEL,
    NOT,
    PASS,
    WARN,
    S,
    T,
    added,
    case,
    dropped,
    moved,
    pooled_by_submitter,
)

_SUBMITTERS = (
    case("1.1", S, PASS, "as the tool writes it", GOOD),
    case(
        "1.1", S, WARN, "a file put there", added(GOOD, f"{MODEL}/notes.txt"), "notes"
    ),
    case("2.1.1", S, PASS, "plain name", GOOD),
    case("2.1.1", S, FAIL, "a blank", moved(GOOD, BASE, "closed/a b"), "'a b'"),
    case("2.1.2", T, PASS, "closed and pool", GOOD),
    case("2.1.2", T, PASS, "pool of the submitter", pooled_by_submitter),
    case("2.1.2", T, PASS, "hidden folder", added(GOOD, ".git/config")),
    case("2.1.2", T, FAIL, "upper case", moved(GOOD, "closed/", "Closed/"), "closed)"),
    case("2.1.2", T, FAIL, "another folder", added(GOOD, "more/x"), "more"),
    case(
        "2.1.2", T, FAIL, "whatif only", moved(GOOD, "closed/", "whatif/"), "no closed"
    ),
    case("2.1.2", T, NOT, "part of a tree", GOOD, at=BASE),
    case("2.1.4", T, PASS, "one submitter", GOOD),
    case("2.1.4", T, FAIL, "none", moved(GOOD, f"{BASE}/", "closed/"), "missing above"),
    case("2.1.5", S, PASS, "two folders", GOOD),
    case(
        "2.1.5",
        S,
        FAIL,
        "code",
        added(GOOD, f"{BASE}/code/x"),
        "unexpected folder code",
    ),
    case("2.1.5", S, FAIL, "no systems", dropped(GOOD, "*/systems/*"), "systems is"),
    case(
        "2.1.5",
        S,
        FAIL,
        "one level too deep",
        moved(GOOD, f"{BASE}/", f"{BASE}/inner/"),
        "one level too deep",
    ),
    case("2.1.10", S, PASS, "training", GOOD),
    case(
        "2.1.10", S, FAIL, "unknown", added(GOOD, f"{BASE}/results/{SYSTEM}/x/y"), " x"
    ),
    case("2.1.10", S, FAIL, "none", added(GOOD, f"{BASE}/results/s2/y"), "s2: no"),
)
EXEMPT = {
    **dict.fromkeys(("1.1", "2.1.1", "2.1.2", "2.1.4", "2.1.5", "2.1.10"), LISTED),
}
SPECIMENS: tuple[StoredSpecimen, ...] = (*_SUBMITTERS,)
