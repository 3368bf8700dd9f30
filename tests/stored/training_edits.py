"""Ways to spoil a published training tree, and specimens made of them."""

from collections.abc import Callable
from pathlib import Path

from rules.finding import Verdict
from rules.rule import Scope
from tests.stored.files import Files
from tests.stored.specimen import StoredSpecimen
from tests.stored.trees import training_v1, training_v3

PASS, FAIL, NONE = Verdict.PASS, Verdict.FAIL, Verdict.NO_EVIDENCE
WARN, SKIP = Verdict.WARN, Verdict.NOT_APPLICABLE
Spoil = Callable[[Files], object]

SUMMARIES = "*/run/*/summary.json"
METADATA = "*/run/*_metadata.json"
SECOND = "*/run/20260724_120800/"


def of_v3(
    rule_id: str,
    verdict: Verdict,
    why: str,
    spoil: Spoil = lambda _: None,
    says: str = "",
    **more: object,
) -> StoredSpecimen:
    """Specimen of the v3.0 tree."""
    return specimen(training_v3, rule_id, verdict, why, spoil, says, **more)


def of_v1(
    rule_id: str,
    verdict: Verdict,
    why: str,
    spoil: Spoil = lambda _: None,
    says: str = "",
    **more: object,
) -> StoredSpecimen:
    """Specimen of the v1.0 tree."""
    return specimen(
        training_v1, rule_id, verdict, why, spoil, says, edition="1.0", **more
    )


def specimen(  # noqa: PLR0913, PLR0917
    make: Callable[[], Files],
    rule_id: str,
    verdict: Verdict,
    why: str,
    spoil: Spoil,
    says: str,
    **more: object,
) -> StoredSpecimen:
    def build(folder: Path) -> Path:
        files = make()
        spoil(files)
        return files.write(folder)

    return StoredSpecimen(
        rule_id=rule_id,
        verdict=verdict,
        why=why,
        build=build,
        says=says,
        scope=Scope.TRAINING,
        **more,
    )


def open_division(
    rule_id: str, verdict: Verdict, why: str, spoil: Spoil, says: str = ""
) -> StoredSpecimen:
    """Specimen of the v3.0 tree, claimed open."""
    return specimen(
        lambda: training_v3(division="open"), rule_id, verdict, why, spoil, says
    )


def without(*patterns: str) -> Spoil:
    return lambda files: files.drop(*patterns)


def changed(pattern: str, edit: Callable[[dict], object]) -> Spoil:
    return lambda files: files.change(pattern, edit)


def metric(pattern: str = f"{SECOND}summary.json", **values: object) -> Spoil:
    return changed(pattern, lambda summary: summary["metric"].update(values))


def summary(pattern: str = f"{SECOND}summary.json", **values: object) -> Spoil:
    return changed(pattern, lambda content: content.update(values))


def args(pattern: str = METADATA, **values: object) -> Spoil:
    return changed(pattern, lambda content: content["args"].update(values))


def all_of(*spoils: Spoil) -> Spoil:
    def spoil(files: Files) -> None:
        for each in spoils:
            each(files)

    return spoil


def set_to(key: str, value: object, *, named: bool = True) -> Spoil:
    """Change a parameter of every run; `named`: an override says so."""
    section, name = key.split(".")

    def edit(content: dict) -> None:
        content["parameters"].setdefault(section, {})[name] = value
        if named:
            content["override_parameters"][key] = str(value)

    return changed(METADATA, edit)


def template(value: str) -> Spoil:
    """Name another template in the overrides of one run."""

    def spoil(files: Files) -> None:
        for path in files.matching(f"{SECOND}dlio_config/overrides.yaml"):
            files[path] = [value, *files[path][1:]]

    return spoil


def later(files: Files) -> None:
    """Take the last run an hour later."""
    for path in [path for path in files if "/run/20260724_124000/" in path]:
        files[path.replace("_124000", "_134000")] = files.pop(path)


def later_v1(files: Files) -> None:
    """Say that the last run of the v1.0 tree took place an hour later."""
    path = files.first("*/run5/summary.json")
    for key in ("start", "end"):
        files[path][key] = files[path][key].replace("T13", "T15")


def lowered(content: dict) -> None:
    content["metric"]["train_au_percentage"] = [89.0] * 5


def halved(content: dict) -> None:
    """Say twice the throughput in every list and mean, consistently."""
    found = content["metric"]
    for key in list(found):
        if "throughput" in key or "io" in key:
            value = found[key]
            twice = [2 * v for v in value] if isinstance(value, list) else 2 * value
            found[key] = twice


def memory(gib: float) -> Spoil:
    return summary(SUMMARIES, host_memory_GB=[gib, 0.0])


def hosts_of(gib: int) -> Spoil:
    def edit(content: dict) -> None:
        content["system_info"]["hosts"][0]["memory"]["total"] = gib * 2**30

    return changed(METADATA, edit)


def no_snapshot(files: Files) -> None:
    files.drop(METADATA)
    files.change(SUMMARIES, lambda c: c.pop("host_memory_GB"))
    files.change(SUMMARIES, lambda c: c.pop("host_cpu_count"))


def sized(files: int | None, phase: str = "datasize") -> Spoil:
    def edit(content: dict) -> None:
        content["parameters"]["dataset"]["num_files_train"] = files

    return changed(f"*/{phase}/*_metadata.json", edit)


def sized_twice(files: Files) -> None:
    for path in files.matching("*/datasize/*"):
        files[path.replace("20260724_09", "20260724_10")] = files[path]


def single_host(accelerators: int) -> Spoil:
    return summary(SUMMARIES, num_hosts=1, num_accelerators=accelerators)


def capability(**values: bool) -> Spoil:
    return changed(
        "*/systems/*.yaml",
        lambda content: content["system_under_test"]["solution"]["capabilities"].update(
            values
        ),
    )


def pointer(files: Files) -> None:
    files.put(f"{SECOND}.mlps-code-image", "md5-tree-v2:" + "ab" * 16)


def table(**values: object) -> Spoil:
    return changed("*/run/results.json", lambda content: content[0].update(values))


def renamed(content: dict) -> None:
    """Generate the data in a folder that the runs know by another name."""
    content["args"]["data_dir"] = "/behind"
    content["parameters"]["dataset"]["data_folder"] = "/behind"
    content["override_parameters"]["dataset.data_folder"] = "/behind"
