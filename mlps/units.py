"""Sizes and rates with their units: text in, exact integers out, and back."""

import re
from fractions import Fraction

_FACTORS = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "PB": 10**15,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
    "PiB": 2**50,
}
_SIZE = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,9})?)\s*([A-Za-z]{1,3})")
SIZE_HELP = "write a number and a unit (B, kB, MB, GB, TB, KiB, MiB, GiB, TiB)"


def parse_size(text: str) -> Fraction:
    """Parse `512GiB` into bytes, exactly; ValueError says what is wrong."""
    if re.fullmatch(r"[0-9][0-9_.eE+]*", text):
        raise ValueError(f"{text!r} has no unit; {SIZE_HELP}, e.g. '512GiB'")
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a size; {SIZE_HELP}, e.g. '512GiB'")
    number, unit = match.groups()
    if unit not in _FACTORS:
        near = [name for name in _FACTORS if name.lower() == unit.lower()]
        hint = f"did you mean {near[0]!r}?" if near else SIZE_HELP
        raise ValueError(f"{text!r}: unknown unit {unit!r}; {hint}")
    return Fraction(number) * _FACTORS[unit]


def format_bytes(size_bytes: float) -> str:
    """Render bytes in binary units with three significant places: `4.29 GiB`."""
    size = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(size) < 1024 or unit == "TiB":
            break
        size /= 1024
    return f"{int(size)} B" if unit == "B" else f"{size:.2f} {unit}"


def format_duration(seconds: float) -> str:
    """Render seconds for people: `42 s`, `3 min 20 s`, `18 h 05 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
