"""Trees for the rules about systems and their descriptions."""

from tests.stored.plain_trees import PRUNED, checkpointing
from tests.stored.specimen import StoredSpecimen
from tests.stored.tree_cases import (
    BASE,
    FAIL,
    GAP,
    GOOD,
    MODEL,
    PASS,
    WARN,
    C,
    S,
    W,
    added,
    case,
    changed,
    dropped,
    put,
    system,
)

_SYSTEMS = (
    case("2.1.7", S, PASS, "a pair", GOOD),
    case("2.1.7", S, PASS, "notes", added(GOOD, f"{BASE}/systems/NOTES.md")),
    case("2.1.7", S, FAIL, "no pdf", dropped(GOOD, "*.pdf"), "has no"),
    case("2.1.7", S, FAIL, "a text", added(GOOD, f"{BASE}/systems/a.txt"), "a.txt"),
    case(
        "2.1.7", S, FAIL, "a folder", added(GOOD, f"{BASE}/systems/a/b.md"), "folder a"
    ),
    case(
        "2.1.7",
        S,
        FAIL,
        "a field too many",
        system(lambda s: s["solution"].update(colour="red")),
        "solution.colour is no key",
    ),
    case(
        "2.1.7",
        S,
        FAIL,
        "rack units don't add up",
        system(lambda s: s.update(total_rack_units=7)),
        "take 6",
    ),
    case(
        "2.1.7",
        S,
        WARN,
        "custom hardware",
        system(lambda s: s["product_nodes"][0]["chassis"].update(cpu_model=None)),
        "cpu_model is null",
    ),
    case("2.1.7", S, FAIL, "no YAML", put(GOOD, "*/systems/*.yaml", "{"), "no YAML"),
    case("2.1.7", S, GAP, "pruned", put(GOOD, "*/systems/*.yaml", PRUNED), "pruned"),
    case("2.1.8", S, PASS, "one system", GOOD),
    case(
        "2.1.8", S, FAIL, "no results", added(GOOD, f"{BASE}/systems/b.yaml", {}), "b"
    ),
    case(
        "2.1.8", S, FAIL, "no system", added(GOOD, f"{BASE}/results/b/training/x"), "b"
    ),
    case(
        "2.1.8",
        S,
        FAIL,
        "another name",
        system(lambda s: s["solution"].update(submission_name="other")),
        "'other'",
        partial=True,
    ),
    case("2.1.8", S, GAP, "pruned", put(GOOD, "*/systems/*.yaml", PRUNED), "pruned"),
    case("2.1.9", W, PASS, "as described", GOOD),
    case("2.1.9", C, PASS, "memory summed into one entry", checkpointing),
    case(
        "2.1.9",
        W,
        FAIL,
        "more hosts described",
        system(lambda s: s["clients"][0].update(quantity=3)),
        "described 3",
    ),
    case(
        "2.1.9",
        W,
        FAIL,
        "more memory described",
        system(lambda s: s["clients"][0]["chassis"].update(memory_capacity=72)),
        "described 72",
    ),
    case(
        "2.1.9",
        C,
        FAIL,
        "one host only",
        changed(
            checkpointing,
            "*/systems/*.yaml",
            lambda d: d["system_under_test"]["solution"]["capabilities"].update(
                multi_host=False
            ),
        ),
        "multi_host is false",
    ),
    case(
        "2.1.9", W, GAP, "no summary", dropped(GOOD, f"{MODEL}/run/*/summary.json"), ""
    ),
)
SPECIMENS: tuple[StoredSpecimen, ...] = (*_SYSTEMS,)
