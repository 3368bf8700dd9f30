"""The compiler: overrides in, frozen plans out."""

from collections.abc import Iterator, Sequence

from omegaconf import OmegaConf

from mlps.compiler.asked import resolve
from mlps.compiler.composition import Composer
from mlps.compiler.declared import Inputs
from mlps.compiler.freeze import freeze
from mlps.plan import PlanDocument


class Compiler:
    """Compiles the plans of one command line."""

    def __init__(self, config_dir: str | None = None) -> None:
        """`config_dir`: the user's own groups."""
        self._inputs = Inputs()
        OmegaConf.register_new_resolver("found", self._inputs.find, replace=True)
        self.composer = Composer(config_dir)

    def compile(self, overrides: Sequence[str]) -> PlanDocument:
        """Compile one plan."""
        return freeze(resolve(self.composer.compose(overrides), self._inputs))

    def sweep(self, overrides: Sequence[str]) -> Iterator[PlanDocument]:
        """Compile one plan for each combination, in the order they were written."""
        for combination in self.composer.expand(overrides):
            yield self.compile(combination)
