"""Classifiers of scikit-learn stored as plain arrays: they predict without it, and nothing is unpickled."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from ...errors import RefinerError
from .pixel_model import PixelModel


class SklearnArrays(PixelModel):
    """A model stored as arrays; their sizes depend on its training."""

    names: tuple[str, ...] = ()  # of the arrays

    def __init__(self, classes: int, bands: int) -> None:
        """Create an untrained model with empty arrays."""
        super().__init__(classes, bands)
        for name in self.names:
            self.register_buffer(name, torch.empty(0))

    def take(self, arrays: dict[str, Tensor]) -> None:
        """Set all arrays, of any size.

        Raises:
            ValueError: if the arrays are not the ones that this kind stores.
        """
        if set(arrays) != set(self.names):
            raise ValueError(f"arrays {', '.join(self.names)} expected")
        for name, value in arrays.items():
            setattr(self, name, value)
        self.check()

    def check(self) -> None:
        """Raise ValueError if the arrays do not fit together."""
        raise NotImplementedError


def scikit_learn(name: str) -> Any:
    """Import a module of scikit-learn, which only the training of these models needs.

    Raises:
        RefinerError: if scikit-learn is not installed.
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
