"""Quantities as people read them: three digits and the unit that suits."""

from rules.report.view import Unit

_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_SHORT_TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def duration(value_s: float) -> str:
    """Render a short time with its unit: `12.3 ms`."""
    factor, name = next(
        (t for t in _SHORT_TIMES if value_s >= t[0] * (1 - 1e-9)), _SHORT_TIMES[-1]
    )
    return f"{number(value_s / factor)} {name}"


def amount(value: float, unit: Unit) -> str:
    """Render one value with its unit: `12.3 MiB/s`."""
    if unit is Unit.SECONDS:
        return duration(value)
    factor, name = named(value, unit)
    return f"{number(value / factor)} {name}"


def named(high: float, unit: Unit) -> tuple[float, str]:
    """Choose factor and name of the unit that suits values up to `high`."""
    if unit is Unit.PERCENT:
        return 1.0, "%"
    if unit is Unit.SECONDS:
        return next((t for t in _SHORT_TIMES if high >= t[0]), _SHORT_TIMES[-1])
    power = 0
    while power + 1 < len(_BINARY) and high >= 1024.0 ** (power + 1):
        power += 1
    tail = "/s" if unit is Unit.BYTES_PER_S else ""
    return 1024.0**power, _BINARY[power] + tail


def number(value: float) -> str:
    """Three significant digits, no exponent for what people meet."""
    text = f"{value:.3g}"
    return f"{value:.0f}" if "e" in text and 1 <= abs(value) < 1e15 else text


def percent_text(value: float | None, none: str = "not recorded") -> str:
    """Render a utilization with the two digits it is judged by."""
    return none if value is None else f"{value:.2f} %"
