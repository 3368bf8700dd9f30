"""What a host answers: bytes to files to rows. A host is a stranger: all is bounded."""

import re
from dataclasses import dataclass

from mlps.evidence import StructArray
from runner.record.observers.connection import BOOT_ID, LOOKS, UPTIME, end_of

MOST_BYTES = 2**20
"""Of one answer: 512 processors, 300 devices and 1,000 interfaces take a third."""

_HEADING = re.compile(rb"(?:\A|\n)==> (/[^\n ]{1,100}) <==\n")
_UPTIME = re.compile(rb"(\d{1,12})\.(\d\d) ")


class AnswerError(ValueError):
    """The host said what no kernel says; the text says what."""


class Incoming:
    """Bytes of one answer until it is whole."""

    def __init__(self) -> None:
        """Nothing came yet."""
        self._bytes = bytearray()
        self._end = b""

    def expect(self, number: int) -> None:
        """Wait for the answer of this number; what came before is forgotten."""
        self._bytes.clear()
        self._end = end_of(number)

    def add(self, piece: bytes) -> bytes | None:
        """Take what came; give the answer when its end is there."""
        searched = max(0, len(self._bytes) - len(self._end))
        self._bytes += piece
        end = self._bytes.find(self._end, searched)
        if end >= 0:
            return bytes(self._bytes[:end])
        if len(self._bytes) > MOST_BYTES:
            raise AnswerError(f"more than {MOST_BYTES} bytes without an end")
        return None


@dataclass(frozen=True, slots=True)
class Answer:
    """The files of one sample, by path; one the kernel lacks is not there."""

    files: dict[str, bytes]

    @property
    def uptime_ns(self) -> int:
        """Clock of the host, in steps of 10 ms: its time since boot."""
        found = _UPTIME.match(self.files.get(UPTIME, b""))
        if not found:
            raise AnswerError(f"no {UPTIME} in its answer")
        return (int(found[1]) * 100 + int(found[2])) * 10_000_000

    @property
    def boot_id(self) -> bytes:
        """Which boot of the host this is."""
        return self.files.get(BOOT_ID, b"").strip()

    def rows(self, node: int, at_ns: int) -> dict[str, StructArray]:
        """Rows by table, all of the same time; AnswerError on what is no /proc."""
        found = {}
        for look in LOOKS:
            files = [self.files.get(file.path) or None for file in look.files]
            for file, content in zip(look.files, files, strict=True):
                if content is None and file.needed:
                    raise AnswerError(f"no {file.path} in its answer")
            if any(content is not None for content in files):
                try:
                    found[look.table] = look.parse(node, at_ns, *files)
                except ValueError as error:
                    raise AnswerError(str(error)) from error
        return {table: rows for table, rows in found.items() if len(rows)}


def answer_of(raw: bytes) -> Answer:
    """Tell the files of an answer apart."""
    _, *parts = _HEADING.split(raw)
    paths = (path.decode("ascii", "replace") for path in parts[::2])
    return Answer(dict(zip(paths, parts[1::2], strict=True)))
