"""Which rules here answer the checks that the official tool makes while it runs.

Numbers are those of the official tool's own checks before and after a run, 100 to 113
in our list of all official checks.
"""

IN_TOOL: dict[str, tuple[str, ...]] = {
    "100 flags that CLOSED does not have": (
        "3.6.2",
        "4.6.3",
        "4.7.1",
        "5.6.4",
        "6.6.1",
    ),
    "101 environment ready to run": ("EV-03",),
    "102 free space": ("CAP-01",),
    "103 all ranks see one destination": ("CAP-02",),
    "104 data and results apart": ("CAP-03", "3.4.2", "4.4.2", "5.4.2", "6.4.1"),
    "105 training model, files and parameters": ("2.1.11", "3.1.2", "3.6.2", "3.6.3"),
    "106 checkpoints of unet3d": ("3.6.2",),
    "107 placeholders: epochs, pauses, caching": ("2.1.18", "3.6.2", "4.7.1"),
    "108a checkpointing model": ("2.1.21", "4.3.3"),
    "108b checkpointing ranks": ("4.6.1", "4.6.4"),
    "108c accelerator memory": ("4.3.4",),
    "108d subset runs": ("4.3.5",),
    "109 KV-cache parameters": ("6.3.1.1", "6.3.2.1", "6.3.2.2", "6.6.1", "6.6.2"),
    "110 time of a vector database run": ("5.3.3",),
    "111 runs of one result": ("2.1.17", "2.1.23", "4.7.1", "5.3.1"),
    "112 hardware is as described": ("2.1.9",),
    "113 code is as captured": ("2.1.6", "CHECK-01", "CHECK-02"),
}
