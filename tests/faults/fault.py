"""What a fault is: what is injected, when, and what must then be seen."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from tests.faults.ground import Ground
from tests.faults.world import World


class Moment(StrEnum):
    """When the fault strikes."""

    START = "from the start"
    DATAGEN = "while data is generated"
    EPOCH = "in an epoch"
    BETWEEN = "between two starts"


class Injection(Protocol):
    """How a fault is injected for real; its state lies in the ground of the trial."""

    def missing(self) -> str:
        """Say why it can't be injected here; empty when it can."""

    def prepare(self, ground: Ground) -> None:
        """Make ready before the start."""

    def launcher(self, ground: Ground) -> list[str]:
        """Words to put before mpirun."""

    def wrapper(self, ground: Ground, rank: int) -> list[str]:
        """Words to put before the command of a rank."""

    def strike(self, ground: Ground, world: World | None) -> None:
        """Inject it."""

    def mend(self, ground: Ground) -> None:
        """Take the fault away, so that the next start can resume."""


class Quiet:
    """An injection that needs nothing but its strike."""

    def missing(self) -> str:
        return ""

    def prepare(self, ground: Ground) -> None:
        pass

    def launcher(self, ground: Ground) -> list[str]:
        return []

    def wrapper(self, ground: Ground, rank: int) -> list[str]:
        return []

    def strike(self, ground: Ground, world: World | None) -> None:
        pass

    def mend(self, ground: Ground) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Together(Quiet):
    """Several injections as one."""

    parts: tuple[Injection, ...]

    def missing(self) -> str:
        return next((why for part in self.parts if (why := part.missing())), "")

    def prepare(self, ground: Ground) -> None:
        for part in self.parts:
            part.prepare(ground)

    def launcher(self, ground: Ground) -> list[str]:
        return [word for part in self.parts for word in part.launcher(ground)]

    def wrapper(self, ground: Ground, rank: int) -> list[str]:
        return [word for part in self.parts for word in part.wrapper(ground, rank)]

    def strike(self, ground: Ground, world: World | None) -> None:
        for part in self.parts:
            part.strike(ground, world)

    def mend(self, ground: Ground) -> None:
        for part in self.parts:
            part.mend(ground)


class Kept(StrEnum):
    """What becomes of the evidence of the run that was hit."""

    COMPLETE = "complete"
    ABORTED = "aborted"
    UNFINISHED = "unfinished"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A start that must be refused until the damage is mended."""

    says: str
    status: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must be seen.

    `status` None is any but 0. `says` maps what the message must name to a pattern;
    {host}, {pid0}, {pid1} and {scribe} stand for those of the trial. Sealed runs are
    done again only if they are `redone`: data that was damaged is generated anew.
    """

    status: int | None
    says: dict[str, str]
    within_s: float = 12.0
    kept: tuple[Kept, ...] = (Kept.ABORTED,)
    blamed: int | None = None
    or_several: bool = False
    """The launcher may have killed the others before anybody could look."""
    run: int = 1
    event: str = ""
    fails: str = ""
    refused: Refusal | None = None
    redone: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One row of the table; without `expected` it says why it is not injected.

    `hides_results`: nothing can be read of them before the fault is mended.
    """

    name: str
    injection: Injection = field(default_factory=Quiet)
    moment: Moment = Moment.EPOCH
    expected: Expected | None = None
    plan: dict[str, object] = field(default_factory=dict)
    hides_results: bool = False
    skipped: str = ""
