"""What refiners with a few parameters share: these are not learnt by gradients, but tried out on a labelled tile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import torch
from torch import Tensor, nn

from ..arrays.borders import Borders


@dataclass(frozen=True)
class TunableParameter:
    """A number that a refiner depends on: what it usually is, what it may be, and what a search tries."""

    name: str
    usual: float
    least: float
    most: float
    tried: tuple[float, ...]


class TunableRefiner(nn.Module):
    """A refiner whose parameters are buffers, so that a file of weights holds them; it works with the usual ones."""

    kind: str
    halo: int
    sight: int
    tunable: ClassVar[tuple[TunableParameter, ...]]

    def __init__(self, classes: int, bands: int) -> None:
        """Make a refiner with the usual parameters."""
        super().__init__()
        self.classes, self.bands, self.channels = classes, bands, classes
        for each in self.tunable:
            self.register_buffer(each.name, torch.tensor(each.usual))

    def value(self, name: str) -> float:
        """Return a parameter, held within its limits: anybody may have written the file that it is from."""
        limits = next(each for each in self.tunable if each.name == name)
        return min(max(float(self.get_buffer(name)), limits.least), limits.most)

    def use(self, values: Mapping[str, float]) -> None:
        """Take other parameters."""
        for name, value in values.items():
            self.get_buffer(name).fill_(value)

    @classmethod
    def candidates(cls) -> list[dict[str, float]]:
        """Return the grid of parameters for a search; the usual ones come first."""
        names = [each.name for each in cls.tunable]
        usual = {each.name: each.usual for each in cls.tunable}
        grid = (dict(zip(names, values, strict=True)) for values in product(*(each.tried for each in cls.tunable)))
        return [usual, *(values for values in grid if values != usual)]

    def start(self, scores: Tensor) -> Tensor:
        """Return the scores: unless it says otherwise, they are all that it remembers."""
        return scores

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Compute what does not change, as every refiner does."""
        raise NotImplementedError

    def step(self, state: Tensor, prepared: Tensor, borders: Borders, index: int) -> Tensor:
        """Refine once, as every refiner does."""
        raise NotImplementedError
