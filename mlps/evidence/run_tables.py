"""Tables the runner fills from its own knowledge: who, when, what was done."""

from mlps.evidence.table import Column, Table, gauge, index, text

_RANK = index("rank", "MPI rank")
_NODE = index("node", "host number, in order of its lowest rank")
_PHASE = index("phase", "phase number within the run, 0-based")

RUN_TABLES = (
    Table(
        "plan",
        "one byte of plan.yaml",
        (Column("byte", "u1", "1", "text", "plan.yaml", "the exact plan bytes"),),
    ),
    Table(
        "run",
        "the run (one row)",
        (
            text("run_id", 32, "random run id"),
            index("number", "number of the run in the campaign"),
            text("kind", 16, "datagen, warmup or measured"),
            text("plan_digest", 80, "digest of the plan that is executed"),
            text("mlps_version", 32, "version of mlps on rank 0"),
            text("software_digest", 80, "SHA-256 over the imported code of rank 0"),
            gauge(
                "wall_start_ns", "ns", "wall clock at the start of the run, Unix epoch"
            ),
        ),
    ),
    Table(
        "outcome",
        "how the run ended (one row, last)",
        (
            text("outcome", 16, "complete or aborted"),
            index("blamed_rank", "rank that made the run abort, -1 for none"),
            text("reason", 512, "why it aborted"),
            gauge("wall_end_ns", "ns", "wall clock at the end of the run, Unix epoch"),
        ),
    ),
    Table(
        "hosts",
        "one host",
        (
            _NODE,
            text("hostname", 256, "host name", "uname"),
            text("kernel", 256, "kernel release and version", "uname"),
            text("machine", 64, "hardware name", "uname"),
            text("cpu_model", 128, "processor name", "/proc/cpuinfo"),
            gauge("cpus", "{cpu}", "processors online", "sysconf"),
            gauge("memory_bytes", "By", "total memory", "/proc/meminfo:MemTotal"),
            gauge("page_bytes", "By", "page size", "sysconf"),
            gauge(
                "memory_limit_bytes",
                "By",
                "least memory limit of the control groups above, -1 for none",
                "memory.max",
            ),
            text(
                "boot_id",
                64,
                "random id of this boot",
                "/proc/sys/kernel/random/boot_id",
            ),
        ),
    ),
    Table(
        "mounts",
        "one path of the plan on one host",
        (
            _NODE,
            text("role", 16, "data or results"),
            text("path", 1024, "the path as used"),
            text(
                "mount_point",
                1024,
                "where its file system is mounted",
                "/proc/self/mountinfo",
            ),
            text("fs_type", 64, "file system type", "/proc/self/mountinfo"),
            text("source", 1024, "mounted device or export", "/proc/self/mountinfo"),
            text("options", 1024, "mount options", "/proc/self/mountinfo"),
            text("device", 32, "major:minor", "/proc/self/mountinfo"),
            gauge(
                "free_bytes", "By", "free space for this user at the start", "statvfs"
            ),
            text(
                "counted_by", 1088, "table and key that count its traffic, or why none"
            ),
        ),
    ),
    Table(
        "ranks",
        "one rank",
        (
            _RANK,
            _NODE,
            index("local_rank", "rank within its host"),
            index("pid", "process id"),
            text(
                "cpus_allowed", 1024, "CPU set", "/proc/self/status:Cpus_allowed_list"
            ),
            text(
                "plan_digest", 80, "digest this rank computed of the plan it received"
            ),
            text("software_digest", 80, "SHA-256 over the code this rank imported"),
            text("python", 32, "Python version"),
        ),
    ),
    Table(
        "software",
        "one package as all ranks have it",
        (
            text("package", 64, "name of the distribution", "importlib.metadata"),
            text("version", 64, "its version", "importlib.metadata"),
            text("digest", 80, "SHA-256 over its files, empty for the interpreter"),
        ),
    ),
    Table(
        "observers",
        "one host without ranks that is sampled, too",
        (
            index("node", "host number, after those of the ranks' hosts"),
            text("host", 256, "as the plan names it"),
            text("transport", 16, "ssh or local"),
        ),
    ),
    Table(
        "clock",
        "one measurement of a rank's clock against rank 0",
        (
            _RANK,
            text("moment", 32, "when: start, before a phase, end"),
            gauge("sampled_at_ns", "ns", "rank's monotonic clock at the measurement"),
            gauge("offset_ns", "ns", "add to this rank's clock to get rank 0's"),
            gauge("error_ns", "ns", "bound of the offset: half the least round trip"),
            gauge(
                "wall_minus_monotonic_ns",
                "ns",
                "wall clock minus monotonic; a change is a step of the wall clock",
            ),
        ),
    ),
    Table(
        "phases",
        "closing record of one rank's phase",
        (
            _RANK,
            _PHASE,
            text("name", 32, "name of the phase in the plan"),
            index("epoch", "epoch, 1-based; 0 outside epochs"),
            gauge("agreed_start_ns", "ns", "agreed start, on this rank's clock"),
            gauge("start_ns", "ns", "achieved start, monotonic"),
            gauge("end_ns", "ns", "end, monotonic"),
            gauge("wall_start_ns", "ns", "wall clock at the start, Unix epoch"),
            text("outcome", 16, "complete"),
            gauge("steps", "{step}", "steps taken"),
            gauge("samples", "{sample}", "samples delivered (files in datagen)"),
            gauge("delivered_bytes", "By", "bytes delivered (written in datagen)"),
        ),
    ),
    Table(
        "steps",
        "one step of one rank",
        (
            _RANK,
            _PHASE,
            index("epoch", "epoch, 1-based; 0 without storage"),
            index("step", "step within the epoch, 0-based"),
            gauge("start_ns", "ns", "start of the step, monotonic"),
            gauge("wait_ns", "ns", "waiting for the batch"),
            gauge("wait_storage_ns", "ns", "of that, while a reader was in a call"),
            gauge(
                "wait_starved_ns",
                "ns",
                "of that, while readers could run and had no CPU",
                "/proc/self/task/*/schedstat:2",
            ),
            gauge("compute_requested_ns", "ns", "emulated compute asked for"),
            gauge("compute_ns", "ns", "emulated compute as it lasted"),
            gauge("barrier_ns", "ns", "waiting for the slowest rank"),
            gauge("samples", "{sample}", "samples of the batch"),
            gauge("delivered_bytes", "By", "bytes of the batch, counted as read"),
        ),
    ),
    Table(
        "latency",
        "one bucket of one rank's histogram of one interval",
        (
            _RANK,
            _PHASE,
            text("operation", 16, "open, read, sample or write"),
            gauge("interval_start_ns", "ns", "start of the interval, monotonic"),
            index("bucket", "log-linear bucket (docs/evidence.md)"),
            gauge("count", "{operation}", "operations completed in the bucket"),
        ),
    ),
    Table(
        "flushes",
        "page cache flush of one host before one phase",
        (
            _NODE,
            _PHASE,
            text("method", 32, "drop_caches or fadvise"),
            text("outcome", 16, "flushed or failed"),
            gauge("start_ns", "ns", "start, monotonic of the host's first rank"),
            gauge("end_ns", "ns", "end"),
            gauge(
                "cached_before_bytes", "By", "page cache before", "/proc/meminfo:Cached"
            ),
            gauge(
                "cached_after_bytes", "By", "page cache after", "/proc/meminfo:Cached"
            ),
            gauge(
                "drops_before",
                "{drop}",
                "cache drops before",
                "/proc/vmstat:drop_pagecache",
            ),
            gauge(
                "drops_after",
                "{drop}",
                "cache drops after",
                "/proc/vmstat:drop_pagecache",
            ),
            gauge("sampled_pages", "{page}", "dataset pages looked at", "mincore"),
            gauge(
                "resident_before_pages",
                "{page}",
                "of those, in memory before",
                "mincore",
            ),
            gauge(
                "resident_pages", "{page}", "of those, still in memory after", "mincore"
            ),
        ),
    ),
    Table(
        "dataset",
        "the dataset as adopted (one row)",
        (
            text("manifest_digest", 80, "SHA-256 of the manifest"),
            gauge("files", "{file}", "files in the manifest"),
            gauge("dataset_bytes", "By", "bytes of all files in the manifest"),
            gauge("verified_files", "{file}", "files whose content was checked"),
            gauge("verified_bytes", "By", "bytes whose content was checked"),
        ),
    ),
    Table(
        "direct_io",
        "sampled open flags of data files",
        (
            _RANK,
            _PHASE,
            gauge(
                "sampled_opens",
                "{file}",
                "descriptors looked at",
                "/proc/self/fdinfo:flags",
            ),
            gauge(
                "direct_opens",
                "{file}",
                "of those, with O_DIRECT",
                "/proc/self/fdinfo:flags",
            ),
        ),
    ),
    Table(
        "stalls",
        "one report of a rank that was silent or did not get on",
        (
            _RANK,
            gauge("time_ns", "ns", "monotonic clock of rank 0"),
            index("pid", "process id"),
            text("phase", 32, "phase the rank was in"),
            text("doing", 32, "what it was doing when last heard"),
            index("step", "step or file it was at"),
            text("object", 512, "file it was at"),
            gauge("stalled_ns", "ns", "for how long already"),
            text("process_state", 16, "state of its process", "/proc/PID/stat:3"),
            text(
                "wait_channel", 128, "where its threads sleep", "/proc/PID/task/*/wchan"
            ),
            text("stack", 4096, "Python stacks of its threads"),
        ),
    ),
    Table(
        "events",
        "something worth telling",
        (
            _RANK,
            gauge("time_ns", "ns", "rank's monotonic clock"),
            text("severity", 16, "info, warning or error"),
            text("subject", 32, "what it is about"),
            text("message", 512, "what happened"),
        ),
    ),
)
