"""Declared inputs: what a config may look up, always frozen in the plan.

A config says `${found:NAME}`; the plan holds the value and its provenance the name.
"""

import re
from pathlib import Path

from mlps.errors import ConfigError
from mlps.plan import nearest

_RESOLVER = re.compile(r"\$\{\s*([A-Za-z_][\w.]*)\s*:\s*([\w]*)")
_FOUND = "found"
# Pure functions of other config values; all others look up clock or environment.
_PURE = frozenset(
    {"oc.create", "oc.decode", "oc.dict.keys", "oc.dict.values", "oc.select"}
)


class Inputs:
    """Looks an input up once, so that every plan of a sweep says the same."""

    def __init__(self, meminfo: Path = Path("/proc/meminfo")) -> None:
        """`meminfo`: where Linux says how much memory this machine has."""
        self._meminfo = meminfo
        self._values: dict[str, str] = {}

    def find(self, name: str) -> str:
        """Look up an input by name; this is what `${found:NAME}` gives."""
        finders = {"host_memory": self._host_memory}
        if name not in finders:
            raise ConfigError(f"there is no input {name!r}; {nearest(name, finders)}")
        if name not in self._values:
            self._values[name] = finders[name]()
        return self._values[name]

    def describe(self, name: str) -> str:
        """Say where an input is looked up."""
        return {"host_memory": "MemTotal of /proc/meminfo"}[name]

    def _host_memory(self) -> str:
        try:
            text = self._meminfo.read_text(encoding="ascii")
        except OSError as error:
            text = str(error)
        match = re.search(r"^MemTotal:\s+([0-9]+) kB$", text, flags=re.MULTILINE)
        if match is None:
            raise ConfigError(
                f"this machine's memory can't be found in {self._meminfo};"
                " declare it: system.host_memory=16GiB"
            )
        return f"{match.group(1)}KiB"


def found_names(raw: str) -> list[str]:
    """Names of the inputs a raw config value looks up."""
    return [name for resolver, name in _RESOLVER.findall(raw) if resolver == _FOUND]


def impure(raw: str) -> str | None:
    """Name the first resolver of a raw value that is no declared input, if any."""
    for resolver, _ in _RESOLVER.findall(raw):
        if resolver != _FOUND and resolver not in _PURE:
            return str(resolver)
    return None
