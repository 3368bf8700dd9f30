"""A rank's end of the connection to the watch of its node; lost when it dies.

With it goes a memory file into which the interpreter writes the Python stacks of
all threads when the watch asks by a signal.
"""

import faulthandler
import os
import socket
import struct
from typing import BinaryIO

from mlps.errors import NotReadyError
from runner.watch.inspection import DUMP_SIGNAL

GOODBYE = b"."
HELLO = struct.Struct("<q")


class Lifeline:
    """Says hello, stays open as long as the process lives, says goodbye."""

    def __init__(self, name: str, rank: int) -> None:
        """Connect to the watch of this host."""
        self._dump: BinaryIO = os.fdopen(os.memfd_create("stacks"), "wb")
        faulthandler.register(DUMP_SIGNAL, file=self._dump, all_threads=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._socket.connect(address(name))
            hello = [HELLO.pack(rank)]
            socket.send_fds(self._socket, hello, [self._dump.fileno()])
        except OSError as error:
            raise NotReadyError(
                f"rank {rank}: no connection to the process that writes the evidence"
                f" or watches this host: {error.strerror} (errno {error.errno}); start"
                " all ranks of a host in one network namespace"
            ) from error

    def close(self) -> None:
        """Say goodbye: this rank ends because it is done."""
        try:
            self._socket.send(GOODBYE)
        except OSError:
            return  # the watch is gone: there is nobody to say goodbye to
        finally:
            self._socket.close()


def address(name: str) -> str:
    """Address without a file: Linux's abstract namespace."""
    return f"\0mlps-{name}"
