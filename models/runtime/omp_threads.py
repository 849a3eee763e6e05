"""How torch's threads wait for each other; to be settled before torch is imported."""

from __future__ import annotations

import os


def set_passive_wait() -> None:
    """Make waiting threads sleep instead of spin.

    QGIS draws the map while the worker computes. Spinning threads then wait for a core that they keep busy themselves:
    an update of a refiner's training took 10 s instead of 0.7 s on two cores with two other programs (measured).
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
