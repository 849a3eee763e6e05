"""The training-free linear opinion pool: each pixel takes the mean of its neighbours [Wu and Prasad 2017]."""

from __future__ import annotations

from torch import Tensor, log_softmax

from ..arrays.borders import Borders
from .refiner import pad
from .structure_tensor import gaussian, separable
from .tunable import TunableParameter, TunableRefiner

LARGEST = 3  # px on each side: windows of 3 x 3, 5 x 5 and 7 x 7
PROBABILITY_FLOOR = 1e-30  # lowest probability, so that its logarithm is finite


class OpinionPool(TunableRefiner):
    """The average of probabilities: p(c | x_i) = sum_j w_j p(c | x_j), j in a square window around i.

    The weights are equal, or Gaussian if `sigma` > 0 [window and weights: ours, not from the source].
    """

    kind = "opinion-pool"
    halo = LARGEST
    context_radius = 0
    tunable = (
        TunableParameter("radius", 1, 1, LARGEST, (1, 2, 3)),  # px
        TunableParameter("sigma", 0.0, 0.0, 100.0, (0.0, 0.7, 1.0, 1.5, 2.0)),  # px; 0: equal weights
    )

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Return an empty map: the image is not used."""
        return image[:0]

    def step(self, state: Tensor, prepared: Tensor, borders: Borders, index: int) -> Tensor:
        """Average (classes, rows, columns) over the window once; all steps are the same."""
        radius, sigma = int(self.value("radius")), self.value("sigma")
        line = gaussian(sigma or float("inf"), LARGEST, state)
        line[: LARGEST - radius] = 0
        line[LARGEST + radius + 1 :] = 0
        pooled = separable(pad(log_softmax(state, dim=0).exp(), LARGEST, borders), line)
        return pooled.clamp_min(PROBABILITY_FLOOR).log()
