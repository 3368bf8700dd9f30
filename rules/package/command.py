"""The command `mlps package`."""

import sys
from pathlib import Path

import click

from mlps.units import format_bytes
from rules.package.layout import SIGNATURE
from rules.package.sealing import Sealed, seal
from rules.render import clean, verdict_line
from rules.rule import Stage

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("campaign", metavar="DIR", type=_FOLDER)
@click.option(
    "--output",
    "package",
    metavar="OUT",
    required=True,
    type=click.Path(path_type=Path),
    help="The new folder; nothing may be there yet.",
)
@click.option(
    "--sign",
    "key",
    metavar="KEY",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Sign with this SSH key (ssh-keygen -Y sign).",
)
@click.option("--allow-invalid", is_flag=True, help="Seal an INVALID campaign, too.")
def package(
    campaign: Path, package: Path, key: Path | None, *, allow_invalid: bool
) -> int:
    """Seal the campaign in DIR for submission: a copy that anyone can check.

    OUT gets the campaign's files, its verdict, a statement about all of them and
    their checksums; `mlps verify OUT` checks it all, offline. Exit status: 0 sealed,
    1 its verdict is INVALID, 2 it can't be sealed.
    """
    own = campaign.resolve() if campaign.is_symlink() else campaign
    sealed = seal(own, package, key=key, allow_invalid=allow_invalid)
    for name in sealed.left_out:
        sys.stderr.write(f"mlps: left out, no file of a campaign: {clean(name)}\n")
    click.echo(_told(package, sealed))
    return 0


def _told(package: Path, sealed: Sealed) -> str:
    size_bytes = sum((package / name).stat().st_size for name in sealed.files)
    signed = "signed" if SIGNATURE in sealed.files else "not signed"
    return "\n".join(
        [
            f"package  {clean(str(package))}",
            f"  files    {len(sealed.files)}, {format_bytes(size_bytes)}; {signed}",
            f"  {verdict_line(sealed.judgement, Stage.CAMPAIGN)}",
            f"check it: mlps verify {clean(str(package))}",
        ]
    )
