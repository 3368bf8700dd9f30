"""The mount of the data path on each host."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.record import hosts
from runner.rehearsal.row import Row, ok, warn

_CHECK = "mount"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounted:
    """What serves the data path on one host."""

    fs_type: str
    source: str
    mount_point: str
    device: str

    @property
    def says(self) -> str:
        """Say it as people type it into mount."""
        return f"{self.fs_type} {self.source} at {self.mount_point} ({self.device})"


def find_mount(data_root: Path) -> Mounted:
    """Find what serves the data path here; NotReadyError when it can't be seen."""
    (row,) = hosts.mount_rows(0, [("data", data_root)])
    names = ("fs_type", "source", "mount_point", "device")
    return Mounted(**{name: row[name].decode(errors="replace") for name in names})


def judge_mounts(found: Sequence[Mounted], *, shared: bool) -> Iterator[Row]:
    """Judge each host: shared storage is expected to be of one kind everywhere."""
    first = found[0]
    for one in found:
        if shared and one.fs_type != first.fs_type:
            yield warn(
                _CHECK,
                f"{one.says}, rank 0's host has {first.says}",
                "mount the same file system at the data path on every host",
            )
        else:
            yield ok(_CHECK, one.says)
