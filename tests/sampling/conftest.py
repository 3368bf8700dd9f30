from pathlib import Path

import pytest

from runner.record import hosts


@pytest.fixture
def recorded() -> Path:
    """Folders that look like /proc, one per kernel."""
    return Path(__file__).parent / "recorded"


@pytest.fixture
def disk_path(tmp_path: Path) -> Path:
    """A folder whose files live in the page cache and can leave it."""
    fs_type = hosts.mount_rows(0, [("data", tmp_path)])["fs_type"][0]
    if fs_type in (b"tmpfs", b"ramfs"):
        pytest.skip(f"{tmp_path} is {fs_type.decode()}: its pages can't leave memory")
    return tmp_path
