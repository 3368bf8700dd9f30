"""Tables sampled from /proc: raw counters, as the kernel gave them.

Sources: proc(5), Documentation/filesystems/proc.rst, admin-guide/iostats.rst.
"""

from mlps.evidence.table import Table, counter, gauge, index, level, text

_RANK = index("rank", "MPI rank")
_NODE = index("node", "host number")
_AT = gauge("sampled_at_ns", "ns", "monotonic clock at the read", "clock_gettime")

IO_FIELDS = (
    "rchar",
    "wchar",
    "syscr",
    "syscw",
    "read_bytes",
    "write_bytes",
    "cancelled_write_bytes",
)
STAT_CPU_FIELDS = (
    "user",
    "nice",
    "system",
    "idle",
    "iowait",
    "irq",
    "softirq",
    "steal",
)
MEMINFO_FIELDS = (
    "MemTotal",
    "MemFree",
    "MemAvailable",
    "Buffers",
    "Cached",
    "SwapCached",
    "Active(file)",
    "Inactive(file)",
    "Dirty",
    "Writeback",
    "AnonPages",
    "Mapped",
    "Shmem",
    "SReclaimable",
    "SUnreclaim",
    "SwapTotal",
    "SwapFree",
)
VMSTAT_FIELDS = (
    "pgpgin",
    "pgpgout",
    "pswpin",
    "pswpout",
    "pgfault",
    "pgmajfault",
    "workingset_refault_file",
    "pgscan_direct",
    "pgscan_kswapd",
    "pgsteal_direct",
    "pgsteal_kswapd",
    "drop_pagecache",
    "drop_slab",
    "oom_kill",
)
DISK_FIELDS = (
    ("reads_completed", "{operation}"),
    ("reads_merged", "{operation}"),
    ("sectors_read", "{sector}"),
    ("read_ms", "ms"),
    ("writes_completed", "{operation}"),
    ("writes_merged", "{operation}"),
    ("sectors_written", "{sector}"),
    ("write_ms", "ms"),
    ("in_flight", "{operation}"),
    ("io_ms", "ms"),
    ("weighted_io_ms", "ms"),
    ("discards_completed", "{operation}"),
    ("discards_merged", "{operation}"),
    ("sectors_discarded", "{sector}"),
    ("discard_ms", "ms"),
    ("flushes_completed", "{operation}"),
    ("flush_ms", "ms"),
)
NET_FIELDS = (
    "rx_bytes",
    "rx_packets",
    "rx_errs",
    "rx_drop",
    "rx_fifo",
    "rx_frame",
    "rx_compressed",
    "rx_multicast",
    "tx_bytes",
    "tx_packets",
    "tx_errs",
    "tx_drop",
    "tx_fifo",
    "tx_colls",
    "tx_carrier",
    "tx_compressed",
)
NFS_FIELDS = (
    "normal_read_bytes",
    "normal_write_bytes",
    "direct_read_bytes",
    "direct_write_bytes",
    "server_read_bytes",
    "server_write_bytes",
    "read_pages",
    "write_pages",
)


def column_name(field: str) -> str:
    """Column of a kernel key: `Active(file)` becomes `active_file`."""
    return field.replace("(", "_").replace(")", "").lower()


KERNEL_TABLES = (
    Table(
        "process",
        "one look at one rank's own process",
        (
            _RANK,
            _AT,
            *(
                counter(
                    f"io_{f}",
                    "By" if "char" in f or "bytes" in f else "{call}",
                    f"{f} of the process",
                    f"/proc/self/io:{f}",
                )
                for f in IO_FIELDS
            ),
            counter(
                "minor_faults", "{fault}", "minor page faults", "/proc/self/stat:10"
            ),
            counter(
                "major_faults", "{fault}", "major page faults", "/proc/self/stat:12"
            ),
            counter("user_ticks", "{tick}", "CPU in user mode", "/proc/self/stat:14"),
            counter(
                "system_ticks", "{tick}", "CPU in the kernel", "/proc/self/stat:15"
            ),
            counter(
                "block_delay_ticks",
                "{tick}",
                "main thread waiting for block I/O",
                "/proc/self/stat:42",
            ),
            level("threads", "{thread}", "threads", "/proc/self/status:Threads"),
            level("rss_bytes", "By", "resident memory", "/proc/self/status:VmRSS"),
            level(
                "peak_rss_bytes",
                "By",
                "peak resident memory",
                "/proc/self/status:VmHWM",
            ),
            counter(
                "voluntary_switches",
                "{switch}",
                "voluntary context switches of the main thread",
                "/proc/self/status",
            ),
            counter(
                "involuntary_switches",
                "{switch}",
                "involuntary context switches of the main thread",
                "/proc/self/status",
            ),
            counter("run_ns", "ns", "main thread on a CPU", "/proc/self/schedstat:1"),
            counter(
                "run_delay_ns",
                "ns",
                "main thread waiting for a CPU",
                "/proc/self/schedstat:2",
            ),
            counter(
                "sampler_cpu_ns",
                "ns",
                "CPU the sampler thread itself has used",
                "CLOCK_THREAD_CPUTIME_ID",
            ),
            counter(
                "parse_cpu_ns",
                "ns",
                "CPU used for parsing samples",
                "CLOCK_THREAD_CPUTIME_ID",
            ),
            gauge("late_ns", "ns", "how late this sample was taken", "sampler"),
        ),
    ),
    Table(
        "cpu",
        "one look at one host's processors together",
        (
            _NODE,
            _AT,
            *(
                counter(
                    f"{f}_ticks", "{tick}", f"{f} time of all CPUs", "/proc/stat:cpu"
                )
                for f in STAT_CPU_FIELDS
            ),
            counter(
                "context_switches", "{switch}", "context switches", "/proc/stat:ctxt"
            ),
            level("procs_running", "{process}", "runnable", "/proc/stat:procs_running"),
            level(
                "procs_blocked",
                "{process}",
                "blocked on I/O",
                "/proc/stat:procs_blocked",
            ),
            level(
                "load1_hundredths",
                "1/100",
                "load average of a minute",
                "/proc/loadavg:1",
            ),
        ),
    ),
    Table(
        "memory",
        "one look at one host's memory",
        (
            _NODE,
            _AT,
            *(
                level(f"{column_name(f)}_bytes", "By", f, f"/proc/meminfo:{f}")
                for f in MEMINFO_FIELDS
            ),
        ),
    ),
    Table(
        "vmstat",
        "one look at one host's virtual memory counters",
        (
            _NODE,
            _AT,
            *(
                counter(
                    f,
                    "KiBy" if f in ("pgpgin", "pgpgout") else "{event}",
                    f,
                    f"/proc/vmstat:{f}",
                )
                for f in VMSTAT_FIELDS
            ),
        ),
    ),
    Table(
        "disks",
        "one look at one block device of one host",
        (
            _NODE,
            _AT,
            text("device", 64, "block device", "/proc/diskstats:3"),
            *(
                (level if f == "in_flight" else counter)(
                    f, unit, f.replace("_", " "), f"/proc/diskstats:{n}"
                )
                for n, (f, unit) in enumerate(DISK_FIELDS, start=4)
            ),
        ),
    ),
    Table(
        "net",
        "one look at one network interface of one host",
        (
            _NODE,
            _AT,
            text("interface", 64, "network interface", "/proc/net/dev:1"),
            *(
                counter(
                    f,
                    "By" if f.endswith("bytes") else "{packet}",
                    f.replace("_", " "),
                    f"/proc/net/dev:{n}",
                )
                for n, f in enumerate(NET_FIELDS, start=2)
            ),
        ),
    ),
    Table(
        "pressure",
        "one look at one pressure file of one host",
        (
            _NODE,
            _AT,
            text("resource", 16, "cpu, io or memory", "/proc/pressure"),
            counter("some_total_us", "us", "some task stalled", "/proc/pressure:some"),
            counter("full_total_us", "us", "all tasks stalled", "/proc/pressure:full"),
        ),
    ),
    Table(
        "nfs",
        "one look at one NFS mount of one host",
        (
            _NODE,
            _AT,
            text("mount_point", 1024, "where it is mounted", "/proc/self/mountstats"),
            *(
                counter(
                    f,
                    "{page}" if f.endswith("pages") else "By",
                    f.replace("_", " "),
                    f"/proc/self/mountstats:bytes:{n}",
                )
                for n, f in enumerate(NFS_FIELDS, start=1)
            ),
        ),
    ),
)
