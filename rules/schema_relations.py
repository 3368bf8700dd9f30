"""Rules across the fields of a description of a system under test."""

from collections.abc import Iterator, Mapping, Sequence

from rules.schema import Path, Problem
from rules.stored import as_number

TOP = ("system_under_test",)
CAPABILITIES = ("system_under_test", "solution", "capabilities")


def relations(content: object) -> Iterator[Problem]:
    """Say where fields contradict each other; wrong types are left to the schema."""
    system = mapping(at(content, TOP))
    yield from _powers(system, TOP)
    yield from _ports(system, TOP)
    yield from _architecture(system)
    yield from _remap(system)
    yield from _deployment(system)
    yield from _rack_units(system)
    yield from _networking(system)


def _powers(value: object, path: Path) -> Iterator[Problem]:
    """Name power blocks that need more supplies than they have."""
    for where, block in _blocks(value, path):
        if "psus_configured" in block:
            psus = _list(block.get("psus_configured"))
            total = sum(_count(mapping(psu).get("unit_count")) for psu in psus)
            least = as_number(block.get("min_psus_active"))
            if least is not None and least > total:
                yield Problem(
                    (*where, "min_psus_active"),
                    f"is {least:g}, more than the {total:g} configured",
                )


def _ports(value: object, path: Path) -> Iterator[Problem]:
    """Name ports that are up without speed or traffic."""
    for where, block in _blocks(value, path):
        if block.get("state") == "up" and "unit_count" in block:
            for key in ("speed", "traffic"):
                if not block.get(key):
                    yield Problem((*where, key), "is missing on a port that is up")


def _architecture(system: Mapping[str, object]) -> Iterator[Problem]:
    found = mapping(at(system, ("solution", "architecture")))
    pair = [found.get(key) for key in ("client_footprint", "client_installation")]
    if None not in pair and pair.count("n/a") == 1:
        yield Problem(
            (*TOP, "solution", "architecture"),
            f"has client_footprint {pair[0]!r} and client_installation {pair[1]!r}:"
            " both are n/a, or neither",
        )


def _remap(system: Mapping[str, object]) -> Iterator[Problem]:
    found = mapping(at(system, CAPABILITIES[1:]))
    flags = [found.get(f"simultaneous_{way}") for way in ("write", "read")]
    time = as_number(found.get("remap_time_in_seconds"))
    if time is None or not all(isinstance(flag, bool) for flag in flags):
        return
    if all(flags) and time:
        yield Problem(
            CAPABILITIES,
            f"has remap_time_in_seconds {time:g}; it is 0 where hosts read and write"
            " at the same time",
        )
    if not all(flags) and not time:
        yield Problem(
            CAPABILITIES,
            "has remap_time_in_seconds 0; it is more where hosts can't read and write"
            " at the same time",
        )


def _deployment(system: Mapping[str, object]) -> Iterator[Problem]:
    where = system.get("deployment")
    chassis = [
        ((*TOP, key, n, "chassis"), mapping(mapping(node).get("chassis")))
        for key in ("product_nodes", "clients")
        for n, node in enumerate(_list(system.get(key)))
    ]
    if where == "onprem":
        yield from _onprem(system, chassis)
    elif where == "cloud":
        for key in ("product_switches", "rack_power_supplies"):
            if system.get(key):
                yield Problem((*TOP, key), "has no place in a cloud deployment")
        for path, found in chassis:
            for key in ("rack_units", "power"):
                if found.get(key) is not None:
                    yield Problem((*path, key), "has no place in a cloud deployment")


def _onprem(
    system: Mapping[str, object],
    chassis: Sequence[tuple[Path, Mapping[str, object]]],
) -> Iterator[Problem]:
    for path, found in chassis:
        for key in ("rack_units", "power"):
            if found.get(key) is None:
                yield Problem((*path, key), "is missing, which onprem needs")
    if system.get("total_rack_units") is None:
        yield Problem((*TOP, "total_rack_units"), "is missing, which onprem needs")
    for n, switch in enumerate(_list(system.get("product_switches"))):
        if mapping(switch).get("power") is None:
            yield Problem(
                (*TOP, "product_switches", n, "power"),
                "is missing, which onprem needs",
            )
    if _location(system) == "remote" and not system.get("product_nodes"):
        yield Problem(
            (*TOP, "product_nodes"),
            "is missing: remote storage on premises itemizes its nodes",
        )


def _rack_units(system: Mapping[str, object]) -> Iterator[Problem]:
    total = as_number(system.get("total_rack_units"))
    nodes = [mapping(n) for n in _list(system.get("product_nodes"))]
    switches = [mapping(s) for s in _list(system.get("product_switches"))]
    if total is None or not (nodes or switches):
        return
    parts = sum(
        _count(mapping(node.get("chassis")).get("rack_units"))
        * _count(node.get("quantity"))
        for node in nodes
    ) + sum(_count(s.get("rack_units")) * _count(s.get("unit_count")) for s in switches)
    if total != parts:
        yield Problem(
            (*TOP, "total_rack_units"),
            f"is {total:g}, but product nodes and switches take {parts:g}"
            " (clients don't count)",
        )


def _networking(system: Mapping[str, object]) -> Iterator[Problem]:
    location = _location(system)
    if location == "local" and system.get("product_switches"):
        yield Problem((*TOP, "product_switches"), "has no place in a local storage")
    if location not in ("remote", "remote_and_local"):
        return
    for key in ("product_nodes", "clients"):
        for n, node in enumerate(_list(system.get(key))):
            if not mapping(node).get("networking"):
                yield Problem(
                    (*TOP, key, n, "networking"),
                    f"is missing, which storage_location {location} needs",
                )


def _location(system: Mapping[str, object]) -> object:
    return at(system, ("solution", "architecture", "storage_location"))


def _blocks(value: object, path: Path) -> Iterator[tuple[Path, Mapping[str, object]]]:
    """Every mapping at and below a value; the reader bounds their number."""
    if isinstance(value, Mapping):
        yield path, value
        for key, inside in value.items():
            yield from _blocks(inside, (*path, str(key)))
    elif isinstance(value, list):
        for place, inside in enumerate(value):
            yield from _blocks(inside, (*path, place))


def at(content: object, path: Path) -> object:
    """Value at a path of keys and positions, None when there is none."""
    for part in path:
        if isinstance(content, Mapping):
            content = content.get(part)
        elif isinstance(content, list) and isinstance(part, int):
            content = content[part] if part < len(content) else None
        else:
            return None
    return content


def mapping(value: object) -> Mapping[str, object]:
    """Value if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _count(value: object) -> float:
    return as_number(value) or 0
