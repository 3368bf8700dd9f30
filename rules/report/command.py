"""The command `mlps report`: reads, judges and writes; everything else is pure."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from mlps.atomic import replace_file
from rules.report import data, junit, markdown, source, table, text
from rules.report.chapter import Chapter
from rules.report.html.page import judgement_page
from rules.report.published import chapter as chapter_of
from rules.review import Asked, asked_for, published
from rules.sources.campaign import subjects

_STDOUT = "-"
_FILE = click.Path(dir_okay=False, path_type=Path)
_FILE_OR_STDOUT = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--html", type=_FILE, metavar="FILE", help="Write one page.")
@click.option("--json", type=_FILE_OR_STDOUT, metavar="FILE", help="Plain data.")
@click.option("--junit", type=_FILE_OR_STDOUT, metavar="FILE", help="JUnit XML.")
@click.option("--markdown", type=_FILE_OR_STDOUT, metavar="FILE", help="Markdown.")
@click.option("--csv", type=_FOLDER, metavar="DIR", help="Write tables of series.")
@click.option("--edition", default="", help="Judge a published tree by this one.")
@click.option("--partial", is_flag=True, help="PATH is an excerpt of a published tree.")
@click.pass_context
def report(
    context: click.Context,
    /,
    path: Path,
    *,
    edition: str,
    partial: bool,
    **wanted: Path | None,
) -> None:
    """Report the run, campaign, folder of campaigns or published tree at PATH.

    Everything is judged and recomputed from the evidence, as `mlps verify` does.
    FILE may be - for standard output, but for --html; without it a summary is
    printed. Exit status: 0 all rules pass for the division claimed, 1 a rule failed
    or lacks evidence, 2 there is no plan.
    """
    printed = [name for name, file in wanted.items() if str(file) == _STDOUT]
    if len(printed) > 1:
        flags = " and ".join(f"--{name}" for name in printed)
        raise click.UsageError(f"{flags} can't both be written to standard output")
    place = path.resolve() if path.is_symlink() else path
    chapters = _chapters(place, asked_for(edition, partial=partial))
    status = max((chapter.exit_status for chapter in chapters), default=0)
    for file, written in _products(chapters, status, wanted):
        _write(file, written)
    if not printed:
        colour = sys.stdout.isatty()
        parts = [text.summary(chapter, colour=colour) for chapter in chapters]
        click.echo("\n".join(parts), nl=False)
    context.exit(status)


def _chapters(path: Path, asked: Asked) -> list[Chapter]:
    parts = published(path, asked)
    if parts is not None:
        return [chapter_of(part) for part in parts if part.is_judged]
    if asked != Asked():
        raise click.UsageError("--edition and --partial are for published trees")
    return [source.chapter(found) for found in subjects(path)]


def _products(
    chapters: Sequence[Chapter], status: int, wanted: dict[str, Path | None]
) -> list[tuple[Path, bytes]]:
    """Contents of each file that is asked for."""
    title = ", ".join(chapter.title for chapter in chapters[:3])
    makers = {
        "html": lambda: judgement_page(f"{title} - mlps report", chapters).encode(),
        "json": lambda: data.document(chapters, status).encode(),
        "junit": lambda: junit.document(chapters),
        "markdown": lambda: markdown.document(chapters).encode(),
    }
    products = [
        (file, makers[name]()) for name in makers if (file := wanted[name]) is not None
    ]
    folder = wanted["csv"]
    if folder is not None:
        tables = table.tables(chapters)
        products += [(folder / name, content) for name, content in tables.items()]
    return products


def _write(file: Path, content: bytes) -> None:
    if str(file) == _STDOUT:
        sys.stdout.write(content.decode())
        return
    try:
        if file.suffix == ".csv":
            file.parent.mkdir(exist_ok=True)
        replace_file(file, content)
    except OSError as error:
        why = error.strerror or str(error)
        raise click.UsageError(f"{file}: can't be written: {why}") from error
    click.echo(f"written {file}", err=True)
