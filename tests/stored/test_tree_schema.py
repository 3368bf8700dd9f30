"""The schema of system descriptions: each field, and the rules across fields."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.schema_system import judge_system
from tests.stored.parts import system

GOOD = system()["closed/acme/systems/rig.yaml"]["system_under_test"]
NODE, CLIENT = ("product_nodes", 0), ("clients", 0)


def spoilt(path, value):
    """Description with one value changed, or taken out by `...`."""
    found = copy.deepcopy(GOOD)
    inside = found
    for part in path[:-1]:
        inside = inside[part]
    if value is ...:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    return judge_system({"system_under_test": found})


def texts(found):
    return [str(problem).removeprefix("system_under_test.") for problem in found]


def test_a_good_description_has_no_problem():
    found = judge_system({"system_under_test": GOOD})
    assert found.problems + found.capabilities + found.custom == ()


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("deployment",), "lab", "deployment is 'lab', none of onprem, cloud"),
        (("clients",), ..., "clients is missing"),
        (("solution", "submission_name"), "", "solution.submission_name is empty"),
        (("solution", "usable_capacity_tib"), ..., "usable_capacity_tib is missing"),
        (("solution", "usable_capacity_tib"), 0.5, "is 0.5, less than 1"),
        (("solution", "availability"), "soon", "none of available, preview, RDI"),
        (("solution", "architecture", "client_footprint"), "n/a", "or neither"),
        ((*CLIENT, "quantity"), 0, "clients[0].quantity is 0, less than 1"),
        ((*CLIENT, "quantity"), 1.5, "is 1.5, not a whole number"),
        ((*CLIENT, "operating_system", "version"), 24.04, "not text; quote it"),
        ((*CLIENT, "networking"), ..., "networking is missing, which storage_location"),
        (
            (*CLIENT, "chassis", "rack_units"),
            ...,
            "rack_units is missing, which onprem",
        ),
        ((*NODE, "chassis", "power"), None, "power is missing, which onprem needs"),
        (
            (*NODE, "networking", 0, "speed"),
            ...,
            "speed is missing on a port that is up",
        ),
        ((*NODE, "networking", 0, "traffic"), [], "traffic is missing on a port"),
        ((*NODE, "networking", 0, "type"), "token ring", "none of ethernet"),
        ((*NODE, "drives", 0, "interface"), "scsi", "none of nvme, sas, sata, other"),
        (
            (*NODE, "chassis", "power", "min_psus_active"),
            3,
            "more than the 2 configured",
        ),
        (
            (*NODE, "quantity"),
            4,
            "total_rack_units is 6, but product nodes and switches",
        ),
        (("total_rack_units",), ..., "total_rack_units is missing, which onprem needs"),
        (
            ("product_nodes",),
            ...,
            "product_nodes is missing: remote storage on premises",
        ),
        (("rack_power_supplies",), "two", "rack_power_supplies is 'two', not a list"),
        (("colour",), "red", "colour is no key of the schema"),
    ],
)
def test_each_problem_is_named(path, value, says):
    found = spoilt(path, value)
    assert any(says in text for text in texts(found.problems)), found
    assert not found.capabilities


@pytest.mark.parametrize("name", ["SAS", "sas", "SATA", "nvme"])
def test_interfaces_count_in_any_case(name):
    assert not spoilt((*NODE, "drives", 0, "interface"), name).problems


def test_a_drive_may_say_more_than_the_schema():
    assert not spoilt((*NODE, "drives", 0, "wear"), 1).problems


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("remap_time_in_seconds", 5),
        ("simultaneous_read", False),
        ("multi_host", "yes"),
        ("remap_time_in_seconds", ...),
    ],
)
def test_capabilities_are_kept_apart(key, value):
    found = spoilt(("solution", "capabilities", key), value)
    assert found.capabilities
    assert not found.problems


def test_null_of_custom_hardware_is_kept_apart():
    found = spoilt((*NODE, "chassis", "memory_capacity"), None)
    assert texts(found.custom) == [
        "product_nodes[0].chassis.memory_capacity is null, not a whole number"
    ]
    assert not found.problems
    assert spoilt((*CLIENT, "chassis", "memory_capacity"), None).problems
    assert spoilt((*NODE, "chassis", "memory_capacity"), ...).problems


def test_the_cloud_has_no_racks():
    found = texts(spoilt(("deployment",), "cloud").problems)
    assert "product_nodes[0].chassis.power has no place in a cloud deployment" in found
    assert "clients[0].chassis.rack_units has no place in a cloud deployment" in found


def test_local_storage_has_no_switches():
    switch = {
        "unit_count": 1,
        "vendor_name": "Maker",
        "model_name": "Switch",
        "ports": [GOOD["clients"][0]["networking"][0]],
        "rack_units": 1,
        "power": GOOD["clients"][0]["chassis"]["power"],
    }
    found = copy.deepcopy(GOOD) | {"product_switches": [switch], "total_rack_units": 7}
    assert not judge_system({"system_under_test": found}).problems
    found["solution"]["architecture"]["storage_location"] = "local"
    problems = texts(judge_system({"system_under_test": found}).problems)
    assert problems == ["product_switches has no place in a local storage"]


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(st.sampled_from(sorted(GOOD)), inside, max_size=4)
    ),
    max_leaves=8,
)


@given(PLAIN)
def test_nothing_raises(content):
    judge_system(content)
    found = judge_system({"system_under_test": content})
    assert found.problems or found.capabilities


@given(st.sampled_from(sorted(GOOD)), PLAIN)
def test_no_part_raises(key, content):
    judge_system({"system_under_test": copy.deepcopy(GOOD) | {key: content}})
