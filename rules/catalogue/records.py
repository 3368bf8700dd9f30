"""Rule EV-22: what a leaf records more than once is the same every time.

The tool and DLIO write most facts of a run into several files. Other rules read one of
them; this one holds them against each other, so that no single file can be changed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from mlps.errors import NotRecordedError
from rules.catalogue.leaves import concluded, over
from rules.catalogue.recorded_facts import Fact, Record, facts
from rules.catalogue.training.parameters import same_setting
from rules.finding import Outcome
from rules.rule import WORKLOADS, StoredCase, stored_rule
from rules.stored import Leaf, Workload

_MOST = 400
_SHOWN = 60


@stored_rule(
    "EV-22",
    "recordsAgree",
    *WORKLOADS,
    ours="no official rule asks for it; a warning, since trees are renamed by hand"
    " after the runs",
)
def records_agree(case: StoredCase) -> Outcome:
    """Check that all records of one fact of a leaf say the same.

    Kind, phase, model, accelerator, division, start, processes, hosts, their memory and
    cores, files, epochs, folders and code image, as the folder's name, metadata,
    summary, probe and pointer have them; each parameter in metadata, config.yaml and
    overrides. A fact that stands in one place only is not judged.
    """
    leaves = case.workload.leaves
    many: list[int] = []

    def check(leaf: Leaf) -> Sequence[str]:
        compared = [*_facts(case.workload, leaf), *_settings(leaf)]
        many.append(len(compared))
        return [text for text in compared if text]

    faults, gaps = over(leaves, check)
    if not sum(many) and not faults:
        raise NotRecordedError(
            f"{case.workload.where}: no fact of a leaf is recorded in two places"
        )
    return concluded(
        (faults, gaps),
        leaves,
        expected="one value in all records of a fact",
        actual=f"{sum(many)} facts agree in {len(leaves)} leaves",
        where="*_metadata.json, summary.json, dlio_config, fs_separation.json, names",
        fix="put the files back as the tool wrote them, each run in its own folder",
    )


def _facts(workload: Workload, leaf: Leaf) -> Iterator[str]:
    """For each fact with two records or more, how they differ, or nothing."""
    for fact, found in facts(workload, leaf):
        if len(found) > 1:
            yield _difference(fact, found)


def _difference(fact: Fact, found: Sequence[Record]) -> str:
    for one, other in combinations(found, 2):
        if not fact.same(one.value, other.value):
            return (
                f"{fact.name}: {one.place} has {_short(one.value)},"
                f" {other.place} {_short(other.value)}"
            )
    return ""


def _settings(leaf: Leaf) -> Iterator[str]:
    """For each parameter with two records or more, how they differ, or nothing."""
    found = list(_parameters(leaf))
    for key in dict.fromkeys(key for _, values in found for key in values):
        have = [(place, values[key]) for place, values in found if key in values]
        if len(have) < 2:
            continue
        (first, value), *others = have
        different = [(p, v) for p, v in others if not same_setting(v, value)]
        yield (
            f"{key}: {first} has {_short(value)},"
            f" {different[0][0]} {_short(different[0][1])}"
            if different
            else ""
        )


def _parameters(leaf: Leaf) -> Iterator[tuple[str, dict[str, object]]]:
    """Every record of the parameters of a leaf, by dotted key."""
    for document, top, place in (
        (leaf.metadata, "parameters", "the metadata"),
        (leaf.config, "workload", "config.yaml"),
        (leaf.metadata, "override_parameters", "override_parameters"),
    ):
        if document.has(top):
            yield place, _first(_flat(document.value(top)))
    listed = leaf.overrides.content if leaf.overrides.readable else None
    texts = (
        [t for t in listed if isinstance(t, str)] if isinstance(listed, list) else []
    )
    pairs = (text.lstrip("+").partition("=") for text in texts)
    yield (
        leaf.overrides.where.rpartition("/")[2],
        _first(
            (key.removeprefix("workload."), value)
            for key, _, value in pairs
            if key.startswith("workload.")
        ),
    )


def _flat(data: object) -> Iterator[tuple[str, object]]:
    """Values by dotted key; no recursion, since files nest as deep as they like."""
    stack = [("", data)]
    while stack:
        key, value = stack.pop()
        if isinstance(value, Mapping):
            inner = [
                (f"{key}.{name}" if key else str(name), v) for name, v in value.items()
            ]
            stack += reversed(inner)
        elif key:
            yield key, value


def _first(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """Parameters that are set; a file with more than there are has its first ones."""
    found: dict[str, object] = {}
    for key, value in pairs:
        if value is not None:
            found[key] = value
        if len(found) >= _MOST:
            break
    return found


def _short(value: object) -> str:
    return " ".join(str(value).split())[:_SHOWN]
