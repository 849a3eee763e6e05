"""The truncated dense CRF: exact if its window covers the image, otherwise limited to the window."""

import numpy as np
import pytest
import torch
from map_refiner.models.arrays.borders import WHOLE
from map_refiner.models.refine.crf import CRF
from map_refiner.models.refine.unroll import refine_steps

VALUES = {"bilateral": 4.0, "alpha": 3.0, "beta": 0.7, "spatial": 2.0, "gamma": 1.5}


def make(reach, cell=1, near=None, classes=3, **values):
    net = CRF(classes, 2, reach, cell, reach if near is None else near)
    net.use({**VALUES, **values})
    return net


def scene(height, width, classes=3):
    generator = torch.Generator().manual_seed(height * 100 + width)
    scores = 2 * torch.randn(classes, height, width, generator=generator)
    return scores, torch.randn(2, height, width, generator=generator)


def exact(scores, image, steps, values=VALUES, pairs=None):
    """Return the mean field over all pairs of pixels, in float64; `pairs` weights the pairs of each kernel."""
    classes, height, width = scores.shape
    where = np.indices((height, width)).reshape(2, -1).astype(float)
    colour = image.double().numpy().reshape(len(image), -1)
    apart = ((where[:, :, None] - where[:, None]) ** 2).sum(0)
    unlike = ((colour[:, :, None] - colour[:, None]) ** 2).mean(0)
    kernels = [
        (values["bilateral"], np.exp(-apart / (2 * values["alpha"] ** 2) - unlike / (2 * values["beta"] ** 2))),
        (values["spatial"], np.exp(-apart / (2 * values["gamma"] ** 2))),
    ]
    if pairs is not None:
        kernels = [(weight, kernel * some) for (weight, kernel), some in zip(kernels, pairs, strict=True)]
    potts = 1 - np.eye(classes)
    psi = -scores.double().log_softmax(0).numpy().reshape(classes, -1)
    energy, found = psi, []
    for _ in range(steps):
        q = torch.from_numpy(-energy).softmax(0).numpy()
        energy = psi + sum(weight * potts @ (q @ kernel.T) / kernel.sum(1) for weight, kernel in kernels)
        found.append(torch.from_numpy(-energy).log_softmax(0).numpy().reshape(classes, height, width))
    return found


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (8, 1), (7, 9)])
@pytest.mark.parametrize("classes", [2, 4])
def test_a_window_over_the_whole_image_gives_the_exact_mean_field(size, classes):
    scores, image = scene(*size, classes)
    found = list(refine_steps(make(9, classes=classes), scores, image, WHOLE, 5))
    for each, wanted in zip(found, exact(scores, image, 5), strict=True):
        assert each.numpy() == pytest.approx(wanted, abs=1e-4)
    if size == (7, 9):
        assert (found[0] - scores.log_softmax(0)).abs().max() > 0.5


def test_the_window_excludes_only_pixels_beyond_it():
    """The exact mean field without the pairs more than 4 px apart, or 2 px for the spatial kernel."""
    scores, image = scene(9, 12)
    where = np.indices((9, 12)).reshape(2, -1)
    apart = np.abs(where[:, :, None] - where[:, None]).max(0)
    wanted = exact(scores, image, 2, pairs=(apart <= 4, apart <= 2))[-1]
    *_, found = refine_steps(make(4, near=2), scores, image, WHOLE, 2)
    assert found.numpy() == pytest.approx(wanted, abs=1e-4)


def test_far_pixels_are_represented_by_their_cells():
    """With cells of 3 px: the nearest 3 x 3 pixels in full, and the centre of each outer cell with weight nine."""
    scores, image = scene(10, 11)
    where = np.indices((10, 11)).reshape(2, -1)
    offset = np.abs(where[:, :, None] - where[:, None])
    near = offset.max(0) <= 1
    far = ~near & (offset % 3 == 0).all(0) & (offset.max(0) <= 6)
    values = {**VALUES, "gamma": 0.5}  # makes the spatial kernel negligible beyond its window
    wanted = exact(scores, image, 2, values, pairs=(near + 9.0 * far, np.ones_like(near)))[-1]
    *_, found = refine_steps(make(6, cell=3, **values), scores, image, WHOLE, 2)
    assert found.numpy() == pytest.approx(wanted, abs=1e-4)
    nearest = exact(scores, image, 2, values, pairs=(near, np.ones_like(near)))[-1]
    assert np.abs(found.numpy() - nearest).max() > 0.5


def test_cells_approximate_the_full_window():
    """The error of the cells is small compared with the effect of one step, on an image smooth between its edges."""
    rows, columns = np.indices((60, 60))
    is_house = torch.from_numpy((rows // 20 + columns // 20) % 2 == 1)
    generator = torch.Generator().manual_seed(0)
    image = torch.where(is_house, 1.0, -1.0) + 0.1 * torch.randn(2, 60, 60, generator=generator)
    truth = torch.stack([~is_house, is_house]).float()
    scores = truth + torch.randn(2, 60, 60, generator=generator)
    values = {"alpha": 5.0, "beta": 0.3}
    maps = {
        cell: next(refine_steps(make(17, cell, 6, 2, **values), scores, image, WHOLE, 1)).softmax(0) for cell in (1, 5)
    }
    assert (maps[1] - scores.softmax(0)).abs().mean() > 0.2
    assert (maps[1] - maps[5]).abs().mean() < 0.05
    right = {cell: float(((maps[cell][1] > 0.5) == is_house).float().mean()) for cell in maps}
    assert min(right.values()) > 0.95
    assert ((scores[1] > scores[0]) == is_house).float().mean() < 0.8


def test_the_state_keeps_the_coarse_scores():
    """A state is (log Q, psi); the unary terms psi stay the same in all steps."""
    net = make(3)
    scores, image = scene(8, 8)
    state = net.start(scores)
    assert torch.allclose(state[:3], scores.log_softmax(0))
    assert torch.allclose(state[3:], -scores.log_softmax(0))
    after = net.step(state, net.prepare(image, scores, WHOLE), WHOLE, 0)
    assert torch.equal(after[3:], state[3:])
    assert torch.allclose(after[:3].exp().sum(0), torch.ones(8, 8), atol=1e-5)


def test_strips_do_not_change_the_result():
    """A scene of more pixels than a strip is compared with its left part."""
    net = make(3)
    scores, image = scene(41, 1500)
    (whole,) = refine_steps(net, scores, image, WHOLE, 1)
    (left,) = refine_steps(net, scores[:, :, :40], image[:, :, :40], WHOLE, 1)
    assert torch.allclose(whole[:, :, :37], left[:, :, :37], atol=1e-5)


def test_without_weights_the_scores_do_not_change():
    scores, image = scene(6, 7)
    *_, after = refine_steps(make(6, bilateral=0, spatial=0), scores, image, WHOLE, 3)
    assert torch.allclose(after, scores.log_softmax(0), atol=1e-5)
