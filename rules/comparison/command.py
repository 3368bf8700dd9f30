"""The command `mlps diff`."""

import json
import sys
from pathlib import Path

import click

from rules.comparison.comparison import compare
from rules.comparison.data import data
from rules.comparison.render import text
from rules.comparison.side import read_side

_PLACE = click.Path(path_type=Path)


@click.command()
@click.argument("old", metavar="A", type=_PLACE)
@click.argument("new", metavar="B", type=_PLACE)
@click.option("--json", "as_json", is_flag=True, help="Print plain data instead.")
def diff(old: Path, new: Path, *, as_json: bool) -> int:
    """Compare two plans, or two results with what may be claimed of them.

    A and B are plan files, run directories or campaign directories. Config comes
    first, by what the rules make of it, then hosts and code, then the numbers, each
    with an interval. Exit status: 0 compared, 2 one of them can't be read.
    """
    found = compare(read_side(old), read_side(new))
    if as_json:
        sys.stdout.write(json.dumps(data(found), indent=2) + "\n")
    else:
        sys.stdout.write(text(found))
    return 0
