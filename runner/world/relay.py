"""The way between a rank and rank 0: through the leader of the rank's node.

Upwards a leader joins the frames of its ranks and counts their READY and DONE, so
that rank 0 hears one message per node; downwards it passes orders on. What must
not wait (a failure, a signal) goes to rank 0 directly.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mlps.evidence.table import StructArray
from runner.world.bundle import Bundle, Wire
from runner.world.place import Place
from runner.world.position import Position
from runner.world.post import Kind, Message, Post

Said = dict[int, object]


@dataclass(slots=True)
class Relay:
    """One rank's part of the way; `now` reads its monotonic clock."""

    post: Post
    place: Place
    now: Callable[[], int]
    local_offsets_ns: dict[int, int] = field(default_factory=dict)
    """On a leader: add to a rank's clock to get the leader's."""
    leader: int = field(init=False)
    """Rank that relays for this one."""
    team: tuple[int, ...] = field(init=False, default=())
    """On a leader: the other ranks of its node."""
    _node_leaders: tuple[int, ...] = field(init=False)
    _bundle: Bundle = field(default_factory=Bundle)
    _said: dict[tuple[Kind, str], Said] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find the way once."""
        self.leader = self.place.leaders[self.place.rank]
        self._node_leaders = self.place.node_leaders
        if self.place.leads_node:
            self.team = self.place.team

    @property
    def leads(self) -> bool:
        """Say whether this rank relays for its node to another host."""
        return self.place.leads_node and self.place.rank != 0

    def send_frame(self, position: Position, rows: Mapping[str, StructArray]) -> None:
        """Send this rank's frame up; a leader adds what it has of its team."""
        self._bundle.add(self.place.rank, self.now(), position, rows)
        self.flush()

    def flush(self) -> None:
        """Send on what is there."""
        dest = 0 if self.place.leads_node else self.leader
        self.post.send(dest, Kind.FRAME, "", self._bundle.take(self.now()))

    def say(self, kind: Kind, about: str, payload: object) -> None:
        """Say READY or DONE to rank 0."""
        if self.leads:
            self._count(kind, about, {self.place.rank: payload})
        else:
            self.post.send(self.leader, kind, about, {self.place.rank: payload})

    def up(self, message: Message) -> None:
        """On a leader: take what a rank of the team says for rank 0."""
        if message.kind is Kind.FRAME:
            wire: Wire = message.payload
            self._bundle.join(wire, self.now())
        else:
            self._count(message.kind, message.about, message.payload)

    def down(self, kind: Kind, about: str, payload: object) -> None:
        """Pass an order on to the team; an instant becomes one of each rank's clock."""
        for rank in self.team:
            mine = payload
            if kind is Kind.START and isinstance(payload, int):
                mine = payload - self.local_offsets_ns[rank]
            self.post.send(rank, kind, about, mine)

    def order(self, kind: Kind, about: str, payload: object = None) -> None:
        """From rank 0: to all leaders, then to its own team."""
        for leader in self._node_leaders[1:]:
            self.post.send(leader, kind, about, payload)
        self.down(kind, about, payload)

    def start(self, about: str, start_ns: Mapping[int, int]) -> None:
        """From rank 0: START, at an instant of each leader's clock."""
        for leader in self._node_leaders[1:]:
            self.post.send(leader, Kind.START, about, start_ns[leader])
        self.down(Kind.START, about, start_ns[0])

    def _count(self, kind: Kind, about: str, said: Said) -> None:
        all_said = self._said.setdefault((kind, about), {})
        all_said.update(said)
        if len(all_said) == self.place.local_ranks:
            del self._said[kind, about]
            if kind is Kind.DONE:
                self.flush()  # rows first: rank 0 closes its books after the last DONE
            self.post.send(0, kind, about, all_said)
