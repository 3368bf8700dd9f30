"""Replacing a file as a whole: no reader, and no crash, sees half of it."""

import os
from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Write beside it, sync, rename; a leftover of a crash is overwritten."""
    temporary = path.with_name(f".{path.name}.part")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
