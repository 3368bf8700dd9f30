"""What hosts say: split, bounded, refused when it is no /proc."""

import socket
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.record.observers import answer
from runner.record.observers.answer import AnswerError, Incoming, answer_of
from runner.record.observers.axis import STEP_NS, Axis
from runner.record.observers.connection import FILES, SCRIPT, command, end_of, transport

SHELLS = (("dash",), ("bash",), ("busybox", "sh"), ("sh",))


def said(*numbers: int, shell: tuple[str, ...] = ("sh",)) -> list[bytes]:
    """Answers of the script, run by this shell here."""
    with subprocess.Popen(
        shell, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        found = []
        for number in (0, *numbers):
            process.stdin.write(b"%d\n" % number if number else SCRIPT)
            incoming = Incoming()
            incoming.expect(number)
            while (raw := incoming.add(process.stdout.read(100))) is None:
                pass
            found.append(raw)
        process.stdin.close()
        assert process.stdout.read() == b""
        assert process.wait(10) == 0
    return found[1:]


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_each_shell_understands_the_script_and_ends_with_its_input(shell):
    try:
        raw = said(1, 22, shell=shell)
    except FileNotFoundError:
        pytest.skip(f"no {shell[0]} here")
    for one in map(answer_of, raw):
        present = {path for path in FILES if Path(path).exists()}
        assert present <= set(one.files) | {"/proc/pressure/cpu"}
        assert one.boot_id == Path("/proc/sys/kernel/random/boot_id").read_bytes()[:36]
        assert abs(one.uptime_ns - time.clock_gettime_ns(time.CLOCK_BOOTTIME)) < 60e9
        rows = one.rows(7, 123)
        assert {"cpu", "memory", "vmstat"} <= set(rows)
        assert all((r["node"] == 7).all() for r in rows.values())
        assert all((r["sampled_at_ns"] == 123).all() for r in rows.values())


def test_files_are_those_of_the_kernel():
    (raw,) = said(1)
    one = answer_of(raw)
    own = Path("/proc/meminfo").read_bytes().split(b"\n")
    theirs = one.files["/proc/meminfo"].split(b"\n")
    assert [line.split()[:1] for line in theirs] == [line.split()[:1] for line in own]
    assert set(one.files) <= set(FILES)


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (lambda raw: raw.replace(b"==> /proc/stat", b"==> /proc/sta"), "no /proc/stat"),
        (lambda raw: raw.replace(b"MemTotal:", b"MemTotal: x"), "/proc/meminfo: "),
        (lambda raw: raw.replace(b"cpu ", b"cpu -1 ", 1), "/proc/stat: "),
        (lambda _: b"Welcome to storage-1", "no /proc/uptime"),
        (lambda _: b"", "no /proc/uptime"),
        (lambda _: b"==> /proc/uptime <==\n" + b"9" * 99, "no /proc/uptime"),
    ],
)
def test_nonsense_is_refused_and_named(edit, text):
    (raw,) = said(1)
    with pytest.raises(AnswerError, match=text):
        _all_of(edit(raw))


@given(st.binary(max_size=300), st.integers(0, 10**9))
def test_no_bytes_raise_anything_else(noise, seed):
    raw = _recorded()
    place = seed % len(raw)
    for mutant in (noise, raw[:place] + noise + raw[place + len(noise) :], raw[:place]):
        try:
            _all_of(mutant)
        except AnswerError:
            continue


_RECORDED: list[bytes] = []


def _recorded() -> bytes:
    if not _RECORDED:
        _RECORDED.extend(said(1))
    return _RECORDED[0]


def _all_of(raw: bytes) -> None:
    one = answer_of(raw)
    _ = one.uptime_ns
    one.rows(1, 1)


def test_an_answer_without_end_is_refused_at_its_limit(monkeypatch):
    monkeypatch.setattr(answer, "MOST_BYTES", 10_000)
    incoming = Incoming()
    incoming.expect(5)
    for _ in range(10):
        assert incoming.add(b"x" * 1000) is None
    with pytest.raises(AnswerError, match="more than 10000 bytes"):
        incoming.add(b"x")


@given(st.integers(1, 40))
def test_an_answer_is_found_however_it_is_cut(size):
    whole = b"talk\n==> end 4 <==\nbody" + end_of(5)
    incoming = Incoming()
    incoming.expect(5)
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    found = [raw for piece in pieces if (raw := incoming.add(piece)) is not None]
    assert found == [whole.removesuffix(end_of(5))]


def test_this_host_needs_no_ssh_and_others_never_ask_or_forward():
    assert transport("localhost") == transport(socket.gethostname()) == "local"
    assert command("localhost") == ("sh",)
    words = command("root@storage-1")
    assert words[-3:] == ("--", "root@storage-1", "exec sh")
    for option in ("BatchMode=yes", "ForwardAgent=no", "ClearAllForwardings=yes"):
        assert option in words
    assert transport("root@localhost") == "ssh"


exchanges = st.lists(
    st.tuples(
        st.integers(0, 3 * 10**9),  # until asked
        st.integers(1, 2 * 10**9),  # until taken
        st.integers(1, 2 * 10**9),  # until received
    ),
    min_size=1,
    max_size=60,
)


@given(exchanges, st.integers(-(10**15), 10**15), st.integers(-400, 400))
def test_the_true_time_is_always_within_the_bound(delays, offset_ns, ppm):
    axis, now_ns = Axis(), 10**18
    for pause, there, back in delays:
        sent = now_ns + pause
        taken, received = sent + there, sent + there + back
        uptime = taken + offset_ns + (taken - 10**18) * ppm // 10**6
        moment = axis.place(sent, uptime // STEP_NS * STEP_NS, received)
        assert abs(moment.at_ns - taken) <= moment.error_ns
        assert sent <= moment.at_ns <= received
        now_ns = received


def asked(axis: Axis, sent_ns: int, uptime_ns: int, delay_ns: int = 2_000_000):
    return axis.place(sent_ns, uptime_ns // STEP_NS * STEP_NS, sent_ns + delay_ns)


@pytest.mark.parametrize("set_by_s", [0, 1000])
def test_a_late_answer_is_placed_by_the_host_s_own_clock(set_by_s):
    axis = Axis()
    for number in range(5):
        quick = asked(axis, number * 10**9, number * 10**9)
        assert quick.error_ns <= 1_000_000
    shift = set_by_s * 10**9  # as after another boot
    for number in range(5, 10):
        assert asked(axis, number * 10**9, number * 10**9 + shift).error_ns <= 1_000_000
    sent = 10 * 10**9
    taken = sent + 1_234_000_000
    late = asked(axis, sent, taken + shift, 3 * 10**9)
    assert abs(late.at_ns - taken) <= late.error_ns < 15_000_000
    assert abs(axis.offset_ns + shift) < STEP_NS


@pytest.mark.parametrize("ppm", [-400, 400])
def test_a_clock_that_drifts_is_given_room(ppm):
    axis = Axis()
    for sent in (0, STEP_NS - 2):  # both bounds of the offset are tight
        asked(axis, sent, sent, 1)
    taken = 30 * 10**9
    late = asked(axis, taken - 10**9, taken + taken * ppm // 10**6, 2 * 10**9)
    assert abs(late.at_ns - taken) <= late.error_ns < 40_000_000
