"""The borders of a scene, and mirror padding at them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Borders(NamedTuple):
    """The sides of a tile that are scene borders and need padding; the others have real neighbours."""

    top: bool
    left: bool
    bottom: bool
    right: bool


WHOLE = Borders(True, True, True, True)
NOWHERE = Borders(False, False, False, False)


def reflect(start: int, stop: int, length: int) -> NDArray[np.intp]:
    """Return the indices start to stop - 1 of an axis, mirrored at both ends without repeating the end pixels.

    Any distance works, so that a scene of one pixel can be padded by thirty.
    """
    if length == 1:
        return np.zeros(stop - start, dtype=np.intp)
    period = 2 * (length - 1)
    folded = np.arange(start, stop) % period
    return np.where(folded < length, folded, period - folded).astype(np.intp)
