"""The command `mlps launch`."""

import os
import shlex
import sys
from pathlib import Path
from typing import TypedDict, Unpack

import click

from mlps.errors import NotReadyError, PlanError
from mlps.launch import discovery, mpich, openmpi, pals, slurm
from mlps.launch.allocation import find_allocation
from mlps.launch.launcher import TRAITS, Launcher, check_suits, choose
from mlps.launch.replacement import become, become_submission
from mlps.launch.start import (
    Argv,
    LaunchError,
    Request,
    Start,
    Target,
    seconds_of,
    start_of,
)
from mlps.launch.target import check_cpus, named_hosts, nodes_for, plugin_of
from mlps.plan import Plan, parse


class Asked(TypedDict):
    """The options as click gives them."""

    launcher: Launcher | None
    hosts: str
    results: str
    rehearse: bool
    environment: tuple[str, ...]
    runner: str
    as_script: bool
    directives: tuple[str, ...]
    time_limit: str
    execute: bool


class AfterDashes(click.Command):
    """A command whose arguments after `--` are another program's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Set apart what follows the first `--`."""
        place = args.index("--") if "--" in args else len(args)
        ctx.obj = tuple(args[place + 1 :])
        return super().parse_args(ctx, args[:place])


@click.command(cls=AfterDashes, options_metavar="[OPTIONS]")
@click.argument("plan")
@click.option(
    "--launcher",
    type=click.Choice([str(launcher) for launcher in Launcher]),
    callback=lambda _ctx, _option, name: None if name is None else Launcher(name),
    help="Who starts the ranks [default: what the allocation and mpi4py ask for].",
)
@click.option(
    "--hosts",
    metavar="A,B|@FILE",
    default="",
    help="Hosts outside of an allocation: names, n[01-16], or a file with one a line.",
)
@click.option("--results", metavar="DIR", default="", help="Passed to mlps-runner.")
@click.option("--rehearse", is_flag=True, help="Passed to mlps-runner.")
@click.option(
    "--env",
    "environment",
    metavar="NAME",
    multiple=True,
    help="Forward this variable to every rank; its value is never shown. Repeatable.",
)
@click.option(
    "--runner",
    metavar="PATH",
    default="",
    help="The mlps-runner to start [default: the one beside this interpreter].",
)
@click.option(
    "--script", "as_script", is_flag=True, help="A job script (slurm, or pals for PBS)."
)
@click.option(
    "--directive",
    "directives",
    metavar="TEXT",
    multiple=True,
    help="One more line for the scheduler, e.g. --account=abc. Repeatable.",
)
@click.option(
    "--time",
    "time_limit",
    metavar="HH:MM:SS",
    default="",
    help="Time limit; two minutes before it the ranks are told to stop and seal.",
)
@click.option("--exec", "execute", is_flag=True, help="Run it; submit it if a script.")
@click.pass_context
def launch(ctx: click.Context, plan: str, **asked: Unpack[Asked]) -> int:
    """Print the command that starts PLAN on its hosts, or run it.

    Inside a Slurm or PBS allocation its node list is used. Arguments after `--` go
    to the launcher. Nothing is tried by ssh.
    """
    path = Path(plan).absolute()
    start = start_of(_plan_at(path), _program(path, asked), _forwarded(asked), ctx.obj)
    launcher, target = _target(start, asked)
    request = _request(launcher, target, asked)
    if asked["as_script"]:
        _hand_over_script(launcher, start, target, request, execute=asked["execute"])
        return 0
    command = _command(launcher, start, target, request)
    if asked["execute"]:
        _talk(shlex.join(command))
        become(command)
    sys.stdout.write(shlex.join(command) + "\n")
    return 0


def _plan_at(path: Path) -> Plan:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PlanError(f"{path}: can't be read: {error.strerror}") from error
    return parse(data, str(path)).plan


def _program(plan: Path, asked: Asked) -> Argv:
    """Give the runner by its path: the ranks must not find another one on PATH."""
    runner = asked["runner"] or str(discovery.own_runner())
    if not asked["runner"] and not discovery.own_runner().exists():
        raise NotReadyError(f"{runner}: is not there; say --runner PATH")
    results = asked["results"] and str(Path(asked["results"]).absolute())
    return (
        runner,
        str(plan),
        *(("--results", results) if results else ()),
        *(("--rehearse",) if asked["rehearse"] else ()),
    )


def _forwarded(asked: Asked) -> tuple[str, ...]:
    for name in asked["environment"]:
        word = name.partition("=")[0]
        if not word.isidentifier() or not word.isascii():
            raise LaunchError(f"--env {word!r} is no name of a variable")
        if word != name:
            raise LaunchError(
                f"--env {word}=...: give the name alone; the value is taken from this"
                " environment"
            )
        if name not in os.environ:
            raise LaunchError(f"--env {name}: it is not set here; export it first")
    return asked["environment"]


def _target(start: Start, asked: Asked) -> tuple[Launcher, Target]:
    """Look around, and decide who starts the ranks and where."""
    launchers = discovery.find_launchers()
    # Another runner has another interpreter, whose mpi4py is not ours to ask.
    library = None if asked["runner"] else discovery.find_library()
    around = find_allocation(os.environ, lambda name: Path(name).read_bytes())
    launcher = asked["launcher"] or choose(around, frozenset(launchers), library)
    check_suits(launcher, library)
    allocation = None if asked["as_script"] else around
    named = named_hosts(asked["hosts"], _bytes_of) if asked["hosts"] else ()
    nodes = nodes_for(launcher, start, named, allocation)
    if allocation and (warning := check_cpus(launcher, allocation, start)):
        _talk(warning)
    found = launchers.get(launcher) or discovery.Found(
        program=TRAITS[launcher].programs[0], version=""
    )
    _talk(f"{launcher} {found.version or 'is not found here'} ({found.program})")
    plugin = ""
    if launcher is Launcher.SLURM:
        plugin = plugin_of(library, start.extra, discovery.find_plugins(found.program))
    return launcher, Target(
        launcher=found.program,
        version=found.version,
        nodes=nodes,
        allocation=allocation,
        pmi=plugin,
    )


def _bytes_of(path: str) -> bytes:
    return Path(path).read_bytes()


def _request(launcher: Launcher, target: Target, asked: Asked) -> Request:
    """Refuse what would have no effect."""
    limit, directives = asked["time_limit"], asked["directives"]
    if limit:
        seconds_of(limit)
    own_job = launcher is Launcher.SLURM and target.allocation is None
    if limit and not asked["as_script"] and not own_job:
        raise LaunchError("--time: nothing is asked of a scheduler here; see --script")
    if directives and not asked["as_script"]:
        raise LaunchError("--directive needs --script; launcher arguments go after --")
    for line in directives:
        if not line.strip().isprintable() or not line.strip():
            raise LaunchError(f"--directive {line!r} is not one line of text")
    return Request(time_limit=limit, directives=directives)


def _command(
    launcher: Launcher, start: Start, target: Target, request: Request
) -> Argv:
    match launcher:
        case Launcher.OPENMPI:
            return openmpi.command(start, target)
        case Launcher.MPICH:
            return mpich.command(start, target)
        case Launcher.SLURM:
            return slurm.command(start, target, request)
        case Launcher.PALS:
            return pals.command(start, target)


def _hand_over_script(
    launcher: Launcher, start: Start, target: Target, request: Request, *, execute: bool
) -> None:
    if launcher is Launcher.SLURM:
        submit, script = slurm.SUBMIT, slurm.script(start, target, request)
    elif launcher is Launcher.PALS:
        submit, script = pals.SUBMIT, pals.script(start, target, request)
    else:
        raise LaunchError(
            f"--script is for slurm and pals; in a job script of your own, `mlps launch"
            f" PLAN --launcher {launcher} --exec` uses the job's node list"
        )
    if execute:
        become_submission(submit, script)
    sys.stdout.write(script)


def _talk(text: str) -> None:
    sys.stderr.write(f"mlps: {text}\n")
