"""Values and gradients of PRetanh."""

import pytest
import torch
from map_refiner.models.coarse.spectral.pretanh import PRetanh


@pytest.mark.parametrize("shared", [False, True])
def test_value_and_gradients_follow_the_formulas(shared):
    torch.manual_seed(0)
    activation = PRetanh(5, shared).double()
    with torch.no_grad():
        activation.slope.uniform_(-0.5, 1.5)
    maps = torch.randn(7, 5, dtype=torch.float64, requires_grad=True)
    upstream = torch.randn(7, 5, dtype=torch.float64)
    value = activation(maps)
    value.backward(upstream)

    bent, slope = maps.detach().tanh(), activation.slope.detach()
    negative = maps.detach() <= 0
    assert torch.equal(value.detach(), torch.where(negative, slope * bent, bent))
    by_maps = (1 - bent**2) * torch.where(negative, slope.expand_as(bent), torch.ones_like(bent))
    assert torch.allclose(maps.grad, upstream * by_maps, rtol=1e-14, atol=0)
    by_slope = (upstream * bent.clamp(max=0)).sum(dim=0)  # df/dslope = min(0, tanh h)
    assert torch.allclose(activation.slope.grad, by_slope.sum() if shared else by_slope, rtol=1e-13, atol=0)


def test_gradients_match_finite_differences():
    activation = PRetanh(3).double()
    maps = torch.tensor([[0.3, -0.7, -2.0], [-0.1, 1.4, 0.2]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(activation, (maps,))


def test_the_shared_slope_is_one_weight():
    assert [PRetanh(64).slope.numel(), PRetanh(64, shared=True).slope.numel()] == [64, 1]
