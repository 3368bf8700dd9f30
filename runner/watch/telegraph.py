"""Short JSON lines over a socket between watches; never blocking, never trusting."""

import json
import socket
from typing import Any

_LINE_LIMIT_BYTES = 1 << 17
_PIECE_BYTES = 1 << 16


class Telegraph:
    """One connection; `receive` says None when it has ended."""

    def __init__(self, line: socket.socket) -> None:
        """Take over a connected socket."""
        line.setblocking(False)
        self.socket = line
        self._buffer = b""

    def send(self, **message: object) -> bool:
        """Send a message; False when the other side is gone or does not read."""
        data = json.dumps(message).encode() + b"\n"
        try:
            return self.socket.send(data) == len(data)
        except OSError:
            return False

    def receive(self) -> list[dict[str, Any]] | None:
        """Return the messages that have arrived; None at the end, or for nonsense."""
        try:
            piece = self.socket.recv(_PIECE_BYTES)
        except BlockingIOError:
            return []
        except OSError:
            return None
        *lines, self._buffer = (self._buffer + piece).split(b"\n")
        if not piece or len(self._buffer) > _LINE_LIMIT_BYTES:
            return None
        try:
            messages = [json.loads(line) for line in lines]
        except ValueError:
            return None
        return messages if all(isinstance(m, dict) for m in messages) else None

    def close(self) -> None:
        """End the connection."""
        self.socket.close()
