"""Messages between ranks, never blocking.

Only the main thread of a rank may use it. Payloads are small (frames of about
a second); a send is kept until MPI is done with it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

_TAG = 70


class Kind(StrEnum):
    """What a message says."""

    FRAME = "frame"
    READY = "ready"
    DONE = "done"
    FAIL = "fail"
    SIGNAL = "signal"
    GO = "go"
    START = "start"
    STOP = "stop"


UPWARD = (Kind.FRAME, Kind.READY, Kind.DONE)
"""Said by ranks for rank 0, through the leader of their node."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message as received; `about` names the point of the run it is for."""

    kind: Kind
    about: str
    source: int
    payload: Any


@dataclass(slots=True)
class Post:
    """A rank's mailbox over `comm`."""

    comm: Any
    rank: int = field(init=False)
    size: int = field(init=False)
    _sending: list[Any] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        """Ask the communicator who this is."""
        self.rank = self.comm.Get_rank()
        self.size = self.comm.Get_size()

    def send(self, dest: int, kind: Kind, about: str, payload: object = None) -> None:
        """Start sending; completed sends are forgotten."""
        self.push()
        message = (kind.value, about, payload)
        self._sending.append(self.comm.isend(message, dest=dest, tag=_TAG))

    def received(self) -> Iterator[Message]:
        """Yield the messages that have arrived."""
        while (arrived := self.comm.improbe(tag=_TAG)) is not None:
            status = new_status()
            kind, about, payload = arrived.recv(status)
            yield Message(Kind(kind), about, status.Get_source(), payload)

    def push(self) -> None:
        """Let MPI go on with what is being sent."""
        if self._sending:
            self._sending = [r for r in self._sending if not r.Test()]


def new_status() -> Any:  # noqa: ANN401 - mpi4py status
    """Make what a receive tells of its message in."""
    from mpi4py import MPI  # noqa: PLC0415 - importing initialises MPI

    return MPI.Status()
