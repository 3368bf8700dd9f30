"""Composition: from override texts to one plan's config, not yet resolved.

What the groups give is composed once for each choice of groups and copied for each
plan; the other overrides are then applied by Hydra's own code. A sweep over values
so costs a copy per plan, a twentieth of a composition.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from mlps.compiler import override as overriding
from mlps.compiler import schema
from mlps.compiler.loader import GroupLoader, one_line
from mlps.compiler.override import Override
from mlps.compiler.source import Source
from mlps.errors import ConfigError

# A demo takes these from the workload; an override of the right side still wins.
_DEMO = {
    "batch_size": "workload.reader.batch_size",
    "epochs": "workload.train.epochs",
    "samples_per_file": "workload.dataset.samples_per_file",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """A config and everything that went into it; `demo`: keys a demo replaced."""

    config: DictConfig
    choices: dict[str, str]
    sources: tuple[Source, ...]
    demo: frozenset[schema.Path]
    overrides: tuple[Override, ...] = ()


class Composer:
    """Composes the plans of one command line."""

    def __init__(self, config_dir: str | None) -> None:
        """`config_dir`: the user's own groups."""
        self._loader = GroupLoader(config_dir)
        self._parser = OverridesParser.create(self._loader.hydra)
        self._checked: dict[str, Override] = {}
        self._bases: dict[tuple[str, ...], Composition] = {}

    def expand(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        """Expand the sweeps of a command line: the overrides of each plan."""
        return overriding.expand(
            [overriding.parse(self._parser, text) for text in texts]
        )

    def check(self, texts: Sequence[str]) -> tuple[Override, ...]:
        """Check the overrides of one plan; sorted, so that their order is no input."""
        for text in texts:
            if text not in self._checked:
                parsed = overriding.parse(self._parser, text)
                self._checked[text] = overriding.check(parsed, self._loader.options)
        overrides = sorted(
            (self._checked[text] for text in texts), key=lambda override: override.text
        )
        overriding.check_together(overrides)
        return tuple(overrides)

    def compose(self, texts: Sequence[str]) -> Composition:
        """Compose one plan's config."""
        overrides = self.check(texts)
        groups = tuple(override.text for override in overrides if override.group)
        if groups not in self._bases:
            self._bases[groups] = self._base(groups)
        base = self._bases[groups]
        config = copy.deepcopy(base.config)
        for override in overrides:
            if not override.group:
                _apply(config, override)
        return Composition(
            config=config,
            choices=base.choices,
            sources=base.sources,
            demo=base.demo,
            overrides=overrides,
        )

    def _base(self, groups: Sequence[str]) -> Composition:
        config, sources = self._loader.load(groups)
        choices = {
            group: str(name)
            for group, name in sorted(config.hydra.runtime.choices.items())
            if group in schema.GROUPS and name is not None
        }
        missing = [group for group in schema.GROUPS if group not in choices]
        if missing:
            names = {group: self._loader.options(group) for group in missing}
            ways = [f"+{group}=NAME ({', '.join(names[group])})" for group in missing]
            raise ConfigError(
                f"command line: no {' and no '.join(missing)} is chosen;"
                f" add {' and '.join(ways)}"
            )
        with open_dict(config):
            del config["hydra"]
        return Composition(
            config=config, choices=choices, sources=sources, demo=_take_demo(config)
        )


def _take_demo(config: DictConfig) -> frozenset[schema.Path]:
    if OmegaConf.select(config, "submission.division") != "demo":
        return frozenset()
    for name, key in _DEMO.items():
        if OmegaConf.select(config, f"workload.demo.{name}") is None:
            raise ConfigError(
                f"config files: workload.demo.{name}: missing; submission=demo takes"
                " it from there, add it to the workload's file"
            )
        OmegaConf.update(config, key, f"${{workload.demo.{name}}}", force_add=True)
    return frozenset(tuple(key.split(".")) for key in _DEMO.values())


def _apply(config: DictConfig, override: Override) -> None:
    try:
        ConfigLoaderImpl._apply_overrides_to_config([override.parsed], config)
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(
            f"command line: {override.text}: {one_line(error)}"
        ) from error
