"""Frames of several ranks as one: what a leader sends to rank 0 once per second.

Rows travel as bytes of their table's dtype and are joined as bytes: nobody on the
way looks into them. Positions carry their age, since clocks of hosts differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlps.evidence.table import StructArray
from runner.world.position import Doing, Position

Age = tuple[int, tuple[str, str, int, str, int]]
Wire = tuple[dict[int, Age], dict[str, bytes]]


@dataclass(slots=True)
class Bundle:
    """What was heard of ranks since the last time; times are this rank's clock."""

    heard: dict[int, tuple[int, Position]] = field(default_factory=dict)
    rows: dict[str, list[bytes]] = field(default_factory=dict)

    def add(
        self,
        rank: int,
        now_ns: int,
        position: Position,
        rows: Mapping[str, StructArray],
    ) -> None:
        """Add a rank's own frame."""
        self.heard[rank] = (now_ns, position)
        for table, part in rows.items():
            if len(part):
                self.rows.setdefault(table, []).append(part.tobytes())

    def join(self, wire: Wire, now_ns: int) -> None:
        """Add what another rank sent."""
        for rank, (age_ns, position) in wire[0].items():
            self.heard[rank] = (now_ns - age_ns, unpacked(position))
        for table, part in wire[1].items():
            self.rows.setdefault(table, []).append(part)

    def take(self, now_ns: int) -> Wire:
        """Give all as it travels, and start anew."""
        heard = {
            rank: (now_ns - heard_ns, packed(position))
            for rank, (heard_ns, position) in self.heard.items()
        }
        rows = {table: b"".join(parts) for table, parts in self.rows.items()}
        self.heard, self.rows = {}, {}
        return heard, rows


def packed(position: Position) -> tuple[str, str, int, str, int]:
    """Give plain values, which travel cheaper than an object."""
    return (
        position.phase,
        position.doing.value,
        position.step,
        position.object,
        position.progress,
    )


def unpacked(values: tuple[str, str, int, str, int]) -> Position:
    """Build the position again."""
    phase, doing, step, name, progress = values
    return Position(phase, Doing(doing), step, name, progress)
