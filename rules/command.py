"""The commands `mlps verify` and `mlps rules`."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from mlps.errors import PlanError
from mlps.plan import nearest
from rules import listing, render
from rules.catalogue import CATALOGUE
from rules.edition import edition_named, editions
from rules.engine import judge
from rules.finding import Judgement
from rules.package.signature import Signers
from rules.review import Asked, Review, asked_for, published
from rules.review_text import review_data, review_text
from rules.subject import Subject, Unreadable


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print plain data instead.")
@click.option("--edition", "edition_name", default="", help="Judge a tree by this one.")
@click.option("--partial", is_flag=True, help="PATH is an excerpt of a published tree.")
@click.option(
    "--allowed-signers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of keys that may sign a package, as ssh-keygen reads it.",
)
@click.option("--signer", help="Who must have signed the package.")
@click.option(
    "--max-evidence-mib",
    type=click.IntRange(min=1),
    help="Memory that the rows of one evidence file may take.",
)
@click.pass_context
def verify(  # noqa: PLR0913 - one for each option
    context: click.Context,
    path: Path,
    *,
    as_json: bool,
    edition_name: str,
    partial: bool,
    allowed_signers: Path | None,
    signer: str | None,
    max_evidence_mib: int | None,
) -> None:
    """Judge the plan, run, campaign, folder of campaigns or published tree at PATH.

    Every number is recomputed from the evidence. Exit status: 0 all rules pass for
    the division claimed, 1 a rule failed or lacks evidence, 2 nothing to judge by.
    """
    statuses, items = [0], []
    asked = asked_for(edition_name, partial=partial)
    signers = _signers(allowed_signers, signer)
    real = path.resolve() if path.is_symlink() else path
    colour = sys.stdout.isatty()
    parts = published(real, asked) if signers is None else None
    if parts is None and asked != Asked():
        raise click.UsageError("--edition and --partial are for published trees")
    if parts is not None and max_evidence_mib:
        raise click.UsageError("--max-evidence-mib is for evidence of mlps-runner")
    found = (
        _ours(real, signers, max_evidence_mib, colour=colour)
        if parts is None
        else (_reviewed(part, colour=colour) for part in parts)
    )
    for status, text, item in found:
        statuses.append(status)
        items.append(item)
        if not as_json:
            click.echo(text)
    if as_json:
        whole = {
            "schema": render.SCHEMA,
            "exit_status": max(statuses),
            "subjects": items,
        }
        click.echo(json.dumps(whole, indent=2))
    context.exit(max(statuses))


def _signers(file: Path | None, name: str | None) -> Signers | None:
    if (file is None) != (name is None):
        raise click.UsageError("--allowed-signers and --signer go together")
    return Signers(file=file, name=name) if file and name else None


Judged = tuple[int, str, dict[str, object]]


def _reviewed(part: Review, *, colour: bool) -> Judged:
    return part.exit_status, review_text(part, colour=colour), review_data(part)


def _ours(
    path: Path, signers: Signers | None, max_evidence_mib: int | None, *, colour: bool
) -> Iterator[Judged]:
    # Trees and lists of rules need no numpy and no h5py, which are dear to import.
    from mlps.evidence.reader import BUDGET_BYTES  # noqa: PLC0415
    from rules.sources.campaign import subjects  # noqa: PLC0415

    budget_bytes = max_evidence_mib * 2**20 if max_evidence_mib else BUDGET_BYTES
    for subject in subjects(path, signers, budget_bytes):
        yield _judged(subject, colour=colour)


def _judged(
    found: Subject | Unreadable, *, colour: bool
) -> tuple[int, str, dict[str, object]]:
    if isinstance(found, Unreadable):
        return _refused(found.where, found.problem)
    try:
        judgement = judge(found.doc, found.stage, found.stored, found.record)
    except PlanError as error:
        return _refused(found.where, str(error))
    item = render.data(found.where, found.stage, found.doc, found.record, judgement)
    return judgement.exit_status, _text(found, judgement, colour=colour), item


def _refused(where: str, problem: str) -> tuple[int, str, dict[str, object]]:
    text = f"{render.clean(problem)}\nverdict: no plan to judge by"
    return PlanError.exit_status, text, {"where": where, "problem": problem}


def _text(found: Subject, judgement: Judgement, *, colour: bool) -> str:
    return "\n\n".join(
        [
            render.header(found.where, found.stage, found.doc, found.record),
            render.table(judgement.findings, colour=colour),
            render.verdict_line(judgement, found.stage) + "\n",
        ]
    )


@click.command()
@click.argument("rule_id", metavar="[ID]", required=False)
@click.option("--edition", "edition_name", help="Edition of the rules (the newest).")
def rules(rule_id: str | None, edition_name: str | None) -> None:
    """List the rules, or explain the one called ID with the edition's numbers."""
    newest = editions()[-1].edition
    try:
        edition = edition_named(edition_name or newest)
    except PlanError as error:
        raise click.UsageError(str(error)) from error
    if rule_id is None:
        click.echo(listing.catalogue(CATALOGUE, edition))
        return
    wanted = [r for r in CATALOGUE if rule_id in (r.id, r.name)]
    if not wanted:
        near = nearest(rule_id, [r.id for r in CATALOGUE])
        raise click.UsageError(f"there is no rule {rule_id!r}; {near}")
    click.echo(listing.explanation(wanted[0], edition))
