"""The imprecise map: the scene as volunteers would trace it on another, slightly shifted image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry import LineString, Polygon

from .plan import Street

OFTEN_MISSED = ("track", "service")


@dataclass(frozen=True)
class Way:
    """A mapped road: its centre line, class (`highway`) and usual width in metres."""

    line: LineString
    kind: str
    width_m: float


def mapped_buildings(truth: list[Polygon], view: Polygon, rng: np.random.Generator) -> list[Polygon]:
    """Return buildings as mapped: 10 to 30 % missing, the rest simplified and shifted by a few metres."""
    kept = rng.permutation(len(truth))[: len(truth) - round(len(truth) * rng.uniform(0.14, 0.26))]
    turn = rng.uniform(0, 2 * np.pi)
    bias = rng.uniform(1.6, 2.6) * np.array([np.cos(turn), np.sin(turn)])
    drift = rng.normal(0, 0.6, (2, 2)) / 400  # shift per metre of distance: distortion of the other image
    found = []
    for i in np.sort(kept):
        outline = _traced(truth[i], rng)
        centre = np.array(outline.centroid.coords[0])
        dx, dy = bias + drift @ centre + rng.normal(0, 0.55, 2)
        found.append(translate(outline, dx, dy))
    return found


def _traced(footprint: Polygon, rng: np.random.Generator) -> Polygon:
    """Return an outline as traced: small ones as rectangles, others with fewer vertices."""
    if footprint.area < 60 or rng.random() < 0.2:
        outline = shapely.oriented_envelope(footprint)
    else:
        outline = footprint.simplify(rng.uniform(0.3, 1.2))
    grown = outline.buffer(rng.normal(0, 0.25), join_style="mitre")
    return grown if isinstance(grown, Polygon) and not grown.is_empty else footprint


def mapped_roads(streets: tuple[Street, ...], view: Polygon, rng: np.random.Generator) -> list[Way]:
    """Return centre lines as mapped: some minor roads missing, corners cut, a metre or two off."""
    found = []
    for street in streets:
        missed = 0.35 if street.kind in OFTEN_MISSED else 0.12 if street.kind == "residential" else 0.0
        traced = street.line.simplify(rng.uniform(0.5, 1.5))
        moved = shapely.transform(traced, lambda xy: _jittered(xy, rng))
        if rng.random() < missed:
            continue
        for part in shapely.get_parts(moved.intersection(view)):
            if isinstance(part, LineString) and part.length > 3:
                found.append(Way(part, street.kind, round(street.width_m * 2) / 2))
    return found


def _jittered(xy: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Move each vertex randomly and the whole line by a common shift."""
    moved: NDArray[np.float64] = xy + rng.normal(0, 0.7, 2) + rng.normal(0, 0.5, xy.shape)
    return moved
