"""Trees for the rules about times, places and figures of checkpoints."""

from tests.stored.checkpointing_edits import (
    FAIL,
    GAP,
    NA,
    NO_RECORD,
    NOT_SHARED,
    PASS,
    ROUND,
    WARN,
    args,
    case,
    counts,
    description,
    drop,
    later,
    put,
    summary,
    third,
    without_reading,
)

# Verdicts that a rule can't give, and why.
EXEMPT = {
    "EV-21": (frozenset({FAIL}), "it reports the slowest rank and demands nothing"),
}

TIMES = (
    case("2.1.24", PASS, "one after the other"),
    case("2.1.24", NA, "one invocation", split=False),
    case("2.1.24", FAIL, "an hour later", later(3600), says="3605.0 s"),
    case("2.1.24", WARN, "an hour later", later(3600), edition=ROUND),
    case("2.1.24", NA, "not in the edition", later(3600), edition="2.0"),
    case("2.1.24", GAP, "no times", drop("*_metadata.json", "*/summary.json")),
    case("4.7.1", PASS, "in two invocations"),
    case("4.7.1", PASS, "in one invocation", split=False),
    case("4.7.1", PASS, "29 s apart", later(24)),
    case("4.7.1", FAIL, "31 s apart", later(26), says="31.0 s"),
    case("4.7.1", WARN, "31 s apart", later(26), edition=ROUND, says="31.0 s"),
    case("4.7.1", PASS, "no limit", later(26), edition="2.0"),
    case("4.7.1", WARN, "clocks disagree", later(-10), says="-5.0 s"),
    case("4.7.1", FAIL, "overlap", later(-60), says="before writing ended"),
    case("4.7.1", FAIL, "three invocations", third, says="3 invocations"),
    case("4.7.1", FAIL, "three invocations", third, edition=ROUND),
    case("4.7.1", FAIL, "reads first", counts((0, 10), (10, 0)), says="0 writes and"),
    case("4.7.1", FAIL, "5 writes", counts((5, 0), (0, 10)), says="5 writes"),
    case("4.7.1", FAIL, "9 of 10 reads in all", counts((10, 0), (0, 9)), edition="2.0"),
    case("4.7.1", PASS, "-1 means none", counts((10, -1), (-1, 10))),
    case(
        "4.7.1",
        FAIL,
        "fewer timed than asked",
        lambda f: f.change(
            "*0_per_epoch_stats.json", lambda e: e["1"].popitem()
        ).change("*0_per_epoch_stats.json", lambda e: e["1"].popitem()),
        says="10 and 9",
    ),
    case("4.7.1", FAIL, "reading is missing", without_reading, says="no invocation"),
    case("4.7.1", NA, "reading is left out", without_reading, partially=True),
    case("4.7.1", PASS, "OPEN is free", counts((3, 0), (0, 2)), division="open"),
    case("4.7.1", GAP, "no counts", NO_RECORD, says="2 of 2 invocations"),
    case("4.7.2", PASS, "in two invocations"),
    case("4.7.2", FAIL, "ends before it starts", later(-3600)),
    case("4.7.2", GAP, "no summary", drop("*/summary.json")),
)

PLACES = (
    case("4.4.1", PASS, "apart"),
    case("4.4.1", PASS, "no metadata", drop("*_metadata.json")),
    case(
        "4.4.1",
        FAIL,
        "the same folder",
        args("results_dir", "/mnt/./checkpoints/"),
        says="/mnt/checkpoints",
    ),
    case("4.4.1", FAIL, "not set", args("checkpoint_folder", None), says="not set"),
    case("4.4.1", GAP, "no record", drop("*_metadata.json", "*/fs_separation.json")),
    case("4.4.2", PASS, "apart"),
    case(
        "4.4.2",
        FAIL,
        "the same",
        lambda f: f.change(
            "*/fs_separation.json", lambda s: s.update(same_filesystem=True)
        ),
        says="one filesystem",
    ),
    case("4.4.2", FAIL, "no probe", drop("*/fs_separation.json")),
    case("4.4.2", WARN, "no probe", drop("*/fs_separation.json"), edition=ROUND),
    case("4.4.2", NA, "left out", drop("*/fs_separation.json"), partially=True),
    case(
        "4.4.2",
        NA,
        "objects",
        lambda f: f.change(
            "*/systems/*.yaml",
            lambda d: d["system_under_test"]["solution"]["architecture"].update(
                benchmark_API="object"
            ),
        ),
        args("data_access_protocol", "object"),
        drop("*/fs_separation.json"),
    ),
    case("4.4.2", GAP, "pruned", put("*/fs_separation.json", b"PRUNED BY STAFF\n")),
)

SHARING = (
    case("4.7.3", PASS, "nothing to remap"),
    case("4.7.3", PASS, "20 s seen", NOT_SHARED),
    case(
        "4.7.3",
        FAIL,
        "100 s not seen",
        NOT_SHARED,
        description(lambda c: c.update(remap_time_in_seconds=100)),
        says="22.0 s observed",
    ),
    case(
        "4.7.3",
        FAIL,
        "declared without need",
        description(lambda c: c.update(remap_time_in_seconds=5)),
        says="simultaneous_write true",
    ),
    case(
        "4.7.3",
        FAIL,
        "0 though not simultaneous",
        description(lambda c: c.update(simultaneous_read=False)),
    ),
    case(
        "4.7.3",
        FAIL,
        "not declared",
        description(lambda c: c.pop("remap_time_in_seconds")),
        says="not declared",
    ),
    case("4.7.3", GAP, "no description", drop("*/systems/*.yaml")),
    case("4.7.4", PASS, "shared"),
    case("4.7.4", WARN, "not shared", NOT_SHARED, says="simultaneous_write false"),
    case("4.7.4", WARN, "not shared", NOT_SHARED, edition=ROUND),
    case(
        "4.7.4",
        FAIL,
        "not declared",
        description(lambda c: c.pop("multi_host")),
        says="multi_host is not declared",
    ),
    case(
        "4.7.4",
        FAIL,
        "no answer",
        description(lambda c: c.update(simultaneous_read="maybe")),
    ),
    case("4.7.4", GAP, "no description", drop("*/systems/*.yaml")),
)

FIGURES = (
    case("4.3.6", PASS, "figures of both phases"),
    case(
        "4.3.6",
        FAIL,
        "no rate",
        lambda f: f.change(
            "*/20260724_120000/summary.json",
            lambda s: s["metric"].update(save_checkpoint_io_mean_GB_per_second=0),
        ),
    ),
    case("4.3.6", GAP, "no metrics", summary(lambda s: s["metric"].clear())),
    case("EV-21", PASS, "all ranks"),
    case("EV-21", NA, "rank 0 only", drop("*/[1-7]_per_epoch_stats.json")),
    case("EV-21", GAP, "damaged", put("*/3_per_epoch_stats.json", b"{")),
)

SPECIMENS = (*TIMES, *PLACES, *SHARING, *FIGURES)
