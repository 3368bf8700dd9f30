"""The README's commands are commands that work."""

import re
import shlex
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"


def compile_commands():
    text = README.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line.startswith("mlps +"):
            yield shlex.split(re.sub(r"   +\S.*$", "", line))[1:]


def test_each_compile_command_of_the_readme_writes_its_plans(tmp_path, mlps):
    commands = list(compile_commands())
    assert len(commands) == 4
    for number, command in enumerate(commands):
        folder = tmp_path / str(number)
        folder.mkdir()
        done = mlps(*command, cwd=folder)
        assert done.returncode in (0, 1), done.stderr
        wanted = 4 if "-m" in command else 1
        assert len(list(folder.glob("*.yaml"))) == wanted
