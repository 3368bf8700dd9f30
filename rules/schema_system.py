"""The description of a system under test: its schema, and rules across its fields.

After the schema validator of mlcommons/storage (431f79b) and the fields the review of
the v3.0 round added (its report of August 2026). Where the sources spell drive
interfaces differently (SAS, sas) either counts.
"""

from dataclasses import dataclass

from rules.schema import Choice, Flag, Many, Number, Problem, Shape, Text
from rules.schema_relations import CAPABILITIES, at, mapping, relations

_CUSTOM = ("cpu_model", "cpu_qty", "cpu_cores", "memory_capacity")
_TEXT, _COUNT, _FLAG = Text(), Number(1), Flag()

_PAIRS = Many(Shape({"name": _TEXT, "value": _TEXT}, {}))
_PSU = Shape(
    {
        "unit_count": _COUNT,
        "inlet_voltage": _COUNT,
        "nameplate_power_watts": _COUNT,
        "efficiency": Choice(
            (
                "Standard",
                "Bronze",
                "Silver",
                "Gold",
                "Platinum",
                "Titanium",
                "Ruby",
                "Unrated",
            )
        ),
    },
    {},
)
_POWER = Shape({"min_psus_active": _COUNT, "psus_configured": Many(_PSU, 1)}, {})
_TRAFFIC = Many(Choice(("management", "data", "metadata", "backend")))
_PORT = Shape(
    {
        "unit_count": _COUNT,
        "type": Choice(("ethernet", "infiniband", "other")),
        "state": Choice(("up", "down")),
    },
    {"speed": _COUNT, "traffic": _TRAFFIC},
)
_FORM_FACTORS = Choice(
    (
        "U.2",
        "U.3",
        "M.2",
        "E1.S",
        "E1.L",
        "E3.S",
        "E3.L",
        "2.5in",
        "3.5in",
        "AIC",
        "other",
    )
)
_PERFORMANCE = Shape(
    {
        "seq_read_MBps": _COUNT,
        "seq_write_MBps": _COUNT,
        "random_read_IOPS": _COUNT,
        "random_write_IOPS": _COUNT,
    },
    {"form_factor": _FORM_FACTORS, "interface_speed": _TEXT},
    loose=True,
)
_DRIVE = Shape(
    {
        "unit_count": _COUNT,
        "vendor_name": _TEXT,
        "model_name": _TEXT,
        "interface": Choice(("nvme", "sas", "sata", "other"), any_case=True),
        "media_type": Choice(("HDD", "TLC", "QLC", "other")),
        "capacity_in_GB": _COUNT,
    },
    {"performance": _PERFORMANCE},
    loose=True,
)
_CHASSIS = Shape(
    {
        "model_name": _TEXT,
        "cpu_model": _TEXT,
        "cpu_qty": _COUNT,
        "cpu_cores": _COUNT,
        "memory_capacity": _COUNT,
    },
    {"rack_units": _COUNT, "power": _POWER},
)
_NODE = Shape(
    {
        "friendly_description": _TEXT,
        "quantity": _COUNT,
        "chassis": _CHASSIS,
        "operating_system": Shape({"name": _TEXT, "version": _TEXT}, {}),
    },
    {
        "networking": Many(_PORT),
        "drives": Many(_DRIVE),
        "environment": _PAIRS,
        "sysctl": _PAIRS,
    },
)
_SWITCH = Shape(
    {
        "unit_count": _COUNT,
        "vendor_name": _TEXT,
        "model_name": _TEXT,
        "ports": Many(_PORT, 1),
        "rack_units": _COUNT,
    },
    {"configuration": _PAIRS, "power": _POWER},
)
_SOLUTION = Shape(
    {
        "submission_name": _TEXT,
        "friendly_description": _TEXT,
        "architecture": Shape(
            {
                "storage_location": Choice(("remote", "local", "remote_and_local")),
                "benchmark_API": Choice(("file", "object")),
                "product_API": Choice(("file", "object", "block")),
                "client_footprint": Choice(("open_source", "closed_source", "n/a")),
                "client_installation": Choice(("in_box", "installable", "n/a")),
            },
            {},
        ),
        "capabilities": Shape(
            {
                "multi_host": _FLAG,
                "simultaneous_write": _FLAG,
                "simultaneous_read": _FLAG,
                "remap_time_in_seconds": Number(0),
            },
            {},
        ),
        "usable_capacity_tib": Number(1, whole=False),
        "availability": Choice(("available", "preview", "RDI")),
    },
    {"int_client_store_tib": Number(1, whole=False)},
)
_SYSTEM = Shape(
    {
        "system_under_test": Shape(
            {
                "solution": _SOLUTION,
                "deployment": Choice(("onprem", "cloud")),
                "clients": Many(_NODE),
            },
            {
                "product_nodes": Many(_NODE),
                "product_switches": Many(_SWITCH),
                "total_rack_units": Number(0),
                "rack_power_supplies": Many(_POWER),
            },
        )
    },
    {},
)


@dataclass(frozen=True, slots=True)
class Found:
    """Problems of one description, by the rule that each belongs to.

    `capabilities` are those of rules 4.7.3 and 4.7.4. `custom` are fields that custom
    hardware can't fill in: the review chairs accepted them.
    """

    problems: tuple[Problem, ...]
    capabilities: tuple[Problem, ...]
    custom: tuple[Problem, ...]


def judge_system(content: object) -> Found:
    """Judge the parsed description of a system; every problem is named."""
    found = list(_SYSTEM.problems(content, ()))
    found += relations(content)
    depth = len(CAPABILITIES)
    capabilities = tuple(p for p in found if p.path[:depth] == CAPABILITIES)
    custom = tuple(p for p in found if _is_custom(p, content))
    return Found(
        problems=tuple(p for p in found if p not in capabilities and p not in custom),
        capabilities=capabilities,
        custom=custom,
    )


def _is_custom(problem: Problem, content: object) -> bool:
    """Whether a product node says null of a part that it does not have."""
    path = problem.path
    if path[1:2] != ("product_nodes",) or path[-2:-1] != ("chassis",):
        return False
    held = mapping(at(content, path[:-1]))
    return path[-1] in _CUSTOM and path[-1] in held and held[path[-1]] is None
