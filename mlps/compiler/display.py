"""Hydra's own views of the config: --help, --cfg, --info, shell completion."""

import sys
from collections.abc import Sequence
from typing import Any

import hydra
from omegaconf import OmegaConf

from mlps.compiler.declared import Inputs
from mlps.compiler.loader import CONFIG_NAME, CONFIG_ROOT, VERSION_BASE
from mlps.compiler.override import plain_submission


def show(arguments: Sequence[str]) -> int:
    """Hand the arguments to a Hydra application; it reads them from sys.argv."""
    OmegaConf.register_new_resolver("found", Inputs().find, replace=True)
    sys.argv = ["mlps", *(plain_submission(argument) for argument in arguments)]
    try:
        _application()
    except SystemExit as exit_:
        # Hydra's 1 is bad usage, for which this project's status is 2.
        return 2 if exit_.code == 1 else 0
    return 0


@hydra.main(version_base=VERSION_BASE, config_path=CONFIG_ROOT, config_name=CONFIG_NAME)
def _application(_: Any) -> None:  # noqa: ANN401 - Hydra passes its own config type
    """Do nothing: only Hydra's views are asked of this application."""
