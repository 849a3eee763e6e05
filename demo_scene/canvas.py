"""The drawing surface: reflectance, height and orientation to the sun of every pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from .lattice import Area, Floats, Lattice, Mask, Window
from .noise import Textures, anywhere, cut
from .region import Sun

BLOCK = 320  # side in pixels of one painted block, so that the cost of a long road grows with its length only
Amounts = tuple[float, float, float, float]  # amounts of colour variation by grain, speckle, mottle and cloud
LAWN: Amounts = (0.07, 0.10, 0.14, 0.12)
BARE: Amounts = (0.07, 0.10, 0.14, 0.14)
PAVED: Amounts = (0.05, 0.06, 0.11, 0.10)


@dataclass(frozen=True)
class Canvas:
    """An unfinished scene on a lattice finer than the image; colours are linear reflectance, heights in metres."""

    lattice: Lattice
    textures: Textures
    sun: Sun
    colour: Floats  # (rows, columns, 3)
    height: Floats  # (rows, columns), top surface above the ground
    facing: Floats  # (rows, columns), light relative to level ground

    def paint(self, window: Window, mask: Mask, colour: Floats, opacity: float = 1.0) -> None:
        """Paint a colour, uniform or per pixel, on the masked pixels of a window."""
        target = self.colour[window.slices]
        fresh = colour if opacity == 1 else target + (colour - target) * np.float32(opacity)
        np.copyto(target, fresh, where=mask[..., None])

    def glaze(self, window: Window, opacity: Floats, colour: Floats) -> None:
        """Blend a colour over a window with per-pixel opacity."""
        target = self.colour[window.slices]
        target += (colour - target) * opacity[..., None]

    def grained(self, window: Window, colour: Floats, amounts: Amounts, offset: tuple[int, int]) -> Floats:
        """Return a colour for every pixel of a window, varied by the textures at an offset."""
        parts = (self.textures.grain, self.textures.speckle, self.textures.mottle, self.textures.cloud)
        light = np.ones((window.rows, window.cols), dtype=np.float32)
        for part, amount in zip(parts, amounts, strict=True):
            if amount:
                light += np.float32(amount) * cut(part, window, offset)
        varied: Floats = np.clip(light, 0.15, 3.0)[..., None] * colour
        return varied

    def raise_to(self, window: Window, mask: Mask, height: Floats | float, facing: Floats | float = 1.0) -> None:
        """Set the height and the light of the masked pixels."""
        np.copyto(self.height[window.slices], height, where=mask)
        np.copyto(self.facing[window.slices], facing, where=mask)

    def cover(
        self, area: Area, colour: Floats, amounts: Amounts, rng: np.random.Generator, opacity: float = 1.0
    ) -> None:
        """Cover an area with a textured colour."""
        offset = anywhere(rng)
        if area.is_empty:
            return
        for window in self.lattice.window(area.bounds).parts(BLOCK):
            if not shapely.intersects(area, self.lattice.frame(window)):
                continue
            mask = self.lattice.inside(area, window)
            if mask.any():
                self.paint(window, mask, self.grained(window, colour, amounts, offset), opacity)


def blank(lattice: Lattice, textures: Textures, sun: Sun) -> Canvas:
    """Return an empty canvas."""
    shape = (lattice.size, lattice.size)
    return Canvas(
        lattice,
        textures,
        sun,
        np.zeros((*shape, 3), np.float32),
        np.zeros(shape, np.float32),
        np.ones(shape, np.float32),
    )
