"""Shapes of the coarse model (FCN)."""

import pytest
import torch
from map_refiner.models.coarse.fcn import FCN, bilinear


def weights(*modules):
    return sum(weight.numel() for module in modules for weight in module.parameters())


def test_the_weight_counts_match_the_paper():
    net = FCN(3, 3)
    assert [weights(conv) for conv in (net.conv1, net.conv2, net.conv3, net.conv4)] == [27712, 73856, 147584, 31107]
    assert weights(net) - weights(net.upsample) == 280_259
    assert weights(net.upsample) == 192


@pytest.mark.parametrize(("size", "out"), [(124, 64), (64, 4), (76, 16)])
def test_an_input_loses_thirty_pixels_per_side(size, out):
    assert FCN(3, 2)(torch.zeros(1, 2, size, size)).shape == (1, 3, out, out)


def test_an_output_pixel_has_a_receptive_field_of_sixty_pixels():
    """The receptive field of output pixel x is input x to x + 60 [SCIENCE 1.1], up to the stride of four."""
    net = FCN(2, 1).double()
    image = torch.randn(1, 1, 124, 124, dtype=torch.float64, requires_grad=True)
    net(image)[0, 0, 30, 33].backward()
    rows, columns = torch.nonzero(image.grad[0, 0], as_tuple=True)
    for first, last, at in ((rows.min(), rows.max(), 60), (columns.min(), columns.max(), 63)):
        assert at - 34 <= first <= at - 26
        assert at + 26 <= last <= at + 34


def test_upsampling_is_initially_bilinear():
    """Score i lies at input 4 i + 29.5, and output x between the scores at (x + 0.5) / 4: at input x + 30."""
    net = FCN(2, 1)
    ramp = torch.arange(8.0).repeat(8, 1)[None, None].repeat(1, 2, 1, 1)
    with torch.no_grad():
        up = net.upsample(ramp)
    inner = up[0, 1, 8:-8, 8:-8]
    assert torch.allclose(inner.diff(dim=1), torch.full_like(inner.diff(dim=1), 0.25), atol=1e-6)
    assert torch.allclose(inner.diff(dim=0), torch.zeros_like(inner.diff(dim=0)), atol=1e-6)
    assert inner[0, 0].item() == pytest.approx((8 + 0.5) / 4)


def test_the_bilinear_kernel_matches_caffe():
    line = torch.tensor([0.125, 0.375, 0.625, 0.875, 0.875, 0.625, 0.375, 0.125])
    assert torch.allclose(bilinear(8, 4), line[:, None] * line)


def test_initial_weights_lie_within_the_bounds_of_caffe():
    torch.manual_seed(0)
    net = FCN(3, 3)
    for conv, inputs in ((net.conv1, 3 * 144), (net.conv2, 64 * 9), (net.conv3, 128 * 9), (net.conv4, 128 * 81)):
        bound = (3 / inputs) ** 0.5
        assert conv.weight.abs().max() <= bound
        assert conv.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.05)
        assert not conv.bias.any()
