"""The numbers that are compared, in the order they are told."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

PERCENTILES = (50, 95, 99)
BUCKET_SHARE = 1 / 128
"""Width of a latency bucket over its value: percentiles are exact to this share."""

Values = Mapping[str, float | None]


class Sense(Enum):
    """What the second side is called when its number is larger, and when smaller."""

    RATE = ("faster", "slower")
    TIME = ("slower", "faster")
    SHARE = ("higher", "lower")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One number of a unit; `unit` is %, 1/s, B/s or s."""

    key: str
    title: str
    unit: str
    sense: Sense
    is_percentile: bool = False


def _percentiles(key: str, title: str) -> tuple[Metric, ...]:
    return tuple(
        Metric(
            key=f"{key}_p{percent}_s",
            title=f"{title} p{percent}",
            unit="s",
            sense=Sense.TIME,
            is_percentile=True,
        )
        for percent in PERCENTILES
    )


def _share(key: str, title: str) -> Metric:
    return Metric(key=key, title=title, unit="%", sense=Sense.SHARE)


METRICS = (
    _share("au_rules_percent", "AU rules"),
    _share("au_dlio_percent", "AU DLIO"),
    _share("au_slowest_rank_percent", "AU slowest rank"),
    Metric(key="samples_per_s", title="samples", unit="1/s", sense=Sense.RATE),
    Metric(key="bytes_per_s", title="read", unit="B/s", sense=Sense.RATE),
    Metric(key="epoch_s", title="epoch", unit="s", sense=Sense.TIME),
    Metric(key="step_s", title="step", unit="s", sense=Sense.TIME),
    *_percentiles("wait", "step wait"),
    *_percentiles("sample", "sample read"),
    _share("wait_share_percent", "wait share"),
    _share("barrier_share_percent", "barrier share"),
    _share("oversleep_percent", "oversleep"),
    _share("host_cpu_percent", "host CPU busy"),
)
