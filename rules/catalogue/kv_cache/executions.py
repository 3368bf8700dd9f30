"""The commands that a KV-cache run executed, read from its metadata.

The arguments of the tool are not what ran: CLOSED ignores most of them. What ran
stands in the recorded commands, one for each trial of each option.
"""

import posixpath
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from mlps.errors import NotRecordedError
from rules.stored import Leaf

MAX_ARGUMENTS = 4096
MAX_LAUNCHER = 65536
MAX_COMMANDS = 128
_WRAPPER = "mlperf_wrapper.py"
_PLACE = re.compile(r"option_(\d{1,4})/trial_(\d{1,4})")
_LOG = re.compile(r"kvcache_opt(\d{1,4})_trial(\d{1,4})_")
_RANKS = re.compile(r"\s-(?:n|np)\s+(\d{1,9})\s")
_PRELOAD = re.compile(r"LD_PRELOAD=(\S{1,4096})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One trial of one option: processes started, flags handed over, and what else.

    `ranks` is 0 when the launcher did not say; `own_config` says that the configuration
    is the one beside the wrapper; `preloaded` are library paths.
    """

    option: int
    trial: int
    ranks: int
    own_config: bool
    flags: Mapping[str, str]
    preloaded: tuple[str, ...]

    @property
    def place(self) -> str:
        """Name for people."""
        return f"option {self.option} trial {self.trial}"


def executions(leaf: Leaf) -> tuple[Execution, ...]:
    """Every benchmark command of a run, in the order they were executed."""
    found = []
    items = leaf.metadata.items("command_output_files")
    if len(items) > MAX_COMMANDS:
        raise NotRecordedError(
            f"{leaf.metadata.where}: {len(items)} commands, more than {MAX_COMMANDS}"
        )
    for item in items:
        if not isinstance(item, Mapping) or not isinstance(item.get("command"), str):
            continue
        log = item.get("stdout")
        execution = _parsed(item["command"], log if isinstance(log, str) else "", leaf)
        if execution is not None:
            found.append(execution)
    if not found:
        raise NotRecordedError(
            f"{leaf.metadata.where}: command_output_files has no benchmark command"
        )
    return tuple(found)


def _parsed(command: str, log: str, leaf: Leaf) -> Execution | None:
    launcher, wrapper, rest = command.partition(_WRAPPER)
    if not wrapper:
        return None
    if len(launcher) > MAX_LAUNCHER or len(rest) > MAX_ARGUMENTS:
        raise NotRecordedError(f"{leaf.metadata.where}: a command is too long to read")
    try:
        # A path with spaces is quoted; its closing quote stands behind the wrapper.
        flags = _flags(shlex.split(rest.lstrip("'\"")))
    except ValueError as error:
        raise NotRecordedError(
            f"{leaf.metadata.where}: a command can't be read: {error}"
        ) from error
    place = _PLACE.search(flags.get("rank-output-base", "")) or _LOG.search(log)
    if place is None:
        raise NotRecordedError(
            f"{leaf.metadata.where}: a command names no option and trial"
        )
    ranks = _RANKS.search(launcher)
    libraries = [lib for text in _PRELOAD.findall(launcher) for lib in text.split(":")]
    return Execution(
        option=int(place[1]),
        trial=int(place[2]),
        ranks=int(ranks[1]) if ranks else 0,
        own_config=_beside(launcher, flags.get("config", "")),
        flags=flags,
        preloaded=tuple(lib for lib in libraries if lib),
    )


def _beside(launcher: str, config: str) -> bool:
    """Whether a path is config.yaml in the folder that the launcher ends with."""
    folder, name = posixpath.split(config)
    return not config or (name == "config.yaml" and launcher.endswith(f"{folder}/"))


def _flags(words: list[str]) -> dict[str, str]:
    """Values by flag; a flag without one has an empty text."""
    flags: dict[str, str] = {}
    for word, after in zip(words, [*words[1:], "--"], strict=True):
        if word.startswith("--"):
            name, _, value = word[2:].partition("=")
            flags[name] = value if "=" in word or after[:2] == "--" else after
    return flags
