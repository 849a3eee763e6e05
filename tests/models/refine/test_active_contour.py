"""Geodesic contours: curvature flow, attraction to image edges, and stability."""

import numpy as np
import pytest
import torch
from map_refiner.models.arrays.borders import WHOLE
from map_refiner.models.refine.active_contour import Geodesic
from map_refiner.models.refine.unroll import refine_steps


def make(classes=2, **values):
    net = Geodesic(classes, 2)
    net.use(values)
    return net


def last(steps):
    *_, scores = steps
    return scores


def disc(size, radius, scale=1.0):
    """Return the scores of two classes; their difference is the signed distance to a centred circle."""
    rows, columns = np.indices((size, size)) - (size - 1) / 2
    inside = torch.from_numpy(radius - np.hypot(rows, columns)).float() * scale
    return torch.stack([-inside / 2, inside / 2])


def radius_of(scores):
    """Return the subpixel position of the zero level in the middle row, relative to the centre."""
    phi = (scores[1] - scores[0])[scores.shape[1] // 2].numpy()
    outside = int(np.flatnonzero(phi[len(phi) // 2 :] < 0)[0]) + len(phi) // 2
    return outside - 1 + phi[outside - 1] / (phi[outside - 1] - phi[outside]) - (len(phi) - 1) / 2


@pytest.mark.parametrize(("scale", "inner"), [(1.0, 1), (1.0, 10), (3.0, 5)])
def test_a_disc_shrinks_by_curvature_flow(scale, inner):
    """Without edges dr/dt = -1 / r, so r^2 = r0^2 - 2 t, independent of the scale of the scores."""
    steps = 250 // inner
    after = last(refine_steps(make(inner=inner, tau=0.2), disc(41, 14, scale), torch.zeros(2, 41, 41), WHOLE, steps))
    assert radius_of(disc(41, 14)) == pytest.approx(14, abs=0.02)
    assert radius_of(after) == pytest.approx(np.sqrt(14**2 - 2 * 50), abs=0.15)


def test_three_classes_move_at_the_same_rate():
    scores = torch.cat([disc(41, 14), torch.full((1, 41, 41), -50.0)])
    after = last(refine_steps(make(3, inner=10, tau=0.2), scores, torch.zeros(2, 41, 41), WHOLE, 25))
    assert radius_of(after) == pytest.approx(np.sqrt(14**2 - 2 * 50), abs=0.15)


def test_a_disc_moves_to_the_image_edge_from_both_sides():
    """The image holds a disc of radius 12; contours of radius 10.5 and 13.5 move towards it."""
    image = disc(41, 12)[1:].sign().expand(2, -1, -1)
    net = make(inner=10, tau=0.2, sigma=1, kappa=0.05)
    for radius in (10.5, 13.5):
        found = radius_of(last(refine_steps(net, disc(41, radius), image, WHOLE, 60)))
        assert found == pytest.approx(12, abs=0.7)
        assert abs(found - 12) < abs(radius - 12) / 2


def test_a_straight_boundary_does_not_move():
    columns = torch.arange(20.0) - 9.3
    scores = torch.stack([-columns, columns]).div(2)[:, None].expand(2, 15, 20).clone()
    after = last(refine_steps(make(inner=10), scores, torch.zeros(2, 15, 20), WHOLE, 5))
    assert torch.allclose(after, scores, atol=1e-4)


def test_refinement_is_equivariant_to_quarter_turns():
    generator = torch.Generator().manual_seed(0)
    scores = 3 * torch.randn(3, 12, 15, generator=generator)
    image = torch.randn(2, 12, 15, generator=generator)
    net = make(3, inner=2)
    after = last(refine_steps(net, scores, image, WHOLE, 2))
    for turns in range(1, 4):
        turned = [torch.rot90(maps, turns, (1, 2)) for maps in (scores, image)]
        assert torch.allclose(last(refine_steps(net, *turned, WHOLE, 2)), torch.rot90(after, turns, (1, 2)), atol=1e-3)


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (24, 25)])
@pytest.mark.parametrize("contrast", [0.0, 5.0])
def test_scores_of_noise_stay_bounded(size, contrast):
    generator = torch.Generator().manual_seed(1)
    scores = 5 * torch.randn(3, *size, generator=generator)
    image = contrast * torch.randn(2, *size, generator=generator)
    net = make(3, inner=10, tau=0.2, sigma=0)
    maps = list(refine_steps(net, scores, image, WHOLE, 40))
    assert all(torch.isfinite(each).all() for each in maps)
    assert all(each.abs().max() <= 1.001 * scores.abs().max() for each in maps)
