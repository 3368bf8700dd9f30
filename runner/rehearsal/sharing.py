"""Whether the hosts see one data path: a file of rank 0 tells.

Hosts of one shared storage must see it; hosts with storage of their own must not.
"""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from mlps.errors import NotReadyError
from runner.rehearsal.row import Row, error, ok

_CHECK = "sharing"
_NAME = "nonce"
_PATIENCE_S = 3.0
_PAUSE_S = 0.1


def write_nonce(folder: Path, token: str) -> None:
    """Write the file, down to the storage."""
    try:
        with (folder / _NAME).open("w", encoding="ascii") as file:
            file.write(token)
            file.flush()
            os.fsync(file.fileno())
    except OSError as failure:
        raise NotReadyError(
            f"not ready: {folder}: can't be written to: {failure.strerror};"
            " give this user access and space there"
        ) from failure


def look_for_nonce(folder: Path, token: str, patience_s: float = _PATIENCE_S) -> bool:
    """Say whether it is seen here; a network file system may show it late."""
    deadline_s = time.monotonic() + patience_s
    while True:
        try:
            if (folder / _NAME).read_text(encoding="ascii", errors="replace") == token:
                return True
        except OSError:
            pass  # not there, or not readable: not seen
        if time.monotonic() > deadline_s:
            return False
        time.sleep(_PAUSE_S)


def judge_sharing(
    data_root: Path, seen: Sequence[bool], nodes: Sequence[int], *, shared: bool
) -> Iterator[Row]:
    """Judge what each rank saw of the file that rank 0 wrote."""
    for has_seen, node in zip(seen, nodes, strict=True):
        if node == nodes[0]:
            yield _judge_same_host(data_root, has_seen=has_seen)
        else:
            yield _judge_other_host(data_root, has_seen=has_seen, shared=shared)


def _judge_same_host(data_root: Path, *, has_seen: bool) -> Row:
    if has_seen:
        return ok(_CHECK, f"{data_root}: one path for the ranks of this host")
    return error(
        _CHECK,
        f"{data_root}: a file of rank 0, on this very host, is not seen",
        "start all ranks of a host with the same mounts (one container, no private"
        " mount namespace)",
    )


def _judge_other_host(data_root: Path, *, has_seen: bool, shared: bool) -> Row:
    if has_seen and not shared:
        return error(
            _CHECK,
            f"{data_root}: a file of rank 0 is seen here, the plan says that hosts"
            " share no data path",
            "compile with system.data_shared=true",
        )
    if shared and not has_seen:
        return error(
            _CHECK,
            f"{data_root}: a file of rank 0 is not seen here in {_PATIENCE_S:g} s:"
            " it is not the same storage",
            "mount the same file system there on every host",
        )
    word = "seen here, as planned" if has_seen else "not seen here, as planned"
    return ok(_CHECK, f"{data_root}: a file of rank 0 is {word}")
