"""The compiler as its users meet it: the command line, in this process or its own."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mlps.cli import main
from mlps.compiler.compiler import Compiler


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str


@pytest.fixture
def say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """Run `mlps` in this process, in tmp_path."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Said:
        with pytest.raises(SystemExit) as exited:
            main(arguments)
        said = capsys.readouterr()
        return Said(status=int(exited.value.code or 0), out=said.out, err=said.err)

    return run


@pytest.fixture(scope="session")
def compiler() -> Compiler:
    return Compiler()
