"""Published KV caches whose verdict is known, rule by rule."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rules.finding import Verdict
from rules.rule import Scope
from tests.stored.kv_cache_trees import RANKS, TRIALS, alone, kv_cache
from tests.stored.specimen import StoredSpecimen
from tests.stored.trees import Files

SUMMARY = "*/kv_cache/*/summary.json"
META = "*/kv_cache/*_metadata.json"
RESULTS = "*/rank_*/kvcache_results_*.json"
Edit = Callable[[Files], object]


def _tree(edit: Edit, make: Callable[..., Files], division: str):
    def build(folder: Path) -> Path:
        files = make(division=division)
        edit(files)
        return files.write(folder)

    return build


def _of(  # noqa: PLR0913 - a specimen has this many sides
    rule_id: str,
    verdict: Verdict,
    why: str,
    edit: Edit = lambda _: None,
    *,
    make: Callable[..., Files] = kv_cache,
    division: str = "closed",
    edition: str = "3.0",
    partial: bool = False,
    says: str = "",
) -> StoredSpecimen:
    return StoredSpecimen(
        rule_id=rule_id,
        verdict=verdict,
        why=why,
        build=_tree(edit, make, division),
        scope=Scope.KV_CACHE,
        edition=edition,
        partial=partial,
        says=says,
    )


def _option(number: int, key: str, value: object) -> Edit:
    """Set a key of one option in the summary; None takes it out."""

    def edit(summary: Any) -> None:
        option = summary["options"][str(number)]
        option.pop(key)
        if value is not None:
            option[key] = value

    return lambda files: files.change(SUMMARY, edit)


def _gone(files: Files) -> None:
    """Take option 3 out of the summary."""
    files.change(SUMMARY, lambda summary: summary["options"].pop("3"))


def _summary(key: str, value: object) -> Edit:
    return lambda files: files.change(SUMMARY, lambda s: s.update({key: value}))


def _args(**changed: object) -> Edit:
    return lambda files: files.change(META, lambda m: m["args"].update(changed))


def _metadata(**changed: object) -> Edit:
    return lambda files: files.change(META, lambda m: m.update(changed))


def _said(old: str, new: str, *, first: int = 0, last: int = 99) -> Edit:
    """Replace text in the recorded commands, counted with the probe as number 0."""

    def edit(metadata: Any) -> None:
        items = metadata["command_output_files"][first : last + 1]
        before = [item["command"] for item in items]
        for item in items:
            item["command"] = item["command"].replace(old, new)
        assert before != [item["command"] for item in items], old

    return lambda files: files.change(META, edit)


def _swapped(files: Files) -> None:
    """Option 2 before option 1."""

    def edit(metadata: Any) -> None:
        done = metadata["command_output_files"]
        done[1], done[4] = done[4], done[1]

    files.change(META, edit)


def _result(pattern: str, *path: str, to: object) -> Edit:
    def edit(content: Any) -> None:
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = to

    return lambda files: files.change(pattern, edit)


def _drop(*patterns: str) -> Edit:
    return lambda files: files.drop(*patterns)


def _all(*edits: Edit) -> Edit:
    return lambda files: [edit(files) for edit in edits]


def _second_result(files: Files) -> None:
    path = files.first(RESULTS)
    files[path.replace(".json", "_2.json")] = files[path]


def _stray_result(files: Files) -> None:
    path = files.first(RESULTS)
    files[path.replace("/rank_0/", "/")] = files[path]


def _older(*, division: str) -> Files:
    return kv_cache(division=division, older=True)


def _bucket(files: Files) -> None:
    def edit(description: Any) -> None:
        solution = description["system_under_test"]["solution"]
        solution["architecture"]["product_API"] = "object"

    files.change("*/systems/*.yaml", edit)


def _gateway(files: Files) -> None:
    def edit(description: Any) -> None:
        solution = description["system_under_test"]["solution"]
        solution["friendly_description"] = "A bucket, mounted by rclone 1.69"

    files.change("*/systems/*.yaml", edit)


P, F, W, N, X = (
    Verdict.PASS,
    Verdict.FAIL,
    Verdict.WARN,
    Verdict.NO_EVIDENCE,
    Verdict.NOT_APPLICABLE,
)
NO_META = _drop(META)
NO_SUMMARY = _drop(SUMMARY)
OPEN = {"division": "open"}
ROUND = {"edition": "3.0-round"}
READ, TOKENS = (
    "aggregated_read_bandwidth_gbps",
    "aggregated_storage_throughput_tokens_per_sec",
)
DEVICE = "aggregated_device_read_p95_ms"
ALL_RANKS = ["option_1/trial_0/rank_0/x.json"] * (RANKS * TRIALS)
LOST = ["/results/option_1/trial_0/rank_3"]
PRELOAD = "-x LD_PRELOAD=/usr/lib/libtcmalloc.so:/home/me/quick.so --npernode"

SPECIMENS: tuple[StoredSpecimen, ...] = (
    _of("6.3.1.1", P, "as in the table"),
    _of("6.3.1.1", P, "other defaults in args", _args(num_users=5, gpu_mem_gb=80)),
    _of("6.3.1.1", X, "open", **OPEN),
    _of("6.3.1.1", F, "users", _said("--num-users 70", "--num-users 71"), says="71"),
    _of("6.3.1.1", F, "duration", _said("--duration 300", "--duration=60"), says="60"),
    _of("6.3.1.1", F, "memory", _said("--cpu-mem-gb 4", "--cpu-mem-gb 64")),
    _of("6.3.1.1", F, "one trial", _said("--model llama3.1-8b", "--model a", last=1)),
    _of("6.3.1.1", F, "unset", _said(" --generation-mode none", "")),
    _of("6.3.1.1", F, "two options", _gone, says="option 3"),
    _of("6.3.1.1", N, "no metadata", NO_META),
    _of("6.3.1.1", N, "unbalanced quotes", _said("--seed-base 42", "--seed-base '42")),
    _of("6.3.2.1", P, "locked"),
    _of("6.3.2.1", P, "20 s in the round", _args(inter_option_delay=20), **ROUND),
    _of("6.3.2.1", F, "20 s", _args(inter_option_delay=20), says="20"),
    _of("6.3.2.1", F, "no pause", _args(inter_option_delay=0), **ROUND),
    _of("6.3.2.1", F, "seed", _args(seed=7), says="seed 7"),
    _of("6.3.2.1", F, "seed of a command", _said("--seed-base 42", "--seed-base 1")),
    _of("6.3.2.1", F, "seed of a rank", _result("*/rank_3/*.json", "seed", to=42)),
    _of("6.3.2.1", F, "trials", _args(trials=1), says="trials 1"),
    _of("6.3.2.1", F, "trials of the summary", _option(2, "trial_count", 2)),
    _of("6.3.2.1", F, "order", _swapped, says="order"),
    _of("6.3.2.1", F, "own config", _args(config="mine.yaml"), says="config"),
    _of("6.3.2.1", F, "other config", _said("/config.yaml", "/mine.yaml")),
    _of("6.3.2.1", F, "in an excerpt", _args(seed=7), partial=True),
    _of("6.3.2.1", X, "open", **OPEN),
    _of(
        "6.3.2.1",
        N,
        "no seed",
        lambda f: f.change(META, lambda m: m["args"].pop("seed")),
    ),
    _of("6.3.2.2", P, "only in unused defaults"),
    _of("6.3.2.2", X, "open", **OPEN),
    _of(
        "6.3.2.2", F, "flag", _said("--generation", "--enable-autoscaling --generation")
    ),
    _of(
        "6.3.2.2",
        F,
        "seen by a rank",
        _result(
            "*/rank_3/*.json", "summary", "autoscaling_stats", to=[{"users": 5}, {}]
        ),
        says="autoscaling_stats",
    ),
    _of("6.3.2.2", N, "no commands", _metadata(command_output_files=[])),
    _of("6.3.3.1", P, "4 ranks"),
    _of("6.3.3.1", P, "1 rank", make=alone),
    _of("6.3.3.1", W, "not a product", _summary("total_ranks", 5), says="5"),
    _of(
        "6.3.3.1", W, "an option's ranks", _option(3, "rank_count", 3), says="option 3"
    ),
    _of("6.3.3.1", W, "hosts", _args(hosts=["client1"]), says="1 hosts"),
    _of("6.3.3.1", W, "processes", _args(num_processes=8), says="8"),
    _of(
        "6.3.3.1", W, "started", _said("mpirun -n 4", "mpirun -np 6", first=1), says="6"
    ),
    _of("6.3.3.1", N, "no summary", NO_SUMMARY),
    _of("6.3.3.2", P, "the same load"),
    _of("6.3.3.2", W, "fewer users", _said("users 200", "users 50", first=2, last=2)),
    _of("6.3.3.2", W, "fewer clients", _said("-n 4", "-n 2", first=5, last=5), **ROUND),
    _of("6.3.3.2", W, "open", _said("users 200", "users 5", first=2, last=2), **OPEN),
    _of("6.3.3.2", N, "no metadata", NO_META),
    _of("6.3.3.3", P, "own folders"),
    _of("6.3.3.3", P, "excerpt without results", _drop(RESULTS), partial=True),
    _of("6.3.3.3", X, "alone", make=alone),
    _of("6.3.3.3", W, "one output", _said("trial_1", "trial_0"), says="wrote where"),
    _of("6.3.3.3", W, "no cache base", _said("--rank-cache-base", "--cache-dir")),
    _of("6.3.3.3", W, "two results", _second_result, says="2 results"),
    _of("6.3.3.3", W, "outside a rank", _stray_result, says="no folder of a rank"),
    _of(
        "6.3.3.3", W, "one is gone", lambda f: f.drop(f.first(RESULTS)), says="11 of 12"
    ),
    _of("6.3.3.3", N, "no metadata", NO_META),
    _of("6.3.3.4", P, "marks of both hosts"),
    _of("6.3.3.4", X, "one host", make=alone),
    _of("6.3.3.4", W, "missing", _option(1, "missing_files", LOST), says="option 1"),
    _of("6.3.3.4", W, "one mark", _drop("*/.fs_probe/*client2.ok"), says="1 of 2"),
    _of("6.3.3.4", N, "no summary", NO_SUMMARY),
    _of("6.3.4.1", P, "sums"),
    _of("6.3.4.1", P, "without the ranks", _drop(RESULTS), partial=True),
    _of("6.3.4.1", W, "nothing read", _option(1, READ, 0.0), says="0"),
    _of("6.3.4.1", W, "unsaid", _option(1, READ, None), says=READ),
    _of("6.3.4.1", W, "other sum", _option(1, READ, 99.0), says="recomputed"),
    _of(
        "6.3.4.1",
        W,
        "other ranks",
        _result(
            "*/option_1/trial_0/rank_0/*.json",
            "summary",
            "cache_stats",
            "tier_storage_read_bandwidth_gbps",
            to=99.0,
        ),
        says="recomputed",
    ),
    _of("6.3.4.1", W, "partial", _option(2, "missing_files", LOST), says="missing"),
    _of("6.3.4.1", W, "failed", _summary("trial_failures", {"1.0": 3}), says="failed"),
    _of("6.3.4.1", W, "flagged", _summary("partial_failure", True), says="partial"),
    _of("6.3.4.1", N, "no summary", NO_SUMMARY),
    _of("6.3.4.2", P, "sums"),
    _of("6.3.4.2", W, "unsaid", _option(2, TOKENS, None), says=TOKENS),
    _of("6.3.4.2", W, "other sum", _option(2, TOKENS, 99.0), says="recomputed"),
    _of("6.3.4.2", N, "damaged", lambda f: f.put(SUMMARY, "[]")),
    _of("6.3.4.3", P, "device"),
    _of("6.3.4.3", P, "older in the round", make=_older, **ROUND),
    _of("6.3.4.3", W, "older", make=_older, says="aggregated_p95_latency_ms"),
    _of("6.3.4.3", W, "unsaid", _option(1, DEVICE, None), says=DEVICE),
    _of("6.3.4.3", W, "not the worst", _option(1, DEVICE, 1.0), says="recomputed"),
    _of("6.3.4.3", W, "none in the round", _option(1, DEVICE, None), **ROUND),
    _of("6.3.4.3", N, "no summary", NO_SUMMARY),
    _of("6.3.4.4", P, "read"),
    _of("6.3.4.4", W, "none read", _option(1, "cpu_tier_ranks", ALL_RANKS), says="all"),
    _of("6.3.4.4", W, "one in memory", _option(1, "cpu_tier_ranks", ALL_RANKS[:1])),
    _of("6.3.4.4", P, "one of option 2", _option(2, "cpu_tier_ranks", ALL_RANKS[:1])),
    _of("6.3.4.4", W, "all of open", _option(2, "cpu_tier_ranks", ALL_RANKS), **OPEN),
    _of(
        "6.3.4.4",
        W,
        "hidden",
        _result(
            "*/option_2/trial_0/rank_0/*.json",
            "summary",
            "cache_stats",
            "storage_entries",
            to=0,
        ),
        says="1 ranks",
    ),
    _of("6.3.4.4", N, "unsaid", _option(3, "cpu_tier_ranks", None)),
    _of("6.3.4.5", P, "complete"),
    _of("6.3.4.5", P, "older in the round", make=_older, **ROUND),
    _of("6.3.4.5", W, "older", make=_older),
    _of("6.3.4.5", W, "no tokens", _option(3, TOKENS, None), says="option 3"),
    _of("6.3.4.5", N, "no clients", _summary("total_ranks", None), says="total_ranks"),
    _of("6.4.1", P, "different"),
    _of("6.4.1", W, "same", _args(cache_dir="/results/"), says="both"),
    _of("6.4.1", W, "unset", _args(cache_dir=None), says="cache_dir"),
    _of("6.4.1", W, "no results", _args(results_dir=""), says="results_dir"),
    _of(
        "6.4.1",
        W,
        "probed",
        lambda f: f.update(
            {
                f.first(SUMMARY).replace("summary", "fs_separation"): {
                    "same_filesystem": True
                }
            }
        ),
        says="same filesystem",
    ),
    _of("6.4.1", N, "no metadata", NO_META),
    _of("6.4.2", P, "nothing preloaded"),
    _of(
        "6.4.2",
        P,
        "an allocator",
        _said("--npernode", "-x LD_PRELOAD=/l/libjemalloc.so"),
    ),
    _of("6.4.2", W, "a library", _said("--npernode", PRELOAD), says="quick.so"),
    _of("6.4.2", W, "in open", _said("--npernode", PRELOAD), **OPEN),
    _of("6.4.2", N, "no metadata", NO_META),
    _of("6.5.1", P, "a path"),
    _of("6.5.1", W, "a bucket", _args(cache_dir="s3://bucket/kv"), says="s3://"),
    _of("6.5.1", W, "executed", _said("/mnt/storage/kv", "s3://b/kv"), says="s3://"),
    _of("6.5.1", N, "no metadata", NO_META),
    _of("6.5.2", P, "untraced"),
    _of("6.5.2", P, "gateway named", _all(_bucket, _gateway)),
    _of("6.5.2", W, "traced", _said("--gen", "--enable-latency-tracing --gen")),
    _of("6.5.2", W, "no gateway", _bucket, says="gateway"),
    _of("6.5.2", N, "no metadata", NO_META),
    _of("6.6.1", P, "unchanged"),
    _of("6.6.1", X, "open", **OPEN),
    _of("6.6.1", W, "flag", _said("--gen", "--enable-rag --gen"), says="enable-rag"),
    _of("6.6.1", W, "override", _metadata(override_parameters={"a": 1}), says="a"),
    _of("6.6.1", W, "params", _args(params="x=1"), says="params"),
    _of("6.6.1", W, "invalid", _args(allow_invalid_params=True), says="invalid"),
    _of("6.6.1", N, "no metadata", NO_META),
    _of("6.6.2", P, "unchanged", **OPEN),
    _of("6.6.2", P, "known", _said("--gen", "--enable-rag --gen"), **OPEN),
    _of("6.6.2", X, "closed"),
    _of(
        "6.6.2", W, "unknown", _said("--gen", "--skip-io --gen"), says="skip-io", **OPEN
    ),
    _of("6.6.2", W, "allocations", _said("allocs 4", "allocs 64"), says="64", **OPEN),
    _of("6.6.2", W, "nothing read", _option(3, READ, 0), says="option 3", **OPEN),
    _of("6.6.2", N, "no metadata", NO_META, **OPEN),
    _of("6.6.3", P, "recorded", **OPEN),
    _of("6.6.3", X, "closed"),
    _of(
        "6.6.3",
        W,
        "one is gone",
        lambda f: f.change(META, lambda m: m["command_output_files"].pop()),
        says="2 commands for 3",
        **OPEN,
    ),
    _of("6.6.3", N, "no metadata", NO_META, **OPEN),
)
