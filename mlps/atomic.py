"""Replacing a file as a whole: no reader, and no crash, sees half of it."""

import os
from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Write beside it, sync, rename; a leftover of a crash is overwritten.

    An OSError names `path`: a write or a sync that fails does not know its file.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
