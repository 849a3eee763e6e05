"""Random textures: seamless squares of noise from which every surface is cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .lattice import Floats, Window

PERIOD = 1024  # period of a texture in pixels


@dataclass(frozen=True)
class Textures:
    """Noise of mean 0 and spread 1, from fine to broad; the finest two have a random, larger spread."""

    grain: Floats  # per pixel
    speckle: Floats  # clods and leaves, under a metre
    mottle: Floats  # patches of a few metres
    cloud: Floats  # variation over tens of metres


def textures(rng: np.random.Generator) -> Textures:
    """Generate the four textures."""
    detail = np.float32(rng.uniform(1.15, 1.7))
    return Textures(
        grain=_spectral(rng, 0.0, 0.0, 0.30) * detail,
        speckle=_spectral(rng, 0.6, 0.04, 0.22) * detail,
        mottle=_spectral(rng, 1.2, 0.01, 0.30),
        cloud=_spectral(rng, 1.9, 0.002, 0.30),
    )


def _spectral(rng: np.random.Generator, slope: float, low: float, high: float) -> Floats:
    """Shape white noise to amplitude frequency**-slope between two frequencies in cycles per pixel."""
    spectrum = np.fft.rfft2(rng.standard_normal((PERIOD, PERIOD)))
    frequency = np.hypot(np.fft.fftfreq(PERIOD)[:, None], np.fft.rfftfreq(PERIOD)[None, :])
    gain = np.maximum(frequency, max(low, 1 / PERIOD)) ** -slope / (1 + (frequency / high) ** 6)
    gain[0, 0] = 0
    field = np.fft.irfft2(spectrum * gain)
    even: Floats = (field / field.std()).astype(np.float32)
    return even


def cut(texture: Floats, window: Window, offset: tuple[int, int] = (0, 0)) -> Floats:
    """Cut a window out of an endlessly repeated texture; different offsets in pixels give different surfaces."""
    rows = np.arange(window.top + offset[0], window.top + offset[0] + window.rows) % PERIOD
    cols = np.arange(window.left + offset[1], window.left + offset[1] + window.cols) % PERIOD
    piece: Floats = texture[rows[:, None], cols[None, :]]
    return piece


def anywhere(rng: np.random.Generator) -> tuple[int, int]:
    """Return a random offset for `cut`."""
    row, col = rng.integers(0, PERIOD, 2)
    return int(row), int(col)
