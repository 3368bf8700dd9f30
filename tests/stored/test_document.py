"""Documents of strangers: whatever the bytes, a content or one short reason."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlps.errors import NotRecordedError
from rules.sources import document
from rules.sources.folder import Folder
from rules.stored import MISSING, PRUNED, Document, as_number

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


def read(tmp_path, data, name="x.json"):
    (tmp_path / name).write_bytes(data)
    reader = document.yaml_document if name.endswith("yaml") else document.json_document
    return reader(Folder(tmp_path), name, f"leaf/{name}")


@given(st.binary(max_size=400))
def test_any_bytes_are_content_or_a_reason(data):
    for parse in (document.parse_json, document.parse_yaml, document.parse_text):
        try:
            parse(data)
        except ValueError as error:
            assert str(error).isprintable() or "\\" in str(error)
            assert len(str(error)) < 300


@given(JSON)
def test_json_comes_back(data):
    assert document.parse_json(json.dumps(data).encode()) == data


@given(JSON)
def test_yaml_without_aliases_comes_back(data):
    plain = yaml.safe_dump(data, allow_unicode=True).encode()
    assert document.parse_yaml(plain) == yaml.safe_load(plain)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefg", "bcdefgh", strict=True)
)
MERGES = "a: &a {k: 1}\n" + "".join(
    f"{new}: &{new} {{<<: [{','.join([f'*{old}'] * 9)}]}}\n"
    for old, new in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("x.yaml", BOMB.encode(), "once aliases are expanded"),
        ("x.yaml", MERGES.encode(), "once aliases are expanded"),
        ("x.yaml", b"&a [*a]", "an alias of what holds it"),
        ("x.yaml", b"[" * 1000, "nested deeper"),
        ("x.yaml", b"!!python/object/apply:os.system ['true']", "no YAML"),
        ("x.yaml", b"a: [", "no YAML"),
        ("x.yaml", b"\xff\xfe\x00", "no YAML"),
        ("x.yaml", b"? {a: 1}\n: 2\n", "no YAML"),
        ("x.json", b"[" * 100_000, "nested too deep"),
        ("x.json", b"9" * 100_000, "whole number of 100000 digits"),
        ("x.json", b"[" + b"1," * 2_000_000 + b"1]", "values, more than"),
        ("x.json", b"{", "no JSON"),
        ("x.json", b"", "no JSON"),
        ("x.json", b"\xff", "no JSON"),
    ],
)
def test_bombs_are_refused_in_one_line(tmp_path, name, data, says):
    found = read(tmp_path, data, name)
    assert says in found.fault
    assert "\n" not in found.fault
    assert len(found.fault) < 250
    assert not found.missing


def test_a_sparse_giant_is_not_read(tmp_path):
    with (tmp_path / "x.json").open("wb") as file:
        file.truncate(10 * 2**30)
    found = document.json_document(Folder(tmp_path), "x.json", "x.json")
    assert "larger than" in found.fault


def test_a_pruned_placeholder_says_so(tmp_path):
    assert read(tmp_path, b"PRUNED BY STAFF\n").fault == PRUNED


def test_a_missing_file_is_missing(tmp_path):
    found = document.json_document(Folder(tmp_path), "x.json", "leaf/x.json")
    assert found.fault == MISSING
    with pytest.raises(NotRecordedError, match=r"leaf/x\.json is missing"):
        found.number("a")


SAMPLE = Document(
    where="s.json",
    content={
        "n": 3,
        "text": "148000",
        "flag": "True",
        "list": [1, "2", 3.5],
        "nan": float("nan"),
        "deep": {"a.b": 1},
        "none": None,
        "bool": True,
    },
)


def test_values_recorded_as_text_count():
    assert SAMPLE.whole("text") == 148000
    assert SAMPLE.flag("flag") is True
    assert SAMPLE.numbers("list") == (1.0, 2.0, 3.5)
    assert SAMPLE.number("deep", "a.b") == 1


@pytest.mark.parametrize(
    ("read_it", "says"),
    [
        (lambda d: d.number("nan"), "n is nan"),
        (lambda d: d.number("bool"), "not a number"),
        (lambda d: d.whole("list"), "not a number"),
        (lambda d: d.text("n"), "not text"),
        (lambda d: d.flag("n"), "not true or false"),
        (lambda d: d.items("n"), "not a list"),
        (lambda d: d.mapping("n"), "not a mapping"),
        (lambda d: d.value("none"), "no none"),
        (lambda d: d.value("n", "deeper"), r"no n\.deeper"),
        (lambda d: d.numbers("deep"), "not a list"),
    ],
)
def test_what_does_not_fit_is_not_recorded(read_it, says):
    with pytest.raises(NotRecordedError, match=says):
        read_it(SAMPLE)


@given(st.floats() | st.text() | st.integers() | st.none() | st.booleans())
def test_numbers_are_finite_or_none(value):
    number = as_number(value)
    assert number is None or number - number == 0
