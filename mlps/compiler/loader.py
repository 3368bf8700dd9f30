"""Hydra's loader for our groups: loads a choice of groups, notes the files it read.

Goes out: a composed config and its files; every failure is a one-line ConfigError.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import IConfigRepository
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import ConfigSearchPath, SearchPathQuery
from hydra.core.default_element import ResultDefault
from hydra.errors import HydraException
from hydra.plugins.config_source import ConfigResult
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from mlps.compiler.source import Source, read_source
from mlps.errors import ConfigError

CONFIG_NAME = "plan"
CONFIG_ROOT = "pkg://conf"
VERSION_BASE = "1.3"


class RecordingLoader(ConfigLoaderImpl):
    """Hydra's loader, keeping note of what it composes.

    Asking for the defaults list afterwards would repeat the dearer half of the work.
    """

    def __init__(self, config_search_path: ConfigSearchPath) -> None:
        """Start with nothing composed."""
        super().__init__(config_search_path)
        self.composed: list[tuple[str, str, str]] = []

    def _load_single_config(
        self, default: ResultDefault, repo: IConfigRepository
    ) -> ConfigResult:
        result = super()._load_single_config(default, repo)
        self.composed.append(
            (result.path, default.config_path or "", default.package or "")
        )
        return result


class GroupLoader:
    """Loads choices of groups; reads and marks each config file once."""

    def __init__(self, config_dir: str | None) -> None:
        """`config_dir`: the user's own groups, searched after the built-in ones."""
        version.setbase(VERSION_BASE)
        self._config_dir = config_dir or ""
        self.hydra = RecordingLoader(_search_path(config_dir))
        # Its constructor registers Hydra's resolvers, which Hydra's own config needs.
        Hydra(task_name="mlps", config_loader=self.hydra)
        self._options: dict[str, list[str]] = {}
        self._sources: dict[tuple[str, str, str], Source] = {}

    def options(self, group: str) -> list[str]:
        """Names that can be chosen in a group."""
        if group not in self._options:
            self._options[group] = self.hydra.get_group_options(group)
        return self._options[group]

    def load(self, groups: Sequence[str]) -> tuple[DictConfig, tuple[Source, ...]]:
        """Compose group choices; the config still holds its `hydra` node."""
        self.hydra.composed.clear()
        try:
            config = self.hydra.load_configuration(
                CONFIG_NAME, list(groups), run_mode=RunMode.RUN, from_shell=False
            )
        except yaml.MarkedYAMLError as error:
            raise self._unreadable(error) from error
        except HydraException as error:
            text = one_line(error).partition(" Config search path:")[0]
            place = "config files" if text.startswith("In ") else "command line"
            raise ConfigError(f"{place}: {text}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{self._undecodable(groups)}: not UTF-8 text") from error
        except OSError as error:
            place = self._show(str(error.filename))
            raise ConfigError(f"{place}: can't be read: {error.strerror}") from error
        except (OmegaConfBaseException, ValueError, yaml.YAMLError) as error:
            raise ConfigError(f"config files: {one_line(error)}") from error
        return config, tuple(self._files())

    def _files(self) -> Iterator[Source]:
        for composed in self.hydra.composed:
            root, config_path, package = composed
            if config_path.startswith("hydra/"):
                continue
            if composed not in self._sources:
                self._check_not_hidden(root, config_path)
                self._sources[composed] = read_source(
                    root, config_path, package, self._config_dir
                )
            yield self._sources[composed]

    def _check_not_hidden(self, root: str, config_path: str) -> None:
        hidden = Path(self._config_dir, f"{config_path}.yaml")
        if self._config_dir and root == CONFIG_ROOT and hidden.exists():
            raise ConfigError(
                f"{hidden}: hidden by the built-in file of the same name; rename it"
            )

    def _unreadable(self, error: yaml.MarkedYAMLError) -> ConfigError:
        place = "config files"
        if error.problem_mark is not None:
            name = str(error.problem_mark.name)
            place = f"{self._show(name)}:{error.problem_mark.line + 1}"
        return ConfigError(f"{place}: not readable as YAML: {error.problem}")

    def _undecodable(self, groups: Sequence[str]) -> str:
        for text in groups:
            path = Path(self._config_dir, *text.lstrip("+").split("=", 1))
            file = path.with_name(f"{path.name}.yaml")
            try:
                file.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                return str(file)
            except OSError:
                continue
        return "config files"

    def _show(self, path: str) -> str:
        folder = str(Path(self._config_dir).resolve())
        if self._config_dir and path.startswith(folder):
            return self._config_dir + path.removeprefix(folder)
        return Path(path).name


def _search_path(config_dir: str | None) -> ConfigSearchPath:
    search_path = create_config_search_path(CONFIG_ROOT)
    if config_dir is not None:
        folder = Path(config_dir)
        if not folder.is_dir():
            raise ConfigError(
                f"command line: --config-dir {config_dir}: there is no such folder"
            )
        search_path.prepend(
            provider="command-line",
            path=f"file://{folder.resolve()}",
            anchor=SearchPathQuery(provider="schema"),
        )
    return search_path


def one_line(error: BaseException) -> str:
    """Flatten an error, or its cause where it has no text, to one line."""
    lines = str(error).splitlines()
    if not lines and error.__cause__ is not None:
        lines = str(error.__cause__).splitlines()
    kept = [line.strip() for line in lines if not line.startswith(("    ", "See http"))]
    return " ".join(line for line in kept if line)[:400]
