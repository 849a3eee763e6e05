"""The camera: its optics, exposure, noise and file compression."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, idctn
from scipy.ndimage import gaussian_filter

from .lattice import Floats

# The luminance table of ITU T.81 annex K; colour channels are quantized more coarsely, by the factor below.
QUANTA = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    np.float32,
)
TO_YCC = np.array([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]], np.float32)


def photograph(light: Floats, finer: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the image of a scene of linear light with `finer` x `finer` canvas pixels per image pixel."""
    for band in range(3):
        light[..., band] = gaussian_filter(light[..., band], 0.5 * finer)
    size = light.shape[0] // finer
    seen = light[: size * finer, : size * finer].reshape(size, finer, size, finer, 3).mean((1, 3))
    seen *= _illumination(size, rng)
    haze = np.array([0.010, 0.012, 0.016], np.float32) * np.float32(rng.uniform(0.4, 1.8))
    exposed = _tone(seen * np.float32(rng.uniform(0.92, 1.2)) + haze)
    sharper = np.float32(rng.uniform(0.4, 0.8))  # typical sharpening of orthophotos
    for band in range(3):
        exposed[..., band] += sharper * (exposed[..., band] - gaussian_filter(exposed[..., band], 1.1))
        grain = gaussian_filter(rng.standard_normal((size, size)).astype(np.float32), 0.45)
        exposed[..., band] += grain * (1.6 + 0.008 * exposed[..., band])
    return _compressed(exposed, rng.uniform(0.08, 0.24))


def _illumination(size: int, rng: np.random.Generator) -> Floats:
    """Return the variation of light and colour across a mosaic."""
    knots = 1 + rng.normal(0, 0.035, (4, 4, 1)) + rng.normal(0, 0.01, (4, 4, 3))
    at = np.linspace(0, 3, size)[:, None] - np.arange(4)[None]
    weights = np.exp(-(at**2) / 0.8)
    weights /= weights.sum(1, keepdims=True)
    field: Floats = np.einsum("ra,cb,abk->rck", weights, weights, knots, optimize=True).astype(np.float32)
    return field


def _tone(light: Floats) -> Floats:
    """Encode linear light as 0-255, with a soft shoulder for highlights."""
    soft = np.where(light > 0.6, 0.6 + 0.4 * np.tanh((light - 0.6) / 0.4), light)
    encoded: Floats = (255 * np.clip(soft, 0, 1) ** (1 / 2.2)).astype(np.float32)
    return encoded


def _compressed(image: Floats, loss: float) -> NDArray[np.uint8]:
    """Quantize each 8 x 8 block like JPEG compression; 0 is reserved for NoData."""
    size = image.shape[0]
    pad = -size % 8
    bands = np.pad(image, [(0, pad), (0, pad), (0, 0)], mode="edge") @ TO_YCC.T
    blocks = (size + pad) // 8
    for band, factor in ((0, 1.0), (1, 1.6), (2, 1.6)):
        tiles = bands[..., band].reshape(blocks, 8, blocks, 8)
        quanta = (QUANTA * loss * factor)[None, :, None, :]
        kept = np.round(dctn(tiles, axes=(1, 3), norm="ortho") / quanta) * quanta
        bands[..., band] = idctn(kept, axes=(1, 3), norm="ortho").reshape(size + pad, size + pad)
    back = bands @ np.linalg.inv(TO_YCC).T.astype(np.float32)
    done: NDArray[np.uint8] = np.clip(np.round(back[:size, :size]), 1, 255).astype(np.uint8)
    return done
