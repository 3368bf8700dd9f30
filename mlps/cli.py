"""The `mlps` command: subcommands, and the compiler for everything else.

Nothing dear is imported until a command needs it: `mlps --help` answers at once.
"""

import io
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module, resources
from pathlib import Path

import click

from mlps import __version__
from mlps.errors import MlpsError, PlanError
from mlps.plan import PlanDocument, parse

_COMPILE = "compile"
# Commands of packages this one must not need: module and attribute by name.
_ELSEWHERE = {
    "verify": ("rules.command", "verify", "Judge a plan, a run, a campaign or a tree."),
    "rules": ("rules.command", "rules", "List the rules, or explain one."),
    "report": ("rules.report.command", "report", "Report a run or a campaign."),
    "diff": ("rules.comparison.command", "diff", "Compare two plans or two results."),
    "package": ("rules.package.command", "package", "Seal a campaign for submission."),
    "launch": ("mlps.launch.command", "launch", "Start a plan on its hosts."),
    "doctor": ("mlps.doctor.command", "doctor", "Check this machine, with the fixes."),
}
_HELP = """\
Compile, judge and explain MLPerf Storage style benchmark plans.

\b
  mlps +workload=unet3d +system=b200x8          compile a plan and judge it
  mlps +workload=unet3d,retinanet +system=b200x8,mi355x8 -m
                                                sweep: one plan for each
  mpirun -n 8 mlps-runner PLAN                  run it (the screen has the command)

Overrides are KEY=VALUE, e.g. system.hosts=4, submission=demo, submission.edition=2.0.
A first word that is no command is an override.
"""


class Commands(click.Group):
    """A group whose fall-through is the compiler."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the compiler in front of arguments that name no command."""
        own = {*self.list_commands(ctx), _COMPILE, *ctx.help_option_names, "--version"}
        if not args:
            args = ["--help"]
        if args[0] not in own:
            args = [_COMPILE, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command, those of other packages included."""
        return sorted({*super().list_commands(ctx), *_ELSEWHERE})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command of another package when it is called."""
        if cmd_name not in _ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        module, attribute, _ = _ELSEWHERE[cmd_name]
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List commands without importing any, then the groups and Hydra's flags."""
        rows = {name: text for name, (_, _, text) in _ELSEWHERE.items()}
        for name, command in self.commands.items():
            if not command.hidden:
                rows[name] = command.get_short_help_str(70)
        with formatter.section("Commands"):
            formatter.write_dl(sorted(rows.items()))
        with formatter.section(
            "Groups (+workload=NAME, +system=NAME, submission=NAME)"
        ):
            formatter.write_dl(_groups())
        with formatter.section("Compiling"):
            formatter.write_dl(_COMPILING)


_COMPILING = [
    ("-m", "sweep over values given as a,b,c or range(1,5)"),
    ("--output DIR", "folder for plan files (default: the current one)"),
    ("--write-to FILE", "exact name of the plan file"),
    ("--config-dir DIR", "your own groups: DIR/workload/NAME.yaml and so on"),
    ("--cfg job", "show the composed config; --info, --hydra-help: more of Hydra's"),
    ("-sc install=bash", "shell completion: eval the output"),
]


def _groups() -> list[tuple[str, str]]:
    folder = resources.files("conf")
    return [
        (
            group,
            ", ".join(
                sorted(
                    file.name.removesuffix(".yaml")
                    for file in (folder / group).iterdir()
                    if file.name.endswith(".yaml")
                )
            ),
        )
        for group in ("workload", "system", "submission")
    ]


@click.group(
    cls=Commands,
    help=_HELP,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="mlps")
def commands() -> None:
    """Group of all commands."""


@commands.command(
    name=_COMPILE,
    hidden=True,
    add_help_option=False,
    context_settings={"ignore_unknown_options": True},
)
@click.option("--write-to", "file", metavar="FILE", default=None)
@click.option("--output", "folder", metavar="DIR", default=None)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def compile_plans(
    ctx: click.Context,
    arguments: Sequence[str],
    file: str | None,
    folder: str | None,
) -> int:
    """Compile overrides into plans."""
    from mlps.compiler import command  # noqa: PLC0415 - Hydra is dear to import

    names = commands.list_commands(ctx)
    names.remove(_COMPILE)
    target = command.Target(file=file, folder=folder)
    return command.run(arguments, target, names)


@commands.command()
@click.argument("plan", type=click.Path())
@click.argument("key")
def explain(plan: str, key: str) -> int:
    """Say what a plan's KEY is and where it came from."""
    from mlps.explanation import explain as explained  # noqa: PLC0415

    sys.stdout.write(explained(_read(plan), key))
    return 0


def _read(file: str) -> PlanDocument:
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise PlanError(f"{file}: can't be read: {error.strerror}") from error
    return parse(data, file)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A plan may hold letters that the terminal's encoding does not.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(status_of(lambda: commands.main(arguments, standalone_mode=False)))


def status_of(command: Callable[[], object]) -> int:
    """Run a command; errors become one line on stderr and an exit status."""
    try:
        status = command()
        sys.stdout.flush()
    except MlpsError as error:
        sys.stderr.write(f"mlps: {_line(str(error))}\n")
        return error.exit_status
    except click.ClickException as error:
        text = _line(error.format_message().rstrip("."))
        sys.stderr.write(f"mlps: {text}; see mlps --help\n")
        return 2
    except (KeyboardInterrupt, click.Abort):
        sys.stderr.write("mlps: interrupted\n")
        return 130
    except BrokenPipeError:
        # Whoever read the output has gone; the interpreter must not flush it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception:  # noqa: BLE001 - the one place where a bug becomes text
        traceback.print_exc()
        sys.stderr.write("mlps: internal error; please report it with the text above\n")
        return 4
    return status if isinstance(status, int) else 0


def _line(text: str) -> str:
    """Keep an error on one line, whatever it quotes."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
