"""Addresses under which other hosts may reach this one."""

import fcntl
import socket
import struct
from collections.abc import Sequence
from pathlib import Path

_SIOCGIFADDR = 0x8915
_IF_INET6 = Path("/proc/net/if_inet6")
_GLOBAL = "00"


def own_addresses() -> Sequence[str]:
    """Give the host's name, then the addresses of its interfaces but loopback."""
    found = [socket.gethostname()]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode())
            try:
                answer = fcntl.ioctl(probe, _SIOCGIFADDR, request)
            except OSError:
                continue  # it has no IPv4 address
            found.append(socket.inet_ntoa(answer[20:24]))
    if _IF_INET6.exists():
        found += inet6(_IF_INET6.read_text(encoding="ascii"))
    return [one for one in found if not one.startswith("127.")]


def inet6(text: str) -> list[str]:
    """Take the addresses of global scope from `if_inet6`."""
    rows = [line.split() for line in text.splitlines()]
    return [
        socket.inet_ntop(socket.AF_INET6, bytes.fromhex(row[0]))
        for row in rows
        if row[3] == _GLOBAL
    ]
