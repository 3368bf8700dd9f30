"""Plan files: round trip, identity, and files of strangers."""

import copy
import math

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlps.compiler.compiler import Compiler
from mlps.errors import PlanError
from mlps.plan import ColumnType, Plan, build, document, leaves, parse, plain, render

PLAIN = [
    plain(Compiler().compile(overrides).plan)
    for overrides in (
        ["+workload=unet3d", "+system=b200x8", "submission.measured_runs=1"],
        ["+workload=dlrm", "+system=mi355x8", "submission=whatif"],
    )
]
# Keys whose values are a closed set, or name a file.
CLOSED = {
    "schema": ("plan/2",),
    "name": ("a", "b-1"),
    "workload.kind": ("training",),
    "workload.dataset.format": ("npz", "jpeg", "tfrecord", "parquet"),
    "workload.reader.file_shuffle": ("off", "seed"),
    "workload.reader.sample_shuffle": ("off", "seed"),
    "submission.division": ("closed", "open", "whatif", "demo"),
}
SHARES = ("workload.metric.au", "submission.verify_fraction")
NUMBER = st.floats(min_value=1, max_value=1e15, allow_nan=False)
NAME = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9]", fullmatch=True)
"""Lists of text are of editions, which take any, and of hosts, which do not."""


def value_like(key, value):
    """Any other value that the type of a leaf allows."""
    if key in CLOSED:
        return st.sampled_from(CLOSED[key])
    if key.endswith((".kind", ".columns")):
        return st.just(value)
    if key.endswith(".read_columns"):
        return st.lists(st.integers(0, 2**31), max_size=4)
    if key.endswith(".dtype"):
        return st.sampled_from(list(ColumnType)).map(str)
    if key in SHARES:
        return st.floats(min_value=0.001, max_value=1)
    by_type = {
        bool: st.booleans(),
        int: st.integers(min_value=4096, max_value=2**53 - 1),
        float: NUMBER,
        list: st.lists(NAME, max_size=4, unique=True),
        str: st.text(max_size=60),
    }
    return by_type[type(value)]


def put(data, key, value):
    *around, last = [
        int(part) if part.isdigit() else part
        for part in key.replace("[", ".").replace("]", "").split(".")
    ]
    for part in around:
        data = data[part]
    data[last] = value


@st.composite
def changed(draw):
    """A plan, and the same with one leaf drawn anew."""
    original = draw(st.sampled_from(PLAIN))
    key, old = draw(st.sampled_from(list(leaves(original))))
    value = draw(value_like(key, old))
    other = copy.deepcopy(original)
    put(other, key, value)
    return original, other, old == value


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(changed())
def test_a_plan_round_trips_and_every_leaf_counts(drawn):
    original, other, same = drawn
    old = document(build(Plan, original), {"values": {}})
    new = document(build(Plan, other), {"values": {}})
    assert parse(render(new)) == new
    assert render(parse(render(new))) == render(new)
    assert (old.digest == new.digest) == same


# For each member of a closed set, another one.
OTHER = {"npz": "jpeg", "parquet": "npz", "seed": "off", "off": "seed"}
OTHER |= {"closed": "open", "whatif": "demo", "warmup": "measured"}
OTHER |= {"measured": "warmup", "flush": "epoch", "epoch": "flush"}


def another(key, value):
    """Another value for a leaf, of the same type."""
    if isinstance(value, bool):
        return not value
    if key in SHARES or key.endswith(".dtype"):
        return value / 2 if key in SHARES else "int64"
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, list):
        return [*value, 1 if key.endswith("columns") else "x"]
    if value in ("calibration", "datagen") and key.endswith(".kind"):
        return "flush" if "phases" in key else "warmup"
    closed = key in CLOSED or key.endswith(".kind")
    return OTHER.get(value, f"{value}x") if closed else f"{value}x"


@pytest.mark.parametrize("original", PLAIN, ids=["unet3d", "dlrm"])
def test_each_leaf_alone_changes_the_digest(original):
    before = document(build(Plan, original), {}).digest
    for key, value in leaves(original):
        if key not in ("workload.kind", "workload.dataset.columns"):
            other = copy.deepcopy(original)
            put(other, key, another(key, value))
            assert document(build(Plan, other), {}).digest != before, key


def tampered(key, value):
    doc = document(build(Plan, PLAIN[0]), {})
    data = yaml.safe_load(render(doc))
    put(data, key, value)
    return yaml.safe_dump(data).encode()


BOMB = b"a: &a [1,1,1,1,1,1,1,1]\n" + b"".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 8)}]\n".encode()
    for n in range(8)
)
HOSTILE = {
    "empty": (b"", "no plan"),
    "scalar": (b"42", "no plan"),
    "other-keys": (b"digest: x\nplan: {}\n", "no plan"),
    "alias-bomb": (BOMB, "aliases are not allowed"),
    "deep-flow": (b"[" * 100_000, "nested deeper"),
    "deep-block": (b"\n".join(b" " * n + b"a:" for n in range(2000)), "nested deeper"),
    "huge": (b"#" * (4 * 2**20 + 1), "a plan has at most"),
    "tag": (b"!!python/object/apply:os.system ['true']", "not readable as YAML"),
    "tag-inside": (
        b"digest: !!python/name:os.system\nplan: {}\nprovenance: {}",
        "not r",
    ),
    "no-utf8": (b"digest: \xff\xfe", "not readable as YAML"),
    "control": (b"digest: \x00", "not readable as YAML"),
    "unhashable": (b"? [a]\n: b\n", "not readable as YAML"),
    "unclosed": (b"digest: [", "not readable as YAML"),
    "digits": (b"digest: " + b"9" * 10_000 + b"\nplan: {}\nprovenance: {}", ""),
    "nan": (tampered("plan.workload.metric.au", math.nan), "not a finite number"),
    "infinite": (tampered("plan.derived.estimated_s", math.inf), "not a finite number"),
    "large": (tampered("plan.submission.seed", 2**53), "must stay below 2^53"),
    "negative": (tampered("plan.submission.seed", -1), "at least 0"),
    "bool": (tampered("plan.submission.seed", True), "where a whole number is needed"),
    "date": (
        tampered("plan.system.data_path", "x").replace(b": x", b": 2024-01-01"),
        "",
    ),
    "null": (tampered("plan.system", None), "where a mapping is needed"),
    "list": (tampered("plan.campaign.runs", {}), "where a list is needed"),
    "unknown": (tampered("plan.system.hots", 1), "did you mean 'hosts'?"),
    "escape": (tampered("plan.name", "../../etc"), "is no file name"),
    "edited": (tampered("plan.system.hosts", 2), "changed after it was compiled"),
    "digest": (tampered("digest", "sha256:0"), "changed after it was compiled"),
    "digest-type": (tampered("digest", [1]), "changed after it was compiled"),
    "schema": (tampered("plan.schema", "plan/1"), "this mlps reads plan/2"),
    "provenance": (tampered("provenance", 3), "a mapping is needed"),
}


@pytest.mark.parametrize(("data", "expected"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_in_one_line(data, expected):
    with pytest.raises(PlanError) as refused:
        parse(data, "plan.yaml")
    text = str(refused.value)
    assert text.startswith("plan")
    assert expected in text
    assert "\n" not in text
    assert len(text) < 700
