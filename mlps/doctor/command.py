"""The command `mlps doctor`."""

import json
import sys
from pathlib import Path

import click

from mlps.doctor.examination import examine
from mlps.doctor.gathering import gather
from mlps.doctor.table import data_of, text_of
from mlps.errors import NotReadyError

_PATH = click.Path(path_type=Path)


@click.command()
@click.option("--data", type=_PATH, help="Where the dataset will be [default: here].")
@click.option("--results", type=_PATH, help="Where results go [default: here].")
@click.option("--json", "as_json", is_flag=True, help="Print plain data instead.")
def doctor(data: Path | None, results: Path | None, *, as_json: bool) -> int:
    """Check this machine: is it READY to compile, run and verify, and if not, the fix.

    2 ranks are started, and a file of 4 MiB is written under each path, read and
    removed. Exit status: 0 READY, 3 not ready.
    """
    here = Path.cwd()
    found = examine(gather(here / (data or ""), here / (results or "")))
    if as_json:
        click.echo(json.dumps(data_of(found), indent=2))
    else:
        click.echo(text_of(found, colour=sys.stdout.isatty()))
    return 0 if found.is_ready else NotReadyError.exit_status
