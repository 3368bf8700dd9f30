"""Where a rank is: its number, its host, and who shares the host with it."""

import socket
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One rank's place in the world; `hosts[r]` and `nodes[r]` are rank r's."""

    rank: int
    world: int
    node: int
    local_rank: int
    local_ranks: int
    hosts: tuple[str, ...]
    nodes: tuple[int, ...]

    @property
    def leads_node(self) -> bool:
        """Say whether this rank does what is done once per host."""
        return self.local_rank == 0

    @property
    def node_leaders(self) -> tuple[int, ...]:
        """The lowest rank of each host, by node."""
        first: dict[int, int] = {}
        for rank, node in enumerate(self.nodes):
            first.setdefault(node, rank)
        return tuple(first[node] for node in sorted(first))

    @property
    def leaders(self) -> tuple[int, ...]:
        """Of each rank, the lowest rank of its host."""
        leaders = self.node_leaders
        return tuple(leaders[node] for node in self.nodes)

    @property
    def team(self) -> tuple[int, ...]:
        """The other ranks of this host."""
        others = enumerate(self.nodes)
        return tuple(r for r, node in others if node == self.node and r != self.rank)

    @property
    def node_count(self) -> int:
        """Number of hosts."""
        return len(set(self.nodes))


def find_place(comm: Any, shared: Any) -> Place:  # noqa: ANN401 - communicators
    """Find this rank's place. Collective over `comm`; `shared` is one host's ranks."""
    leader = shared.bcast(comm.Get_rank(), root=0)
    said = comm.allgather((socket.gethostname(), leader))
    leaders = sorted({lead for _, lead in said})
    nodes = tuple(leaders.index(lead) for _, lead in said)
    return Place(
        rank=comm.Get_rank(),
        world=comm.Get_size(),
        node=nodes[comm.Get_rank()],
        local_rank=shared.Get_rank(),
        local_ranks=shared.Get_size(),
        hosts=tuple(host for host, _ in said),
        nodes=nodes,
    )
