"""Values of published trees that no rule has to notice, and why.

Patterns are of the names of mutants, `file: key.key`. One that names nothing, and a
mutant it names that a rule trips on all the same, fail the build.
"""

from collections.abc import Mapping

Reasons = Mapping[str, str]

_DESCRIBES = "describes hardware or software that no rule weighs; the schema takes it"
_ELSEWHERE = "a name or path of the submitter's machines, which nobody can check"
_WHEN = "when something was written down; no rule measures from it"
_VERSION = "a version that the rules don't list"
_NAMED = "submitters rename systems and themselves between run and publication"
_HYDRA = "a copy of overrides.yaml, read only where that is gone"
_UNSTAMPED = "without a hash of its workload the stamp claims no class"
_ONLY_RECORD = "the only record of it; any number may be true"
_TEXT = "how the value came about, in words"

SYSTEM: Reasons = {
    "*/systems/*: *.friendly_description": _DESCRIBES,
    "*/systems/*: *.usable_capacity_tib": _DESCRIBES,
    "*/systems/*: *.chassis.model_name": _DESCRIBES,
    "*/systems/*: *.chassis.cpu_*": _DESCRIBES,
    "*/systems/*: *.product_nodes.0.chassis.memory_capacity": _DESCRIBES,
    "*/systems/*: *.clients.0.chassis.rack_units": "rack units add up without clients",
    "*/systems/*: *.power.min_psus_active": "still no more than there are",
    "*/systems/*: *.psus_configured.0.inlet_voltage": _DESCRIBES,
    "*/systems/*: *.psus_configured.0.nameplate_power_watts": _DESCRIBES,
    "*/systems/*: *.psus_configured.0.unit_count": "more supplies than are needed",
    "*/systems/*: *.networking.0.speed": _DESCRIBES,
    "*/systems/*: *.networking.0.unit_count": _DESCRIBES,
    "*/systems/*: *.drives.0.vendor_name": _DESCRIBES,
    "*/systems/*: *.drives.0.model_name": _DESCRIBES,
    "*/systems/*: *.drives.0.capacity_in_GB": _DESCRIBES,
    "*/systems/*: *.drives.0.unit_count": _DESCRIBES,
    "*/systems/*: *.performance.seq_*": _DESCRIBES,
    "*/systems/*: *.performance.random_*": _DESCRIBES,
    "*/systems/*: *.performance.interface_speed": _DESCRIBES,
    "*/systems/*: *.operating_system.*": _DESCRIBES,
}
STAMPS: Reasons = {
    "code-images/*: captured_at": _WHEN,
    "code-images/*: mlpstorage_version": _VERSION,
    "code-images/*: git_sha": "the hash of the contents decides (CHECK-02)",
    "*/provenance.json: layout_version": _VERSION,
    "*/provenance.json: tool.name": _VERSION,
    "*/provenance.json: tool.version": _VERSION,
    "*/provenance.json: tool.git_sha": "the code image decides (PROV-01)",
    "*/provenance.json: dlio.version": "the commit decides (EDN-03)",
    "*/provenance.json: dlio.source": "the commit decides (EDN-03)",
    "*/provenance.json: storage_library.name": _VERSION,
    "*/provenance.json: core_config.allowlist": _UNSTAMPED,
    "*/provenance.json: stamped_*": _WHEN,
}
PROBE: Reasons = {
    "*/fs_separation.json: version": _VERSION,
    "*/fs_separation.json: method": _TEXT,
    "*/fs_separation.json: *_realpath": "what links resolve to, on their machines",
    "*/fs_separation.json: probed_*": _WHEN,
}
RUN: Reasons = {
    "*_metadata.json: result_dir": "still a folder in results_dir",
    "*_metadata.json: args.systemname": _NAMED,
    "*_metadata.json: args.orgname": _NAMED,
    "*_metadata.json: args.data_access_protocol": "only `object` means something",
}
DLIO: Reasons = {
    "*_metadata.json: args.hosts.0": _ELSEWHERE,
    "*_metadata.json: args.client_host_memory_in_gb": "asked for sizing; judged is what"
    " was measured",
    "*_metadata.json: args.loops": "how often the tool was to run; folders are counted",
    "*_metadata.json: runtime": "no rule reads it where the invocation's times are",
    "*/dlio_config/hydra.yaml: hydra.*": _HYDRA,
    "*: cluster_snapshots.end.collection_*": _WHEN,
    "*: cluster_snapshots.end.hosts.0.memory.available": "changes while a run lasts",
    "*: cluster_snapshots.end.hosts.0.cpu.model": _DESCRIBES,
    "*/summary.json: hostname": _ELSEWHERE,
    "*/summary.json: num_files_eval": "no workload evaluates",
    "*_output.json: hostname": _ELSEWHERE,
}
TRAINING: Reasons = {
    **SYSTEM,
    **STAMPS,
    **PROBE,
    **RUN,
    **DLIO,
    "*/systems/*: *.simultaneous_write": "read of checkpoints only (4.7.4)",
    "*/systems/*: *.remap_time_in_seconds": "read of checkpoints only (4.7.3)",
    "*_metadata.json: invocation_end_time": "only checkpoints measure from it (4.7.1)",
    "*/data[sg]*_metadata.json: args.num_client_hosts": "runs may have other hosts",
    "*/data[sg]*/provenance.json: dlio.commit": "EDN-03 is about runs",
    "*/data[sg]*/provenance.json: core_config.hash": "EDN-02 is about runs",
    "*/datagen/*/fs_separation.json: same_filesystem": "3.4.2 is about timed runs",
    "*/datagen/*/overrides.yaml: 0": "2.1.11 is about runs",
    "*/datasize/*: parameters.model.type": "sizing only names a number of files",
    "*/datasize/*: parameters.model.model_size": "sizing only names a number of files",
    "*/datasize/*: parameters.framework": "sizing only names a number of files",
    "*/datasize/*: parameters.workflow.*": "sizing only names a number of files",
    "*/datasize/*: parameters.dataset.record_length_bytes_*": "not part of the size",
    "*per_epoch_stats.json: ?.duration": "DLIO takes it before the epoch ends",
}
TRAINING_V1: Reasons = {
    "*/summary.json: hostname": _ELSEWHERE,
    "*/summary.json: num_files_eval": "no workload evaluates",
    "*/summary.json: host_cpu_count.0": _ONLY_RECORD,
    "*/summary.json: host_memory_GB.0": "half as much more needs no more data (3.1.2)",
    "*per_epoch_stats.json: ?.duration": "DLIO takes it before the epoch ends",
    "*: workload.checkpoint.checkpoint_folder": "may be changed (3.6.2)",
    "*/configs/hydra.yaml: hydra.*": _HYDRA,
    "*_report.json: *model": "the templates decide (2.1.11)",
    "*_report.json: *accelerator": "the templates decide (2.1.11)",
}
CHECKPOINTING: Reasons = {
    **SYSTEM,
    **STAMPS,
    **PROBE,
    **RUN,
    **DLIO,
    "*/systems/*: *.multi_host": "one host ran; more may",
    "*/summary.json: num_files_train": "DLIO fills it in; nothing is trained",
    "*/summary.json: num_samples_per_file": "DLIO fills it in; nothing is trained",
    "*/summary.json: data_size_per_host_GB": "DLIO fills it in; nothing is trained",
    "*/summary.json: epochs": "DLIO fills it in; nothing is trained",
    "*/20260724_120237/summary.json: end": "reading may last; nothing follows it",
    "*/20260724_120237/*_metadata.json: invocation_end_time": "nothing follows it",
    "*/[1-9]_per_epoch_stats.json: 1.end": "the clock of another host has no end",
}
VECTOR_DATABASE: Reasons = {
    **SYSTEM,
    **STAMPS,
    **PROBE,
    **RUN,
    "*/systems/*: *.capabilities.*": "read of checkpoints, and of hosts of DLIO's runs",
    "*/systems/*: *.clients.0.quantity": "2.1.9 is held against DLIO's summaries",
    "*/systems/*: *.clients.0.chassis.memory_capacity": "2.1.9, as above",
    "*/provenance.json: core_config.hash": "no table has hashes of this category",
    "*/datagen/*/provenance.json: dlio.commit": "EDN-03 is about runs",
    "*/datagen/*/fs_separation.json: same_filesystem": "5.4.2 is about timed runs",
    "*_metadata.json: args.storage_type": "read of object storage only (5.5.1)",
    "*/result_verdict.json: result": "`valid` beside it decides",
    "*/result_verdict.json: num_queries_evaluated": _ONLY_RECORD,
    "*/result_verdict.json: flat_setup.had_recoverable_error": "the tool recovered",
    "*/result_verdict.json: flat_setup.reason": _TEXT,
    "*/result_verdict.json: flat_setup.reused": _TEXT,
}
SEVERAL_CLIENTS: Reasons = {
    **VECTOR_DATABASE,
    "*/summary.json: inserted_vectors": "more than declared counts (5.2.1)",
    "*_multi_node_summary.json: recall.m[ai][xn]_recall": "the mean counts (5.3.2)",
    "*_multi_node_summary.json: rank_summaries.0.successful_batches": _ONLY_RECORD,
}
SINGLE_CLIENT: Reasons = {
    **VECTOR_DATABASE,
    "*: *recall_at_k": "the mean counts (5.3.2)",
    "*: *max_recall": "the mean counts (5.3.2)",
    "*/statistics.json: *_latency_ms": _ONLY_RECORD,
}
KV_CACHE: Reasons = {
    **SYSTEM,
    **STAMPS,
    "*_metadata.json: result_dir": RUN["*_metadata.json: result_dir"],
    "*_metadata.json: args.systemname": _NAMED,
    "*_metadata.json: args.orgname": _NAMED,
    "*/systems/*: *.capabilities.*": VECTOR_DATABASE["*/systems/*: *.capabilities.*"],
    "*/systems/*: *.clients.0.quantity": "2.1.9 is held against DLIO's summaries",
    "*/systems/*: *.clients.0.chassis.memory_capacity": "2.1.9, as above",
    "*/provenance.json: core_config.hash": "no table has hashes of this category",
    "*/kvcache_results_*: requests_completed": "no aggregate is made of it",
    "*/kvcache_results_*: *_latencies.0": "single latencies; the rank's P95 counts",
    "*/kvcache_results_*: summary.total_requests": "no aggregate is made of it",
    "*/kvcache_results_*: summary.storage_io_latency_ms.*": "of older tools only",
    "*/kvcache_results_*: *.storage_entries": "any but none (6.3.4.4)",
    "*/summary.json: schema_version": _VERSION,
    "*/summary.json: options.?.option": "its key in options numbers it",
    "*_metadata.json: parameters.num_users": "a default that CLOSED does not use",
    "*_metadata.json: parameters.duration": "a default that CLOSED does not use",
    "*_metadata.json: args.*_mem_gb": "a default that CLOSED does not use",
    "*_metadata.json: args.num_users": "a default that CLOSED does not use",
    "*_metadata.json: args.duration": "a default that CLOSED does not use",
    "*_metadata.json: args.generation_mode": "a default that CLOSED does not use",
    "*_metadata.json: args.enable_*": "a default that CLOSED does not use",
    "*_metadata.json: args.hosts.0": _ELSEWHERE,
    "*_metadata.json: command_output_files.0.*": "a probe; no trial",
}
# What the round did not look at yet.
LATER: Reasons = {
    "*/provenance.json: [!t]*": "PROV-01 and EDN-01 to EDN-04 came after the round",
    "*/run/results.json: 0.Public ID": "RPT-01 came after the round",
    "*/run/results.json: 0.[cosb]*": "RPT-01 came after the round",
}
# Files that may be gone.
_OPTIONAL = "optional in every edition (2.29)"
_UNDECLARED = "its metadata don't declare a stamp (PROV-01)"
_OTHER_RANKS = "the files of other ranks are there (2.1.19, 2.1.25)"
_TREE_V1 = "edition 1.0 has no rules of the tree"
_FILES: Reasons = {
    "*/provenance.json removed": _UNDECLARED,
    "*/submission.yaml removed": "a submitter may have no manifest (PROV-02)",
}
_LOGS: Reasons = {
    "*/mlpstorage.log removed": _OPTIONAL,
    "*/mlpstorage.errors.log removed": _OPTIONAL,
    "*_timeseries.json removed": "in no list of required files",
    "*_output.json removed": _OTHER_RANKS,
    "*_per_epoch_stats.json removed": _OTHER_RANKS,
    "*/acme/results/results.json removed": "a submitter may have none (RPT-01)",
}
TRAINING_FILES: Reasons = {
    **_FILES,
    **_LOGS,
    "*/datagen/*/fs_separation.json removed": "3.4.2 is about timed runs",
}
TRAINING_V1_FILES: Reasons = {
    "*/systems/* removed": _TREE_V1,
    "*/code/* removed": _TREE_V1,
    "*/per_epoch_stats.json removed": "the lists of summary.json recompute without it",
    "*/overrides.yaml removed": "hydra.yaml has them, too",
    "*/hydra.yaml removed": "overrides.yaml has them, too",
}
CHECKPOINTING_FILES: Reasons = {**_FILES, **_LOGS}
SEVERAL_CLIENTS_FILES: Reasons = {
    **_FILES,
    "*/datagen/*/fs_separation.json removed": "5.4.2 is about timed runs",
    "*/datagen/*/summary.json removed": "a single client's load writes none (5.2.1)",
    "*_multi_node_summary.json removed": "the summary recomputes by itself (EV-05)",
}
SINGLE_CLIENT_FILES: Reasons = {
    **_FILES,
    "*/datagen/*/fs_separation.json removed": "5.4.2 is about timed runs",
    "*/recall_stats.json removed": "statistics.json has the recall, too",
    "*/config.json removed": "the metadata has the same",
}
KV_CACHE_FILES: Reasons = _FILES
