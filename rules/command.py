"""The commands `mlps verify` and `mlps rules`."""

import json
import sys
from pathlib import Path

import click

from mlps.errors import PlanError
from mlps.plan import nearest
from rules import render
from rules.catalogue import CATALOGUE
from rules.edition import edition_named, editions
from rules.engine import judge
from rules.finding import Judgement
from rules.sources.campaign import Subject, Unreadable, subjects


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print plain data instead.")
@click.pass_context
def verify(context: click.Context, path: Path, *, as_json: bool) -> None:
    """Judge the plan, run, campaign or folder of campaigns at PATH again.

    Every number is recomputed from the evidence. Exit status: 0 all rules pass for
    the division claimed, 1 a rule failed or lacks evidence, 2 there is no plan.
    """
    statuses, items = [0], []
    for found in subjects(path.resolve() if path.is_symlink() else path):
        status, text, item = _judged(found, colour=sys.stdout.isatty())
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
        click.echo(render.catalogue(CATALOGUE, edition))
        return
    wanted = [r for r in CATALOGUE if rule_id in (r.id, r.name)]
    if not wanted:
        near = nearest(rule_id, [r.id for r in CATALOGUE])
        raise click.UsageError(f"there is no rule {rule_id!r}; {near}")
    click.echo(render.explanation(wanted[0], edition))
