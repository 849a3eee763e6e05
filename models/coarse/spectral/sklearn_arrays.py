"""Classifiers of scikit-learn as arrays of our own: they predict without it, and nothing is unpickled."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from ...errors import RefinerError
from .pixel_model import PixelModel


class SklearnArrays(PixelModel):
    """A model whose arrays have the sizes that its training gave them."""

    names: tuple[str, ...] = ()  # of its arrays

    def __init__(self, classes: int, bands: int) -> None:
        """Make a model that knows nothing yet."""
        super().__init__(classes, bands)
        for name in self.names:
            self.register_buffer(name, torch.empty(0))

    def take(self, arrays: dict[str, Tensor]) -> None:
        """Take arrays of whatever sizes.

        Raises:
            ValueError: for arrays that are not those of its kind.
        """
        if set(arrays) != set(self.names):
            raise ValueError(f"arrays {', '.join(self.names)} expected")
        for name, value in arrays.items():
            setattr(self, name, value)
        self.check()

    def check(self) -> None:
        """Raise ValueError where the arrays do not fit each other."""
        raise NotImplementedError


def scikit_learn(name: str) -> Any:
    """Import a module of scikit-learn, which only the training of these models needs.

    Raises:
        RefinerError: where it is not installed.
    """
    import importlib

    try:
        module: ModuleType = importlib.import_module(f"sklearn.{name}")
    except ImportError as error:
        raise RefinerError(
            "Training a random forest or a support vector machine needs scikit-learn, which this Python lacks; "
            "pip install scikit-learn. Using a trained one does not need it."
        ) from error
    return module
