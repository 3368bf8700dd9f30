"""Training trees whose verdict by each rule is known: right, broken, incomplete."""

from rules.finding import Verdict
from tests.stored.specimen import StoredSpecimen
from tests.stored.training_edits import (
    METADATA,
    SECOND,
    SUMMARIES,
    all_of,
    capability,
    changed,
    later,
    later_v1,
    lowered,
    memory,
    metric,
    of_v1,
    of_v3,
    renamed,
    set_to,
    single_host,
    sized,
    sized_twice,
    summary,
    template,
    without,
)

PASS, FAIL, NONE = Verdict.PASS, Verdict.FAIL, Verdict.NO_EVIDENCE
WARN, SKIP = Verdict.WARN, Verdict.NOT_APPLICABLE

SPECIMENS: tuple[StoredSpecimen, ...] = (
    of_v3("2.1.11", PASS, "unet3d on b200"),
    of_v1("2.1.11", PASS, "unet3d on h100 in v1.0"),
    of_v3(
        "2.1.11",
        FAIL,
        "h100 in 3.0",
        template("workload=unet3d_h100"),
        "template unet3d_h100",
    ),
    of_v3("2.1.11", NONE, "no configuration", without(f"{SECOND}dlio_config/*")),
    of_v3("2.1.17", PASS, "six runs"),
    of_v1("2.1.17", PASS, "five runs of v1.0"),
    of_v3("2.1.17", FAIL, "five runs", without(f"{SECOND}*"), "5 runs"),
    of_v1("2.1.17", FAIL, "four runs of v1.0", without("*/run5/*"), "4 runs"),
    of_v3("2.1.18", PASS, "one after the other"),
    of_v1("2.1.18", PASS, "one after the other in v1.0"),
    of_v3(
        "2.1.18", FAIL, "an hour's pause", later, "20260724_123200 to 20260724_134000"
    ),
    of_v1("2.1.18", FAIL, "two hours' pause in v1.0", later_v1, "run4 to runs/run5"),
    of_v3(
        "2.1.18",
        NONE,
        "a run without an end",
        changed(f"{SECOND}summary.json", lambda c: c.pop("end")),
    ),
    of_v3("3.1.1", PASS, "arguments and dataset"),
    of_v3(
        "3.1.1",
        FAIL,
        "no arguments",
        changed(METADATA, lambda c: c.pop("args")),
        "no args",
    ),
    of_v3("3.1.1", NONE, "no metadata", without(METADATA)),
    of_v3("3.1.2", PASS, "500 steps"),
    of_v3("3.1.2", PASS, "memory of both hosts in one entry", memory(128.0)),
    of_v1("3.1.2", PASS, "record_length of v1.0"),
    of_v3("3.1.2", FAIL, "more memory", memory(512.0), "14000 files; needed"),
    of_v3(
        "3.1.2",
        FAIL,
        "a file less",
        summary(SUMMARIES, num_files_train=13999),
        "13999 files",
    ),
    of_v3(
        "3.1.2",
        NONE,
        "no memory",
        changed(SUMMARIES, lambda c: c.pop("host_memory_GB")),
    ),
    of_v3("3.2.1", PASS, "as many files generated"),
    of_v3("3.2.1", FAIL, "fewer files generated", sized(13999, "datagen")),
    of_v3(
        "3.3.1",
        PASS,
        "generated behind a cache, by another name",
        all_of(
            changed("*/datagen/*_metadata.json", renamed),
            without("*/datagen/*/dlio_config/*"),
        ),
    ),
    of_v3("3.2.1", WARN, "nothing generated", without("*/datagen/*")),
    of_v3(
        "3.2.1",
        NONE,
        "a generation that says nothing",
        all_of(without("*/datagen/*/dlio_config/config.yaml"), sized(None, "datagen")),
    ),
    of_v3("3.3.1", PASS, "sized, generated and read"),
    of_v3("3.3.1", FAIL, "no sizing", without("*/datasize/*"), "DATASIZE-MISSING"),
    of_v3(
        "3.3.1",
        WARN,
        "no sizing in the round",
        without("*/datasize/*"),
        "DATASIZE-MISSING",
        edition="3.0-round",
    ),
    of_v3(
        "3.3.1", FAIL, "nothing generated", without("*/datagen/*"), "DATAGEN-MISSING"
    ),
    of_v3("3.3.1", FAIL, "sizing without a number", sized(None), "DATASIZE-MALFORMED"),
    of_v3("3.3.1", FAIL, "sized twice", sized_twice, "DATASIZE-REUSED"),
    of_v3("3.3.1", FAIL, "more files sized", sized(15000), "DATASIZE-UNDERRUN"),
    of_v3(
        "3.3.1",
        FAIL,
        "fewer files generated",
        sized(13999, "datagen"),
        "DATAGEN-OVERRUN",
    ),
    of_v3(
        "3.3.1",
        FAIL,
        "another folder sized",
        changed(
            "*/datasize/*_metadata.json",
            lambda c: (
                c["args"].update(data_dir="/other"),
                c["parameters"]["dataset"].update(data_folder="/other"),
                c["override_parameters"].pop("dataset.data_folder"),
            ),
        ),
        "DATADIR-MISMATCH",
    ),
    of_v3(
        "3.3.1",
        FAIL,
        "a manifest that is not there",
        changed(
            METADATA, lambda c: c.update(datagen_manifest_file="datagen-manifest.json")
        ),
        "MANIFEST-MISSING",
    ),
    of_v3(
        "3.3.1",
        WARN,
        "no evaluation",
        changed(SUMMARIES, lambda c: c.pop("num_files_eval")),
        "EVAL-FIELD-MISSING",
    ),
    of_v3(
        "3.3.1",
        NONE,
        "no run says where its data is",
        without(METADATA, "*/run/*/dlio_config/*"),
    ),
    of_v1("3.3.1", SKIP, "v1.0 published neither"),
    of_v3("3.3.2", PASS, "reached"),
    of_v1("3.3.2", PASS, "reached in v1.0"),
    of_v3(
        "3.3.2",
        FAIL,
        "89 % in the list, success beside it",
        changed(f"{SECOND}summary.json", lowered),
        "89.00 %",
    ),
    of_v3(
        "3.3.2",
        FAIL,
        "a template with a lowered target",
        set_to("metric.au", 0.8, named=False),
        "80 % only",
    ),
    of_v3(
        "3.3.2",
        FAIL,
        "DLIO's own verdict",
        metric(train_au_meet_expectation="fail"),
        "'fail'",
    ),
    of_v3(
        "3.3.2",
        NONE,
        "no list",
        changed(
            f"{SECOND}summary.json", lambda c: c["metric"].pop("train_au_percentage")
        ),
    ),
    of_v3("3.3.3", PASS, "two hosts"),
    of_v3("3.3.3", WARN, "two accelerators on one host", single_host(2)),
    of_v3("3.3.3", NONE, "no summary", without(SUMMARIES)),
    of_v3("3.3.4", PASS, "two hosts"),
    of_v3("3.3.4", FAIL, "two clients named for one host", single_host(4), "2 clients"),
    of_v3(
        "3.3.4",
        NONE,
        "one host, no metadata",
        all_of(single_host(4), without(METADATA)),
    ),
    of_v3("3.3.5", PASS, "declared"),
    of_v3(
        "3.3.5",
        FAIL,
        "no reading by several hosts",
        capability(simultaneous_read=False),
        "simultaneous_read",
    ),
    of_v3("3.3.5", NONE, "no description", without("*/systems/*.yaml")),
    of_v3("3.3.5", SKIP, "one host", single_host(4)),
    of_v3("3.3.6", PASS, "two on each"),
)

EXEMPT = {
    "2.1.17": (
        frozenset({NONE}),
        "folders are counted, and a result without any breaks the rule",
    ),
}
