"""The compiler's command line: Hydra's own arguments, less what it can't honour."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from hydra._internal.utils import get_args_parser

from mlps.errors import ConfigError
from mlps.plan import nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked on the command line; `shows`: one of Hydra's own views."""

    overrides: tuple[str, ...]
    sweep: bool
    config_dir: str | None
    shows: bool
    completes: bool


def parse_request(arguments: Sequence[str], commands: Sequence[str]) -> Request:
    """Parse arguments; `commands`: the subcommands, to recognise a misspelt one."""
    first = arguments[0] if arguments else ""
    if first and "=" not in first and first[0] not in "-+~":
        raise ConfigError(
            f"command line: {first!r} is neither a command nor an override;"
            f" {nearest(first, commands)} (an override is KEY=VALUE or +GROUP=NAME)"
        )
    parser = get_args_parser()
    parser.prog = "mlps"
    parser.error = _refuse  # type: ignore[method-assign]
    asked = parser.parse_intermixed_args(list(arguments))
    for option in ("config_path", "config_name", "experimental_rerun"):
        if getattr(asked, option) is not None:
            raise ConfigError(
                f"command line: --{option.replace('_', '-')} has no meaning here;"
                " use --config-dir DIR for your own groups"
            )
    return Request(
        overrides=tuple(asked.overrides),
        sweep=asked.multirun,
        config_dir=asked.config_dir,
        shows=_shows(asked),
        completes=asked.shell_completion,
    )


def _shows(asked: argparse.Namespace) -> bool:
    return bool(
        asked.help
        or asked.hydra_help
        or asked.cfg
        or asked.info
        or asked.shell_completion
    )


def _refuse(message: str) -> NoReturn:
    raise ConfigError(f"command line: {message}; see mlps --help")
