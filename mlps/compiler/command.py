"""The compile command: overrides in, plan files and a screen out."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlps.compiler.compiler import Compiler
from mlps.compiler.freeze import plan_file_name
from mlps.compiler.index import index_name, render_index
from mlps.compiler.request import Request, parse_request
from mlps.compiler.screen import failing_of, render_screen
from mlps.errors import ConfigError
from mlps.plan import PlanDocument, render


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where plans go: an exact file, or a folder (default: the current one)."""

    file: str | None
    folder: str | None

    def path(self, name: str) -> str:
        """Path of a file as the user will type it."""
        if self.file is not None:
            return self.file
        return str(Path(self.folder or "", name))


def run(arguments: Sequence[str], target: Target, commands: Sequence[str]) -> int:
    """Compile what is asked and print it; return the exit status."""
    request = parse_request(arguments, commands)
    if request.shows:
        return _show(arguments, request)
    if target.file is not None and (request.sweep or target.folder is not None):
        other = (
            "-m writes several plans" if request.sweep else "--output names a folder"
        )
        raise ConfigError(
            f"command line: --write-to names one file, but {other};"
            " give --output DIR alone"
        )
    if target.folder is not None:
        _make(target.folder)
    compiler = Compiler(request.config_dir)
    if request.sweep:
        return _sweep(compiler, request, target)
    return _one(compiler.compile(request.overrides), target)


def _show(arguments: Sequence[str], request: Request) -> int:
    from mlps.compiler.display import show  # noqa: PLC0415 - dear, and seldom asked for

    if not request.completes:
        Compiler(request.config_dir).composer.check(request.overrides)
    return show(arguments)


def _one(doc: PlanDocument, target: Target) -> int:
    from rules.engine import judge_plan  # noqa: PLC0415 - mlps must not need rules

    file = target.path(plan_file_name(doc))
    _write(file, render(doc))
    judgement = judge_plan(doc)
    sys.stdout.write(render_screen(doc, judgement, file))
    return judgement.exit_status


def _sweep(compiler: Compiler, request: Request, target: Target) -> int:
    from rules.engine import judge_plan  # noqa: PLC0415 - as above

    docs = list(compiler.sweep(request.overrides))
    judgements = [judge_plan(doc) for doc in docs]
    for doc in docs:
        _write(target.path(plan_file_name(doc)), render(doc))
    verdicts = [str(judgement.division_verdict) for judgement in judgements]
    index = render_index(docs, verdicts)
    file = target.path(index_name(docs))
    _write(file, index.encode())
    sys.stdout.write(index)
    for doc, judgement in zip(docs, judgements, strict=True):
        for finding in failing_of(judgement):
            rule = f"{finding.rule_id} {finding.name} {finding.verdict.value}"
            sys.stderr.write(f"{doc.campaign_name}: {rule}: {finding.actual}\n")
    sys.stderr.write(f"{len(docs)} plans written; index: {file}\n")
    return max(judgement.exit_status for judgement in judgements)


def _make(folder: str) -> None:
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"command line: --output {folder}: {error.strerror}"
        ) from error


def _write(file: str, data: bytes) -> None:
    """Write a file whole or not at all."""
    path = Path(file)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise ConfigError(
            f"command line: {file} can't be written: {error.strerror}"
        ) from error
