"""The drawing surface: what every pixel reflects, how high it is and how it faces the sun."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .lattice import Area, Floats, Lattice, Mask, Window
from .noise import Textures, anywhere, cut
from .region import Sun


@dataclass(frozen=True)
class Canvas:
    """A scene in the making, on a lattice finer than the image; colours are linear reflectance, heights metres."""

    lattice: Lattice
    textures: Textures
    sun: Sun
    colour: Floats  # (rows, columns, 3)
    height: Floats  # (rows, columns), of the top surface above the ground
    facing: Floats  # (rows, columns), light received relative to level ground

    def paint(self, window: Window, mask: Mask, colour: Floats, opacity: float = 1.0) -> None:
        """Lay a colour, one for all or one a pixel, where a mask of the window is set."""
        target = self.colour[window.slices]
        fresh = np.broadcast_to(colour, target.shape)[mask]
        target[mask] = fresh if opacity == 1 else target[mask] * (1 - opacity) + fresh * opacity

    def glaze(self, window: Window, opacity: Floats, colour: Floats) -> None:
        """Blend a colour over a window with an opacity for every pixel."""
        target = self.colour[window.slices]
        target += (colour - target) * opacity[..., None]

    def grained(
        self, window: Window, colour: Floats, amounts: tuple[float, float, float, float], rng: np.random.Generator
    ) -> Floats:
        """Return a colour for every pixel of a window, varied by grain, speckle, mottle and cloud."""
        offset = anywhere(rng)
        parts = (self.textures.grain, self.textures.speckle, self.textures.mottle, self.textures.cloud)
        light = np.ones((window.rows, window.cols), dtype=np.float32)
        for part, amount in zip(parts, amounts, strict=True):
            if amount:
                light += np.float32(amount) * cut(part, window, offset)
        varied: Floats = np.clip(light, 0.15, 3.0)[..., None] * colour
        return varied

    def raise_to(self, window: Window, mask: Mask, height: Floats | float, facing: Floats | float = 1.0) -> None:
        """Set the height and the light of the pixels of a mask."""
        self.height[window.slices][mask] = np.broadcast_to(height, mask.shape)[mask]
        self.facing[window.slices][mask] = np.broadcast_to(facing, mask.shape)[mask]

    def cover(
        self, area: Area, colour: Floats, amounts: tuple[float, float, float, float], rng: np.random.Generator,
        opacity: float = 1.0,
    ) -> None:
        """Cover an area with a textured colour."""
        if area.is_empty:
            return
        window = self.lattice.window(area.bounds)
        if window.rows and window.cols:
            mask = self.lattice.inside(area, window)
            self.paint(window, mask, self.grained(window, colour, amounts, rng), opacity)


def blank(lattice: Lattice, textures: Textures, sun: Sun) -> Canvas:
    """Return an empty canvas."""
    shape = (lattice.size, lattice.size)
    return Canvas(
        lattice, textures, sun,
        np.zeros((*shape, 3), np.float32), np.zeros(shape, np.float32), np.ones(shape, np.float32),
    )
