"""Refiners with a few parameters, set by a grid search on a labelled tile instead of by gradients."""

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
    """A parameter of a refiner: its usual value, its limits, and the values that a grid search tries."""

    name: str
    usual: float
    least: float
    most: float
    tried: tuple[float, ...]


class TunableRefiner(nn.Module):
    """A refiner with its parameters as buffers, so that weights files contain them; it works untrained."""

    kind: str
    halo: int
    context_radius: int
    tunable: ClassVar[tuple[TunableParameter, ...]]

    def __init__(self, classes: int, bands: int) -> None:
        """Make a refiner with the usual parameters."""
        super().__init__()
        self.classes, self.bands, self.channels = classes, bands, classes
        for each in self.tunable:
            self.register_buffer(each.name, torch.tensor(each.usual))

    def value(self, name: str) -> float:
        """Return a parameter, clamped to its limits because weights files are not trusted."""
        limits = next(each for each in self.tunable if each.name == name)
        return min(max(float(self.get_buffer(name)), limits.least), limits.most)

    def use(self, values: Mapping[str, float]) -> None:
        """Set parameters to other values."""
        for name, value in values.items():
            self.get_buffer(name).fill_(value)

    @classmethod
    def candidates(cls) -> list[dict[str, float]]:
        """Return the parameter grid of a search; the usual parameters come first."""
        names = [each.name for each in cls.tunable]
        usual = {each.name: each.usual for each in cls.tunable}
        grid = (dict(zip(names, values, strict=True)) for values in product(*(each.tried for each in cls.tunable)))
        return [usual, *(values for values in grid if values != usual)]

    def start(self, scores: Tensor) -> Tensor:
        """Return the scores; by default there is no hidden state."""
        return scores

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Compute the constant term of all steps, as defined by `Refiner`."""
        raise NotImplementedError

    def step(self, state: Tensor, prepared: Tensor, borders: Borders, index: int) -> Tensor:
        """Refine once, as defined by `Refiner`."""
        raise NotImplementedError
