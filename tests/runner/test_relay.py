"""What a leader makes of the words of its node, without MPI."""

import numpy as np

from mlps.evidence import BY_NAME
from runner.record.recorder import to_rows
from runner.world.bundle import Bundle
from runner.world.place import Place
from runner.world.position import Doing, Position
from runner.world.post import Kind, Message
from runner.world.relay import Relay


class Outbox:
    """A post that keeps what is sent."""

    def __init__(self):
        self.sent = []

    def send(self, dest, kind, about, payload=None):
        self.sent.append((dest, kind, about, payload))


def place(rank: int) -> Place:
    """Four ranks: 0 and 2 on one host, 1 and 3 on another."""
    nodes = (0, 1, 0, 1)
    return Place(
        rank=rank,
        world=4,
        node=nodes[rank],
        local_rank=rank // 2,
        local_ranks=2,
        hosts=("a", "b", "a", "b"),
        nodes=nodes,
    )


def relay(rank: int) -> tuple[Relay, Outbox]:
    outbox = Outbox()
    return Relay(outbox, place(rank), lambda: 1000), outbox  # type: ignore[arg-type]


def event(rank: int):
    return to_rows("events", [(rank, 1, "info", "test", "hello")])


def test_places_know_their_leaders():
    assert place(3).leaders == (0, 1, 0, 1)
    assert place(3).node_leaders == (0, 1)
    assert place(1).team == (3,)


def test_a_leader_sends_one_frame_for_its_node_and_rows_before_the_last_done():
    leader, outbox = relay(1)
    member, member_box = relay(3)
    member.send_frame(Position("p", Doing.COMPUTING, 4, "f", 9), {"events": event(3)})
    member.say(Kind.DONE, "x", None)
    assert {dest for dest, *_ in member_box.sent} == {1}
    for _, kind, about, payload in member_box.sent:
        leader.up(Message(kind, about, 3, payload))
    assert outbox.sent == []
    leader.say(Kind.DONE, "x", None)
    (frame, done) = outbox.sent
    assert frame[:2] == (0, Kind.FRAME)
    assert done == (0, Kind.DONE, "x", {3: None, 1: None})
    heard, rows = frame[3]
    assert heard[3] == (0, ("p", "computing", 4, "f", 9))
    assert np.frombuffer(rows["events"], BY_NAME["events"].dtype)["rank"].tolist() == [
        3
    ]


def test_rows_of_a_node_are_joined_and_nothing_is_sent_twice():
    bundle, other = Bundle(), Bundle()
    other.add(3, 500, Position(), {"events": event(3)})
    bundle.add(1, 900, Position(), {"events": event(1)})
    bundle.join(other.take(600), now_ns=950)
    heard, rows = bundle.take(1000)
    assert {rank: age for rank, (age, _) in heard.items()} == {1: 100, 3: 150}
    joined = np.frombuffer(rows["events"], BY_NAME["events"].dtype)
    assert joined["rank"].tolist() == [1, 3]
    assert bundle.take(1100) == ({}, {})


def test_a_start_becomes_an_instant_of_each_clock():
    root, outbox = relay(0)
    root.local_offsets_ns = {2: 30}
    root.start("x", {0: 10_000, 1: 7_000})
    assert outbox.sent == [
        (1, Kind.START, "x", 7_000),
        (2, Kind.START, "x", 9_970),
    ]
    leader, passed = relay(1)
    leader.local_offsets_ns = {3: -5}
    leader.down(Kind.START, "x", 7_000)
    assert passed.sent == [(3, Kind.START, "x", 7_005)]
