"""Changes to a checkpointing tree, and specimens made of them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from rules.finding import Verdict
from rules.rule import Scope
from tests.stored.checkpointing_trees import checkpointing_v3
from tests.stored.files import Files, iso
from tests.stored.specimen import StoredSpecimen

PASS, FAIL, WARN = Verdict.PASS, Verdict.FAIL, Verdict.WARN
GAP, NA = Verdict.NO_EVIDENCE, Verdict.NOT_APPLICABLE
ROUND = "3.0-round"
LLAMA_70B_OF_8 = 113.90151596069336
LLAMA_8B_OF_16 = 104.70635223388672

Edit = Callable[[Files], object]


def _build(tree: Callable[[], Files], edits: tuple[Edit, ...], root: Path) -> Path:
    files = tree()
    for edit in edits:
        edit(files)
    return files.write(root)


def case(  # noqa: PLR0913 - one for each part of a specimen
    rule_id: str,
    verdict: Verdict,
    why: str,
    *edits: Edit,
    edition: str = "3.0",
    partially: bool = False,
    says: str = "",
    **tree: Any,
) -> StoredSpecimen:
    """Make a specimen of a good tree and edits of it; `tree` says which tree."""
    return StoredSpecimen(
        rule_id=rule_id,
        verdict=verdict,
        why=why,
        build=partial(_build, partial(checkpointing_v3, **tree), edits),
        scope=Scope.CHECKPOINTING,
        edition=edition,
        partial=partially,
        says=says,
    )


def metadata(change: Callable[[Any], object]) -> Edit:
    """Change the metadata of every invocation."""
    return lambda files: files.change("*_metadata.json", change)


def summary(change: Callable[[Any], object]) -> Edit:
    """Change the summary of every invocation."""
    return lambda files: files.change("*/summary.json", change)


def description(change: Callable[[Any], object]) -> Edit:
    """Change the capabilities in the system's description."""
    return lambda files: files.change(
        "*/systems/*.yaml",
        lambda d: change(d["system_under_test"]["solution"]["capabilities"]),
    )


def parameter(section: str, key: str, value: object) -> Edit:
    """Set a recorded parameter, in the metadata as in the configuration."""

    def edit(files: Files) -> None:
        for pattern, top in (
            ("*_metadata.json", "parameters"),
            ("*config.yaml", "workload"),
        ):
            files.change(pattern, lambda d, top=top: _put(d[top][section], key, value))

    return edit


def _put(found: dict[str, Any], key: str, value: object) -> None:
    """Set a dotted key; None takes it away."""
    *above, last = key.split(".")
    for name in above:
        found = found.setdefault(name, {})
    if value is None:
        found.pop(last, None)
    else:
        found[last] = value


def drop(*patterns: str) -> Edit:
    """Remove files."""
    return lambda files: files.drop(*patterns)


def put(pattern: str, content: object) -> Edit:
    """Replace files."""
    return lambda files: files.put(pattern, content)


def later(seconds: float) -> Edit:
    """Move the reading invocation in time, folder name apart."""

    def edit(files: Files) -> None:
        leaf = sorted(files.matching("*/summary.json"))[-1].rpartition("/")[0]
        files.change(f"{leaf}/summary.json", partial(_shift, ("start", "end"), seconds))
        keys = ("invocation_start_time", "invocation_end_time")
        files.change(f"{leaf}/*_metadata.json", partial(_shift, keys, seconds))

    return edit


def _shift(keys: tuple[str, ...], seconds: float, found: dict[str, Any]) -> None:
    for key in keys:
        moment = datetime.fromisoformat(found[key]) + timedelta(seconds=seconds)
        found[key] = iso(moment)


def counts(*done: tuple[int, int]) -> Edit:
    """Record other counts of writes and reads, invocation by invocation."""

    def edit(files: Files) -> None:
        leaves = sorted(p.rpartition("/")[0] for p in files.matching("*/summary.json"))
        for leaf, (writes, reads) in zip(leaves, done, strict=True):
            both = {"num_checkpoints_write": writes, "num_checkpoints_read": reads}
            flat = {f"checkpoint.{key}": value for key, value in both.items()}
            change = partial(_update, ["override_parameters"], flat)
            files.change(f"{leaf}/*_metadata.json", change)
            for pattern, *path in (
                ("*_metadata.json", "parameters", "checkpoint"),
                ("*_metadata.json", "args"),
                ("dlio_config/config.yaml", "workload", "checkpoint"),
            ):
                files.change(f"{leaf}/{pattern}", partial(_update, path, both))
            files.drop(f"{leaf}/*_per_epoch_stats.json")

    return edit


def _update(path: list[str], new: dict[str, int], found: dict[str, Any]) -> None:
    for key in path:
        found = found[key]
    found.update(new)


def third(files: Files) -> None:
    """Add a copy of the writing invocation, an hour later by name."""
    first = sorted(files.matching("*/summary.json"))[0].rpartition("/")[0]
    copy = first.rpartition("/")[0] + "/20260724_130000"
    for path in files.matching(f"{first}/*"):
        files[path.replace(first, copy)] = files[path]


def without_reading(files: Files) -> None:
    """Leave only the writing invocation."""
    last = sorted(files.matching("*/summary.json"))[-1].rpartition("/")[0]
    files.drop(f"{last}/*")


def args(key: str, value: object) -> Edit:
    """Set an argument of every invocation."""
    return metadata(lambda m: m["args"].update({key: value}))


def gone(section: str, key: str) -> Edit:
    """Take a parameter out of every record."""
    return parameter(section, key, None)


NO_RECORD = drop("*_metadata.json", "*/dlio_config/config.yaml")
NO_RANKS = (drop("*_metadata.json"), summary(lambda s: s.pop("num_accelerators")))
NOT_SHARED = description(
    lambda c: c.update(
        simultaneous_write=False, simultaneous_read=False, remap_time_in_seconds=20
    )
)
