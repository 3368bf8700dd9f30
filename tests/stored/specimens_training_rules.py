"""More published training results whose verdict is known."""

from rules.finding import Verdict
from tests.stored.specimen import StoredSpecimen
from tests.stored.training_edits import (
    METADATA,
    SECOND,
    SUMMARIES,
    args,
    changed,
    halved,
    hosts_of,
    lowered,
    metric,
    no_snapshot,
    of_v1,
    of_v3,
    open_division,
    pointer,
    set_to,
    summary,
    table,
    without,
)

PASS, FAIL, NONE = Verdict.PASS, Verdict.FAIL, Verdict.NO_EVIDENCE
WARN, SKIP = Verdict.WARN, Verdict.NOT_APPLICABLE

SPECIMENS: tuple[StoredSpecimen, ...] = (
    of_v1("3.3.6", PASS, "two on each in v1.0"),
    of_v3(
        "3.3.6",
        FAIL,
        "five on two hosts",
        summary(num_accelerators=5),
        "5 accelerators",
    ),
    of_v3("3.3.6", NONE, "no summary", without(SUMMARIES)),
    of_v3("3.3.7", PASS, "equal hosts"),
    of_v1("3.3.7", PASS, "equal hosts by the summary"),
    of_v1(
        "3.3.7",
        SKIP,
        "hosts mixed up",
        summary("*/summary.json", host_memory_GB=[128.0, 0.0], host_cpu_count=[128, 0]),
    ),
    of_v3("3.3.7", WARN, "a host with twice the memory", hosts_of(128), "ratio 2.00"),
    of_v3("3.3.7", NONE, "no snapshot", no_snapshot),
    of_v3("3.3.8", PASS, "means"),
    of_v1("3.3.8", PASS, "means of v1.0"),
    of_v3("3.3.8", FAIL, "another mean", table(train_mean_of_au_percentage=99.0), "99"),
    of_v3("3.3.8", FAIL, "an empty list", metric(train_au_percentage=[]), "is empty"),
    of_v1(
        "3.3.8",
        FAIL,
        "another overall mean",
        changed(
            "*report.json",
            lambda c: c["overall"].update(
                train_throughput_mean_samples_per_second=99.0
            ),
        ),
        "overall",
    ),
    of_v3("3.3.8", NONE, "no table", without("*/run/results.json")),
    of_v3("3.4.1", PASS, "different folders"),
    of_v3(
        "3.4.1", FAIL, "the same folder", args(results_dir="/data/unet3d/"), "both are"
    ),
    of_v3("3.4.1", FAIL, "no data folder", args(data_dir=None), "no data_dir"),
    of_v3(
        "3.4.1",
        NONE,
        "neither metadata nor probe",
        without(METADATA, "*/run/*/fs_separation.json"),
    ),
    of_v3("3.4.2", PASS, "different file systems"),
    of_v3(
        "3.4.2",
        FAIL,
        "the same file system",
        changed(
            f"{SECOND}fs_separation.json", lambda c: c.update(same_filesystem=True)
        ),
        "same file system",
    ),
    of_v3(
        "3.4.2",
        FAIL,
        "a probe of another folder",
        changed(
            "*/run/*/fs_separation.json",
            lambda c: c.update(data_or_chkpt_path="/x", data_or_chkpt_realpath="/x"),
        ),
        "the probe was of",
    ),
    of_v3("3.4.2", FAIL, "no probe", without(f"{SECOND}fs_separation.json")),
    of_v3(
        "3.4.2",
        WARN,
        "no probe in the round",
        without(f"{SECOND}fs_separation.json"),
        edition="3.0-round",
    ),
    of_v3(
        "3.4.2",
        NONE,
        "a probe that says nothing",
        changed(f"{SECOND}fs_separation.json", lambda c: c.clear()),
    ),
    of_v3("3.6.1", PASS, "one image"),
    of_v3("3.6.1", WARN, "two images", pointer, "abababab"),
    of_v3("3.6.1", FAIL, "an image that is not there", pointer, "code-abababab"),
    of_v3(
        "3.6.1",
        SKIP,
        "an image that an excerpt lacks",
        pointer,
        "code-abababab",
        partial=True,
    ),
    of_v3(
        "3.6.1", NONE, "a run without a pointer", without(f"{SECOND}.mlps-code-image")
    ),
    of_v3("3.6.2", PASS, "read_threads changed"),
    of_v1("3.6.2", PASS, "names of v1.0"),
    of_v1(
        "3.6.2",
        PASS,
        "a checkpoint folder",
        lambda files: [
            c.append("++workload.checkpoint.checkpoint_folder=/x")
            for path in files.matching("*/overrides.yaml")
            for c in [files[path]]
        ],
    ),
    of_v3(
        "3.6.2",
        PASS,
        "an override that repeats the template",
        set_to("reader.batch_size", 7),
    ),
    of_v3(
        "3.6.2",
        FAIL,
        "batch size overridden",
        set_to("reader.batch_size", 8),
        "reader.batch_size is 8, official 7",
    ),
    of_v3(
        "3.6.2",
        FAIL,
        "batch size in the template",
        set_to("reader.batch_size", 8, named=False),
        "no override names it",
    ),
    of_v3(
        "3.6.2",
        FAIL,
        "compute time in the template",
        set_to("train.computation_time", 0.1, named=False),
        "official 0.162",
    ),
    of_v3(
        "3.6.2",
        FAIL,
        "an unknown key",
        set_to("reader.pin_memory", False),
        "may not be changed",
    ),
    of_v3(
        "3.6.2",
        FAIL,
        "prefetch of three",
        set_to("reader.prefetch_size", 3),
        "at most 2",
    ),
    of_v3(
        "3.6.2",
        WARN,
        "prefetch of three in the round, whose checker had no limits",
        set_to("reader.prefetch_size", 3),
        "at most 2",
        edition="3.0-round",
    ),
    of_v3("3.6.2", PASS, "odirect of unet3d", set_to("reader.odirect", True)),
    of_v3(
        "3.6.2",
        FAIL,
        "the tool found it open",
        changed(METADATA, lambda c: c.update(verification="OPEN")),
        "verified it as OPEN",
    ),
    of_v1(
        "3.6.2",
        FAIL,
        "record length of v1.0",
        changed(
            "*/config.yaml",
            lambda c: c["workload"]["dataset"].update(record_length=1000),
        ),
        "dataset.record_length is 1000",
    ),
    of_v3(
        "3.6.2", NONE, "no configuration", without(METADATA, "*/run/*/dlio_config/*")
    ),
    open_division("3.6.3", PASS, "a closed set of changes", lambda _: None),
    open_division(
        "3.6.3", PASS, "another data loader", set_to("reader.data_loader", "dali")
    ),
    open_division(
        "3.6.3", FAIL, "batch size", set_to("reader.batch_size", 8), "official 7"
    ),
    open_division(
        "3.6.3",
        FAIL,
        "samples per file of npz",
        set_to("dataset.num_samples_per_file", 2),
        "tfrecord only",
    ),
    open_division(
        "3.6.3", NONE, "no configuration", without(METADATA, "*/run/*/dlio_config/*")
    ),
    of_v3("EV-05", PASS, "numbers of v3.0"),
    of_v1("EV-05", PASS, "numbers of v1.0"),
    of_v3(
        "EV-05",
        FAIL,
        "a stated mean",
        metric(train_au_mean_percentage=99.0),
        "train_au_mean_percentage",
    ),
    of_v3(
        "EV-05",
        FAIL,
        "twice the throughput",
        changed(f"{SECOND}summary.json", halved),
        "throughput from time stamps",
    ),
    of_v1(
        "EV-05",
        FAIL,
        "twice the throughput in v1.0",
        changed("*/run3/summary.json", halved),
        "throughput from time stamps",
    ),
    of_v1(
        "EV-05",
        FAIL,
        "utilization below what the time allows",
        changed("*/run3/summary.json", lowered),
        "utilization from",
    ),
    of_v3(
        "EV-05",
        FAIL,
        "utilization that the throughput denies",
        metric(train_au_percentage=[99.9] * 5),
        "utilization from throughput",
    ),
    of_v1(
        "EV-05",
        FAIL,
        "a stated block duration",
        changed(
            "*/run2/per_epoch_stats.json",
            lambda c: c["3"]["block1"].update(duration="1.00"),
        ),
        "duration of a block, epoch 3",
    ),
    of_v1(
        "EV-05",
        FAIL,
        "an epoch less",
        changed("*/run2/per_epoch_stats.json", lambda c: c.pop("5")),
        "epochs",
    ),
    of_v1(
        "EV-05",
        FAIL,
        "a deviation over the runs",
        changed(
            "*report.json",
            lambda c: c["overall"].update(train_throughput_stdev_MB_per_second=1.0),
        ),
        "stdev_MB",
    ),
    of_v3(
        "EV-05",
        FAIL,
        "data volume",
        summary(data_size_per_host_GB=1.0),
        "data_size_per_host_GB",
    ),
    of_v3("EV-05", NONE, "no numbers", without(SUMMARIES, "*/run/results.json")),
)
