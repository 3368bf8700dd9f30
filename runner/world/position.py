"""Where a rank is: told with every heartbeat, so that a stall can be named."""

from dataclasses import dataclass
from enum import StrEnum


class Doing(StrEnum):
    """What a rank's main thread waits for or does."""

    PREPARING = "preparing"
    WAITING_FOR_DATA = "waiting for data"
    WRITING = "writing"
    COMPUTING = "computing"
    IN_BARRIER = "in the barrier"
    WAITING_FOR_RANK_0 = "waiting for rank 0"
    FLUSHING = "flushing"

    @property
    def is_io(self) -> bool:
        """Say whether storage has to answer before the rank can go on."""
        return self in (Doing.WAITING_FOR_DATA, Doing.WRITING)


@dataclass(slots=True)
class Position:
    """A rank's place in the run; `progress` changes whenever anything got done."""

    phase: str = ""
    doing: Doing = Doing.PREPARING
    step: int = 0
    object: str = ""
    progress: int = 0

    def __str__(self) -> str:
        """Tell people."""
        return (
            f"phase {self.phase or 'none'}, {self.doing}, step {self.step},"
            f" object {self.object or 'none'}"
        )
