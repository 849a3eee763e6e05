"""The appearance of a region: its colours, light and building habits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .lattice import Floats

Rgb = tuple[int, int, int]
Palette = tuple[Rgb, ...]


@dataclass(frozen=True)
class Region:
    """The palettes (sRGB in full sun) and the building habits of one region."""

    tile: Palette
    metal: Palette
    flat: Palette
    cover_odds: tuple[float, float, float]  # tile, metal and flat roofs of houses
    core_odds: tuple[float, float, float]  # the same in the centre
    grass: Palette
    soil: Palette
    trees: Palette
    asphalt: Palette
    paving: Palette
    crops: Palette
    lot_m2: float  # area of a house's plot
    pitch: float  # rise over run of tile roofs
    lawn_odds: float
    pool_odds: float
    dust: float  # amount of wind-blown soil on roads and pavements, 0-1
    tree_cover: float  # trees per plot
    street_scale: float  # width of smaller streets relative to European ones
    clutter: float  # disorder of plots and number of objects on roofs and in yards; 1 is tidy


TEMPERATE = Region(
    tile=((141, 84, 66), (122, 74, 62), (103, 79, 70), (92, 88, 88), (80, 80, 84), (156, 101, 80), (117, 95, 83)),
    metal=((150, 155, 158), (118, 124, 128), (188, 190, 189), (96, 112, 104)),
    flat=((150, 148, 143), (121, 119, 116), (172, 170, 164), (98, 98, 98), (138, 130, 119), (226, 224, 218)),
    cover_odds=(0.80, 0.05, 0.15),
    core_odds=(0.74, 0.05, 0.21),
    grass=((101, 116, 68), (112, 122, 76), (90, 107, 63), (121, 123, 83)),
    soil=((139, 117, 90), (150, 129, 103), (121, 102, 80)),
    trees=((55, 73, 42), (66, 83, 49), (48, 66, 42), (75, 87, 52), (62, 72, 44)),
    asphalt=((122, 121, 120), (133, 131, 129), (112, 111, 111)),
    paving=((155, 150, 143), (146, 139, 131), (165, 160, 152), (140, 126, 115)),
    crops=((118, 128, 76), (96, 117, 62), (168, 151, 104), (150, 146, 92), (134, 112, 86), (122, 101, 79)),
    lot_m2=620,
    pitch=0.75,
    lawn_odds=0.8,
    pool_odds=0.06,
    dust=0.15,
    tree_cover=2.2,
    street_scale=1.0,
    clutter=1.0,
)
SOUTHERN = Region(
    tile=((182, 128, 98), (168, 112, 84), (190, 143, 114), (158, 108, 86), (175, 137, 112), (148, 104, 84)),
    metal=((165, 168, 168), (190, 190, 186), (140, 120, 105)),
    flat=((178, 172, 162), (200, 196, 188), (156, 150, 141), (166, 140, 122), (131, 127, 122), (232, 228, 220)),
    cover_odds=(0.68, 0.04, 0.28),
    core_odds=(0.70, 0.04, 0.26),
    grass=((138, 132, 88), (126, 124, 82), (152, 141, 99), (110, 115, 72)),
    soil=((171, 145, 113), (184, 160, 128), (158, 129, 101)),
    trees=((68, 80, 50), (80, 89, 58), (58, 70, 46), (92, 98, 68)),
    asphalt=((138, 135, 131), (148, 144, 139), (127, 125, 122)),
    paving=((178, 170, 158), (168, 156, 143), (160, 138, 121)),
    crops=((176, 156, 115), (160, 137, 106), (128, 127, 82), (186, 168, 122), (148, 122, 95)),
    lot_m2=560,
    pitch=0.42,
    lawn_odds=0.45,
    pool_odds=0.25,
    dust=0.35,
    tree_cover=1.8,
    street_scale=0.95,
    clutter=1.2,
)
DENSE = Region(
    tile=((146, 90, 76), (138, 96, 80), (152, 84, 74)),
    metal=((148, 156, 160), (86, 116, 150), (152, 82, 74), (178, 182, 184), (120, 126, 128), (134, 96, 78)),
    flat=(
        (158, 150, 138),
        (142, 135, 125),
        (172, 163, 150),
        (125, 119, 112),
        (164, 143, 128),
        (180, 174, 165),
        (222, 218, 208),
    ),
    cover_odds=(0.08, 0.34, 0.58),
    core_odds=(0.07, 0.30, 0.63),
    grass=((106, 114, 66), (120, 121, 76), (92, 104, 58)),
    soil=((168, 148, 120), (180, 161, 133), (150, 125, 100)),
    trees=((58, 80, 42), (70, 90, 50), (50, 70, 38), (84, 98, 56)),
    asphalt=((134, 131, 127), (144, 140, 134), (124, 121, 118)),
    paving=((160, 150, 137), (150, 138, 124), (168, 158, 145)),
    crops=((104, 118, 62), (124, 126, 74), (160, 137, 108), (148, 124, 97), (92, 110, 56)),
    lot_m2=260,
    pitch=0.30,
    lawn_odds=0.35,
    pool_odds=0.0,
    dust=0.6,
    tree_cover=0.9,
    street_scale=0.78,
    clutter=2.6,
)
SUBURBAN = Region(
    tile=((134, 122, 110), (112, 106, 101), (96, 92, 90), (124, 105, 91), (148, 138, 126), (106, 88, 78), (84, 82, 83)),
    metal=((176, 180, 182), (196, 197, 194)),
    flat=((170, 168, 163), (146, 143, 139), (228, 226, 222), (110, 108, 106)),
    cover_odds=(0.93, 0.02, 0.05),
    core_odds=(0.12, 0.06, 0.82),
    grass=((114, 120, 78), (104, 116, 72), (130, 127, 90)),
    soil=((150, 132, 106), (163, 146, 120), (136, 116, 92)),
    trees=((62, 74, 48), (72, 82, 54), (54, 66, 44), (84, 88, 64), (96, 92, 74)),
    asphalt=((143, 141, 138), (154, 151, 147), (128, 127, 125)),
    paving=((176, 173, 166), (186, 182, 174), (164, 160, 153)),
    crops=((126, 125, 82), (112, 119, 74), (158, 141, 110), (143, 122, 96)),
    lot_m2=760,
    pitch=0.5,
    lawn_odds=0.92,
    pool_odds=0.12,
    dust=0.1,
    tree_cover=4.6,
    street_scale=1.25,
    clutter=0.8,
)
REGIONS = (TEMPERATE, SOUTHERN, DENSE, SUBURBAN)


@dataclass(frozen=True)
class Sun:
    """The direction of the sunlight, in the frame of the image (y down)."""

    x: float  # x, y, z: unit vector towards the sun
    y: float
    z: float
    sky: float  # share of the light on open level ground that comes from the sky

    def facing(self, gx: Floats, gy: Floats) -> Floats:
        """Return the light on a surface of a given slope, relative to level ground."""
        light = (self.z - gx * self.x - gy * self.y) / (self.z * np.sqrt(1 + gx * gx + gy * gy))
        lit: Floats = np.clip(light, 0.0, 1.45).astype(np.float32)
        return lit


def sun(rng: np.random.Generator) -> Sun:
    """Choose a sun for a survey flight: azimuth 110 to 250 degrees, elevation 38 to 58 degrees."""
    azimuth, elevation = np.radians(rng.uniform(110, 250)), np.radians(rng.uniform(38, 58))
    level = np.cos(elevation)
    return Sun(
        float(np.sin(azimuth) * level),
        float(-np.cos(azimuth) * level),
        float(np.sin(elevation)),
        float(rng.uniform(0.09, 0.20)),
    )


def region(rng: np.random.Generator) -> Region:
    """Choose a region and a season."""
    base = REGIONS[rng.integers(len(REGIONS))]
    dry = rng.uniform(-0.25, 0.7)
    straw = (160, 148, 104)
    return replace(
        base,
        grass=tuple(_towards(c, straw, dry * 0.6) for c in base.grass),
        trees=tuple(
            _towards(_towards(c, (98, 92, 60), dry * 0.3), (104, 122, 76), rng.uniform(-0.05, 0.75))
            for c in base.trees
            for _ in range(2)
        ),
        asphalt=tuple(_towards(c, (105, 105, 107), rng.uniform(-0.3, 0.7)) for c in base.asphalt),
        lot_m2=base.lot_m2 * rng.uniform(0.85, 1.25),
    )


def _towards(colour: Rgb, other: Rgb, share: float) -> Rgb:
    """Mix a colour with a share of another one."""
    mixed = np.clip(np.array(colour) * (1 - share) + np.array(other) * share, 10, 245).astype(int)
    return int(mixed[0]), int(mixed[1]), int(mixed[2])


def linear(colour: Rgb) -> Floats:
    """Convert an sRGB colour to linear reflectance."""
    return ((np.array(colour) / 255) ** 2.2).astype(np.float32)


def pick(palette: Palette, rng: np.random.Generator, spread: float = 0.08) -> Floats:
    """Pick a colour from a palette, vary its lightness and slightly its hue, and return linear reflectance."""
    colour = linear(palette[rng.integers(len(palette))])
    varied = colour * rng.normal(1, spread * 2) * rng.normal(1, spread * 0.25, 3)
    return np.clip(varied, 0.005, 0.95).astype(np.float32)
