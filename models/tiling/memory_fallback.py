"""Fallback to smaller tiles, and then to the CPU, if the device runs out of memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch

from ..errors import RefinerError
from ..runtime.device import SMALLEST_TILE_PX, TILE_PX, out_of_memory
from ..shared.text import Text, text

TILE_MULTIPLE_PX = 16  # tiles start at multiples of it, and so at multiples of the stride of any model

Result = TypeVar("Result")


class MemoryFallback:
    """Device and tile size of a computation, both reduced if memory runs out."""

    def __init__(self, device: torch.device, side: int) -> None:
        """Start with tiles of `side` pixels on a device."""
        self.device, self.side = device, side
        self.notices: list[Text] = []

    def run(
        self, compute: Callable[[], Result], move: Callable[[torch.device], object], side: int | None = None
    ) -> Result:
        """Run a computation, and repeat it with less memory if memory runs out.

        Args:
            compute: the computation, called again after each change of `side` or `device`.
            move: called with the CPU before `compute` runs there.
            side: px, of the current tile, if it may be smaller than `self.side`.

        Raises:
            RefinerError: if even the smallest tiles on the CPU need too much memory.
        """
        while True:
            try:
                return compute()
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                used = min(self.side, self.side if side is None else side)
                if used > SMALLEST_TILE_PX:
                    most = 2 * TILE_PX if side is None else used  # the tile of a whole scene may be far too large
                    half = min(used, most) // 2 // TILE_MULTIPLE_PX * TILE_MULTIPLE_PX
                    self.side = max(SMALLEST_TILE_PX, half)
                    self.notices.append(
                        text(
                            "Out of memory on {device}; continuing with tiles of {side} pixels.",
                            device=self.device,
                            side=self.side,
                        )
                    )
                elif self.device.type != "cpu":
                    self.notices.append(text("Out of memory on {device}; continuing on the CPU.", device=self.device))
                    self.device = torch.device("cpu")
                    move(self.device)
                else:
                    raise RefinerError("There is too little memory even for the smallest tiles.") from error
