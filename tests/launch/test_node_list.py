"""Host lists: every form a scheduler writes gives the names it means."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlps.launch.node_list import expand, expand_counts, lines_of, twice


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("n1", "n1"),
        ("n[001-003,7],gpu-a", "n001 n002 n003 n7 gpu-a"),
        ("n[8-11]", "n8 n9 n10 n11"),
        ("n[08-11]", "n08 n09 n10 n11"),
        ("n[098-101]", "n098 n099 n100 n101"),
        ("r[0-1]n[2,4]", "r0n2 r0n4 r1n2 r1n4"),
        ("x[1-2]-ib.site.org, y", "x1-ib.site.org x2-ib.site.org y"),
        ("10.0.0.[1-2]", "10.0.0.1 10.0.0.2"),
    ],
)
def test_a_list_means_its_names(text, names):
    assert expand(text) == tuple(names.split())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("a,,b", "empty"),
        ("a,", "empty"),
        ("-x", "not a host name"),
        ("a b", "not a host name"),
        ("a:8", "not a host name"),
        ("a[1-2", "not a host name"),
        ("a]1", "not a host name"),
        ("a[[1]]", "not a"),
        ("a[3-1]", "backwards"),
        ("a[]", "not a list of numbers"),
        ("a[x]", "not a list of numbers"),
        ("a[1-]", "not a list of numbers"),
        ("a[0-999999999]", "more than"),
        ("a[1-999]b[1-999]", "more than"),
    ],
)
def test_what_is_no_list_is_named(text, said):
    with pytest.raises(ValueError, match=said):
        expand(text)


prefixes = st.from_regex(r"[a-z][a-z0-9-]{0,5}[a-z]", fullmatch=True)


@st.composite
def groups(draw):
    """Brackets as Slurm writes them, and the numbers they stand for."""
    width = draw(st.integers(1, 4))
    pieces, numbers = [], []
    for _ in range(draw(st.integers(1, 4))):
        first = draw(st.integers(0, 10**width - 1))
        last = draw(st.integers(first, first + 12))
        single = first == last
        text = f"{first:0{width}}" if single else f"{first:0{width}}-{last:0{width}}"
        pieces.append(text)
        numbers.extend(f"{number:0{width}}" for number in range(first, last + 1))
    return f"[{','.join(pieces)}]", numbers


@given(st.lists(st.tuples(prefixes, st.lists(groups(), max_size=2)), min_size=1))
def test_every_compressed_list_expands_to_what_was_compressed(items):
    texts, names = [], []
    for prefix, inside in items[:4]:
        texts.append(prefix + "-".join(text for text, _ in inside))
        numbers = product(*(found for _, found in inside))
        names.extend(prefix + "-".join(chosen) for chosen in numbers)
    assert expand(",".join(texts)) == tuple(names)


@given(st.text(alphabet="ab01[]-,.: \n", max_size=30))
def test_any_text_gives_plain_names_or_says_what_is_wrong(text):
    try:
        names = expand(text)
    except ValueError:
        return
    assert names
    for name in names:
        assert not set(name) & set("[],: \n")
        assert not name.startswith("-")


@given(st.lists(st.tuples(st.integers(1, 256), st.integers(1, 9)), min_size=1))
def test_counts_stand_for_each_node(groups):
    text = ",".join(f"{n}(x{times})" if times > 1 else f"{n}" for n, times in groups)
    meant = [count for count, times in groups for _ in range(times)]
    assert list(expand_counts(text)) == meant


@pytest.mark.parametrize("text", ["", "x", "2(x)", "2(x3", "2(x200000)", "-1"])
def test_what_is_no_count_is_refused(text):
    with pytest.raises(ValueError, match=r"not a count|more than"):
        expand_counts(text)


def test_a_file_has_one_name_a_line():
    assert lines_of(b"# the rack\nn1\n\n n2 # slow\r\nn1\n") == ("n1", "n2", "n1")


@pytest.mark.parametrize("line", [b"n1 slots=8", b"n1:8", b"n1,n2", b"-n1", b"\xff"])
def test_a_line_with_more_than_a_name_is_refused_with_its_number(line):
    with pytest.raises(ValueError, match="line 2"):
        lines_of(b"n0\n" + line)


def test_names_that_occur_twice_are_found():
    assert twice(("a", "b", "a", "c", "b")) == ("a", "b")
    assert twice(("a", "b")) == ()
