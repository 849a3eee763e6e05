"""Diffusion: conservation, value range, isotropy, and image edges as barriers.

Modules that this file covers: models/refine/structure_tensor.py.
"""

import numpy as np
import pytest
import torch
from map_refiner.models.arrays.borders import WHOLE
from map_refiner.models.refine.diffusion import Anisotropic, Heat, PeronaMalik
from map_refiner.models.refine.structure_tensor import structure_tensor
from map_refiner.models.refine.unroll import refine_steps

FLOWS = (Heat, PeronaMalik, Anisotropic)
SIZES = [(1, 1), (1, 17), (13, 1), (13, 17)]


def make(flow, **values):
    net = flow(3, 2)
    net.use(values)
    return net


def strongest(flow):
    """Return a refiner with the largest allowed parameters: the longest time steps, ten of them."""
    limits = {each.name: each.most for each in flow.tunable}
    return make(flow, tau=limits["tau"], inner=limits["inner"])


def scene(height, width, seed=0):
    generator = torch.Generator().manual_seed(seed)
    scores = 5 * torch.randn(3, height, width, generator=generator)
    return scores, torch.randn(2, height, width, generator=generator)


def last(steps):
    *_, scores = steps
    return scores


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("flow", FLOWS)
def test_the_sum_of_each_class_is_conserved(flow, size):
    scores, image = scene(*size)
    after = last(refine_steps(strongest(flow), scores, image, WHOLE, 3))
    assert torch.allclose(after.sum((1, 2)), scores.sum((1, 2)), rtol=1e-4, atol=1e-3)
    assert size == (1, 1) or (after - scores).abs().max() > 1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("flow", FLOWS)
def test_scores_stay_in_the_range_of_their_neighbours(flow, seed):
    """The maximum principle for one time step on 3 x 3 pixels; noise and the longest step are the hardest case."""
    scores, image = scene(40, 41, seed)
    net = strongest(flow)
    net.use({"inner": 1})
    after = last(refine_steps(net, scores, image, WHOLE, 1))
    most = torch.nn.functional.max_pool2d(scores, 3, 1, 1)
    least = -torch.nn.functional.max_pool2d(-scores, 3, 1, 1)
    assert (after <= most + 1e-5).all()
    assert (after >= least - 1e-5).all()


@pytest.mark.parametrize("flow", FLOWS)
def test_the_longest_time_steps_stay_stable_and_smooth(flow):
    """A time step that is too long would amplify a checkerboard."""
    rows, columns = np.indices((16, 16))
    board = torch.from_numpy(np.where((rows + columns) % 2, 1.0, -1.0)).float().expand(3, 16, 16)
    after = last(refine_steps(strongest(flow), board.clone(), torch.zeros(2, 16, 16), WHOLE, 50))
    assert after.abs().max() < 0.05


@pytest.mark.parametrize("flow", FLOWS)
def test_refinement_is_equivariant_to_turns_and_flips(flow):
    scores, image = scene(12, 15)
    net = make(flow, inner=3)
    after = last(refine_steps(net, scores, image, WHOLE, 2))
    for turns in range(1, 4):
        turned = [torch.rot90(maps, turns, (1, 2)) for maps in (scores, image)]
        assert torch.allclose(last(refine_steps(net, *turned, WHOLE, 2)), torch.rot90(after, turns, (1, 2)), atol=1e-5)
    flipped = last(refine_steps(net, scores.flip(2), image.flip(2), WHOLE, 2))
    assert torch.allclose(flipped, after.flip(2), atol=1e-5)


@pytest.mark.parametrize("flow", FLOWS)
def test_without_edges_scores_spread_with_the_variance_of_heat(flow):
    """The variance is 2 t along each axis, with t = 5 steps x 2 x 0.1."""
    scores = torch.zeros(3, 31, 31)
    scores[1, 15, 15] = 1
    after = last(refine_steps(make(flow, tau=0.1, inner=2), scores, torch.zeros(2, 31, 31), WHOLE, 5))[1]
    squared = (torch.arange(31) - 15.0) ** 2
    assert float((after.sum(0) * squared).sum()) == pytest.approx(2.0, rel=1e-4)
    assert float((after.sum(1) * squared).sum()) == pytest.approx(2.0, rel=1e-4)


def step_edge(size=24, slope=0):
    """Return the mask of the right half and an image with an edge; `slope` tilts the edge (columns per row)."""
    rows, columns = np.indices((size, size))
    is_right = torch.from_numpy(columns + slope * rows >= size / 2 * (1 + slope))
    image = torch.where(is_right, 3.0, -3.0).expand(2, size, size)
    return is_right, image


@pytest.mark.parametrize("slope", [0, 1])
@pytest.mark.parametrize("flow", [PeronaMalik, Anisotropic])
def test_little_flows_across_an_edge(flow, slope):
    is_right, image = step_edge(slope=slope)
    scores = torch.where(is_right, 1.0, -1.0).expand(3, -1, -1)
    gaps = {}
    for kind, net in (("guided", make(flow, inner=10, sigma=0)), ("blind", make(Heat, inner=10))):
        after = last(refine_steps(net, scores.clone(), image, WHOLE, 10))[0]
        gaps[kind] = float(after[is_right].mean() - after[~is_right].mean())
    assert gaps["guided"] > 1.85  # of 2; some flows where the edge meets the border
    assert gaps["blind"] < 1.2


@pytest.mark.parametrize("slope", [0, 1])
def test_only_the_tensor_allows_flow_along_an_edge(slope):
    """Scores of one point on a broad edge: equation 2 keeps them in place, equation 3 spreads them along the edge."""
    _, image = step_edge(slope=slope)
    scores = torch.zeros(3, 24, 24)
    scores[:, 12, 12] = 1
    spread = {}
    for flow in (PeronaMalik, Anisotropic):
        after = last(refine_steps(make(flow, inner=10, sigma=2, kappa=0.1), scores, image, WHOLE, 1))[0]
        rows, columns = np.indices((24, 24)) - 12
        across, along = columns + slope * rows, rows - slope * columns
        spread[flow] = [float((after * torch.from_numpy(axis**2)).sum()) for axis in (across, along)]
    assert max(spread[PeronaMalik]) < 0.01
    assert spread[Anisotropic][0] < 0.01
    assert spread[Anisotropic][1] > 3


@pytest.mark.parametrize("angle", [0.0, 0.2, np.pi / 8, np.pi / 4, 1.3])
def test_the_stencil_is_the_tensor_or_its_nearest_nonnegative_form(angle):
    """On a ramp the four flows sum to D = v1 v1' lambda + v2 v2', unless a weight would be negative."""
    rows, columns = np.indices((20, 20))
    ramp = torch.from_numpy(np.cos(angle) * columns + np.sin(angle) * rows).float()
    net = make(Anisotropic, kappa=1.1, sigma=0)
    across, down, falling, rising = (
        net.prepare(ramp.expand(2, -1, -1), ramp.expand(3, -1, -1), WHOLE)[:, 10, 10].double().numpy()
    )
    assert min(across, down, falling, rising) >= 0
    found = np.array([[across + falling + rising, falling - rising], [falling - rising, down + falling + rising]])
    normal = np.array([np.cos(angle), np.sin(angle)])
    lost = np.exp(-3.315 / (1 / 1.1) ** 8)
    wanted = np.eye(2) - lost * np.outer(normal, normal)
    wanted[0, 1] = wanted[1, 0] = np.clip(wanted[0, 1], -wanted.diagonal().min(), wanted.diagonal().min())
    assert found == pytest.approx(wanted, abs=1e-3)


def test_the_edge_strength_is_di_zenzos():
    """The edge strength is the root of the larger eigenvalue of the mean outer product of the bands' slopes."""
    rows, columns = np.indices((30, 30))
    image = torch.from_numpy(np.stack([0.3 * columns + 0.1 * rows, -0.2 * columns + 0.4 * rows])).float()
    for sigma in (0, 2):
        found = structure_tensor(image, sigma, WHOLE).strength()[15, 15]
        slopes = np.array([[0.3, 0.1], [-0.2, 0.4]])
        assert float(found) == pytest.approx(np.sqrt(np.linalg.eigvalsh(slopes.T @ slopes / 2)[-1]), rel=1e-3)


def test_smoothing_suppresses_noise():
    image = torch.randn(3, 50, 50, generator=torch.Generator().manual_seed(0))
    by_sigma = [float(structure_tensor(image, sigma, WHOLE).strength().mean()) for sigma in (0, 1, 2)]
    assert by_sigma[0] > 2.5 * by_sigma[1] > 2.5 * 2.5 * by_sigma[2]


def test_unstable_parameters_are_clamped():
    scores, image = scene(15, 16)
    wild = make(PeronaMalik, tau=1e6, inner=1e9, sigma=1e9, kappa=-1)
    tame = make(PeronaMalik, tau=0.25, inner=10, sigma=2, kappa=1e-3)
    assert torch.equal(*(last(refine_steps(net, scores, image, WHOLE, 2)) for net in (wild, tame)))
