"""The opinion pool: the weighted mean of the neighbours' probabilities."""

import numpy as np
import pytest
import torch
from map_refiner.models.arrays.borders import WHOLE
from map_refiner.models.refine.opinion_pool import OpinionPool
from map_refiner.models.refine.unroll import refine_steps
from scipy import ndimage


def pooled(scores, steps=1, **values):
    net = OpinionPool(len(scores), 1)
    net.use(values)
    *_, after = refine_steps(net, scores, torch.zeros(1, *scores.shape[1:]), WHOLE, steps)
    return after


@pytest.mark.parametrize("radius", [1, 2, 3])
@pytest.mark.parametrize("sigma", [0.0, 1.3])
def test_the_result_is_the_weighted_mean_of_the_window(radius, sigma):
    scores = 3 * torch.randn(3, 13, 17, generator=torch.Generator().manual_seed(radius))
    distance = np.arange(-radius, radius + 1)
    line = np.exp(-(distance**2) / (2 * sigma**2)) if sigma else np.ones(distance.size)
    window = np.outer(line, line) / line.sum() ** 2
    p = scores.double().softmax(0).numpy()
    wanted = [ndimage.correlate(each, window, mode="mirror") for each in p]
    assert pooled(scores, radius=radius, sigma=sigma).exp().numpy() == pytest.approx(np.array(wanted), abs=1e-6)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 2), (13, 17)])
def test_probabilities_do_not_depend_on_the_offset_of_the_scores(size):
    scores = torch.randn(4, *size)
    after = pooled(scores + 7, steps=3)
    assert torch.allclose(after.exp().sum(0), torch.ones(size), atol=1e-5)
    assert torch.allclose(after, pooled(scores, steps=3), atol=1e-4)


def test_an_outlier_pixel_adopts_the_class_of_its_neighbours():
    scores = torch.zeros(2, 9, 9)
    scores[0] = 3
    scores[:, 4, 4] = torch.tensor([-9.0, 9.0])
    assert pooled(scores)[:, 4, 4].argmax() == 0
    assert pooled(scores, sigma=0.3)[:, 4, 4].argmax() == 1  # at this sigma the pixel itself dominates


def test_certain_scores_stay_finite():
    scores = torch.tensor([500.0, -500.0])[:, None, None].expand(2, 5, 5)
    assert torch.isfinite(pooled(scores, steps=2)).all()
