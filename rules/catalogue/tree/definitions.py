"""Sentences of the structure rules that ask for no check of their own."""

from rules.rule import definition

environment = definition(
    "1.2",
    "storageBackendEnvVarDeclaration",
    "Variables of the storage backend that were set during a timed run must be declared"
    " in its configuration, else the run counts in OPEN only. No file of a published"
    " leaf records the environment of a run, and no official checker looks at it.",
)
vocabulary = definition(
    "1.3",
    "runResultSubmission",
    "Words: a run is one invocation, a result the runs a number is made of, a"
    " submission all results of a submitter. How many runs make a result is judged by"
    " 2.1.17, 2.1.23, 5.3.1 and the rules of KV caches.",
)
open_matches_closed = definition(
    "2.1.3",
    "openMatchesClosed",
    "OPEN is built by the same rules as CLOSED; neither has to be there, and neither"
    " mirrors the other. Every rule here judges both divisions alike.",
)
run_subsets = definition(
    "2.1.18a",
    "runPickingSubsets",
    "A longer series of consecutive runs may be cut to six of its middle. That what is"
    " left was run back to back is judged by 2.1.17 and 2.1.18.",
)
checkpointing_subsets = definition(
    "2.1.24a",
    "checkpointingPickingSubsets",
    "A longer series of consecutive checkpoints may be cut to one run. What is left is"
    " judged by 2.1.23, 2.1.24 and 4.7.1.",
)
diagram = definition(
    "2.1.27",
    "directoryDiagram",
    "The picture of the folders. It shows Closed and Open in upper case, 5 runs and no"
    " datasize; the rules in words differ and are what 2.1.2, 2.1.12 and 2.1.17 judge.",
)
logs = definition(
    "2.29",
    "dlioLog",
    "All leaves look alike; mlpstorage.log and mlpstorage.errors.log may be there or"
    " not. The files that must be there are judged by 2.1.14, 2.1.19 and 2.1.25.",
)
reference_digest = definition(
    "CHECK-05",
    "poolReferenceDigest",
    "A code image of a CLOSED result equals the release it names. No digest of any"
    " release was ever published to compare with; CHECK-02 judges each image alone.",
)
free_space = definition(
    "CAP-01",
    "capacityPreflight",
    "Before writing, the tool compares the free space at the destination with what will"
    " be written, and refuses. It records neither: a run that exists passed. Whether"
    " the data sets had their size is judged by 3.1.2, 3.2.1 and 5.2.1.",
)
shared_destination = definition(
    "CAP-02",
    "sharedDestinationProbe",
    "Before a run on several hosts, the tool has every rank see one file (same device"
    " and inode), and refuses. It records nothing of it; what a KV-cache run leaves in"
    " .fs_probe tells of its results folder only, which 6.3.3.4 judges.",
)
separate_filesystems = definition(
    "CAP-03",
    "filesystemSeparationProbe",
    "Before a run, the tool tries a hard link between data and results, and refuses"
    " when it works. What it found is fs_separation.json, judged by 3.4.2, 4.4.2, 5.4.2"
    " and 6.4.1.",
)
