"""Trees for the rules about phases, time stamps and the files of runs."""

from tests.stored.files import Files
from tests.stored.parts import SYSTEM
from tests.stored.plain_trees import PRUNED, checkpointing
from tests.stored.specimen import StoredSpecimen
from tests.stored.tree_cases import (
    BASE,
    FAIL,
    GOOD,
    LISTED,
    MODEL,
    NOT,
    PASS,
    ROUND,
    WARN,
    C,
    S,
    W,
    added,
    case,
    dropped,
    moved,
    put,
)
from tests.stored.trees import training_v3


def _more_config() -> Files:
    files = training_v3()
    leaf = files.first(f"{MODEL}/run/*/dlio_config/config.yaml").rpartition("/")[0]
    files[f"{leaf}/more.yaml"] = {}
    return files


_TRAINING = (
    case("2.1.12", W, PASS, "three phases", GOOD),
    case("2.1.12", W, FAIL, "no datasize", dropped(GOOD, "*/datasize/*"), "datasize/"),
    case(
        "2.1.12",
        W,
        WARN,
        "no datasize in the round",
        dropped(GOOD, "*/datasize/*"),
        "datasize/",
        edition=ROUND,
    ),
    case(
        "2.1.12",
        W,
        FAIL,
        "no datagen in the round",
        dropped(GOOD, "*/datagen/*"),
        "datagen/",
        edition=ROUND,
    ),
    case("2.1.12", W, FAIL, "another", added(GOOD, f"{MODEL}/more/x"), "folder more"),
    case("2.1.12", W, NOT, "part of a workload", GOOD, at=f"{MODEL}/run"),
    case("2.1.13", W, PASS, "one", GOOD),
    case(
        "2.1.13",
        W,
        FAIL,
        "two",
        added(GOOD, f"{MODEL}/datagen/20260724_000000/dlio.log"),
        "2 folders",
    ),
    case(
        "2.1.13", W, FAIL, "no stamp", added(GOOD, f"{MODEL}/datagen/old/x"), "old is"
    ),
    case("2.1.14", W, PASS, "all", GOOD),
    case("2.1.14", W, PASS, "pruned", put(GOOD, "*/datagen/*/dlio.log", PRUNED)),
    case(
        "2.1.14",
        W,
        FAIL,
        "no log",
        dropped(GOOD, "*/datagen/*/dlio.log"),
        "no dlio.log",
    ),
    case(
        "2.1.14",
        W,
        NOT,
        "no log in an excerpt",
        dropped(GOOD, "*/datagen/*/dlio.log"),
        partial=True,
    ),
    case("2.1.15", W, PASS, "three files", GOOD),
    case(
        "2.1.15", W, FAIL, "no hydra", dropped(GOOD, "*/datagen/*/hydra.yaml"), "hydra"
    ),
    case("2.1.16", W, PASS, "there", GOOD),
    case(
        "2.1.16", W, FAIL, "gone", dropped(GOOD, f"{MODEL}/run/results.json"), "no re"
    ),
    case("2.1.19", W, PASS, "all", GOOD),
    case(
        "2.1.19", W, FAIL, "no output", dropped(GOOD, "*/run/*_output.json"), "output"
    ),
    case(
        "2.1.19",
        W,
        FAIL,
        "no configuration",
        dropped(GOOD, "*/run/*/dlio_config/*"),
        "no folder dlio_config",
    ),
    case("2.1.20", W, PASS, "three files", GOOD),
    case(
        "2.1.20", W, FAIL, "no config", dropped(GOOD, "*/run/*/config.yaml"), "config"
    ),
    case(
        "2.1.20",
        W,
        FAIL,
        "one more",
        _more_config,
        "unexpected more.yaml",
        partial=True,
    ),
)
_CHECKPOINTING = (
    case("2.1.21", S, PASS, "a known model", checkpointing),
    case("2.1.21", C, PASS, "a known model", checkpointing),
    case("2.1.21", S, FAIL, "unknown", lambda: checkpointing("llama3-7b"), "llama3-7b"),
    case("2.1.21", C, FAIL, "upper case", lambda: checkpointing("LLAMA3-8B"), "LLAMA3"),
    case("2.1.22", C, PASS, "there", checkpointing),
    case("2.1.22", C, FAIL, "gone", dropped(checkpointing, "*/results.json"), "no res"),
    case("2.1.23", C, PASS, "two", checkpointing),
    case(
        "2.1.23",
        C,
        FAIL,
        "three",
        added(
            checkpointing,
            f"{BASE}/results/{SYSTEM}/checkpointing/llama3-8b/20260723_150000/x",
        ),
        "3 folders",
    ),
    case(
        "2.1.23",
        C,
        FAIL,
        "no stamp",
        moved(checkpointing, "llama3-8b/20260723_140500", "llama3-8b/read"),
        "read is no time stamp",
    ),
    case("2.1.25", C, PASS, "all", checkpointing),
    case("2.1.25", C, FAIL, "no log", dropped(checkpointing, "*/dlio.log"), "dlio.log"),
    case("2.1.26", C, PASS, "three files", checkpointing),
    case(
        "2.1.26",
        C,
        FAIL,
        "no hydra",
        dropped(checkpointing, "*/hydra.yaml"),
        "no hydra",
    ),
)
EXEMPT = {
    **dict.fromkeys(
        (
            "2.1.12",
            "2.1.13",
            "2.1.14",
            "2.1.15",
            "2.1.16",
            "2.1.19",
            "2.1.20",
            "2.1.21",
            "2.1.22",
            "2.1.23",
            "2.1.25",
            "2.1.26",
        ),
        LISTED,
    ),
}
SPECIMENS: tuple[StoredSpecimen, ...] = (
    *_TRAINING,
    *_CHECKPOINTING,
)
