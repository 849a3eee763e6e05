"""The EfficientNet-Lite0 encoder, compared with the public implementation."""

import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet
from map_refiner.models.coarse.lite_encoder import CHANNELS, TAKEN, LiteEncoder, context_radius


@pytest.fixture(scope="module")
def public():
    """The public implementation with random weights and batch statistics."""
    torch.manual_seed(0)
    net = EfficientNet.from_name("efficientnet-lite0").eval()
    with torch.no_grad():
        for name, value in net.state_dict().items():
            if name.endswith("running_mean"):
                value.normal_(0, 0.3)
            elif name.endswith(("running_var", "bn0.weight", "bn1.weight", "bn2.weight")):
                value.uniform_(0.5, 1.5)
            elif name.endswith("bias"):
                value.normal_(0, 0.3)
    return net


def test_features_equal_those_of_the_public_implementation(public):
    encoder = LiteEncoder(3)
    encoder.load_public(public.state_dict())
    image = torch.randn(2, 3, 96, 64)
    expected = []
    with torch.inference_mode():
        maps = public._swish(public._bn0(public._conv_stem(image)))
        for number, block in enumerate(public._blocks[: TAKEN[-1] + 1]):
            maps = block(maps)
            if number in TAKEN:
                expected.append(maps)
        found = encoder(image)
    for ours, theirs, channels in zip(found, expected, CHANNELS, strict=True):
        assert ours.shape[1] == channels
        assert torch.allclose(ours, theirs, rtol=1e-4, atol=1e-4 * theirs.abs().max())


def test_a_grey_image_gives_the_same_features_with_any_number_of_bands(public):
    grey = torch.randn(1, 1, 64, 64)
    found = []
    for bands in (1, 3, 7):
        encoder = LiteEncoder(bands)
        encoder.load_public(public.state_dict())
        with torch.inference_mode():
            found.append(encoder(grey.expand(-1, bands, -1, -1))[-1])
    assert torch.allclose(found[0], found[1], atol=1e-4 * found[1].abs().max())
    assert torch.allclose(found[2], found[1], atol=1e-4 * found[1].abs().max())


def test_features_depend_on_the_context_radius_and_not_beyond():
    torch.manual_seed(0)
    encoder, radius = LiteEncoder(1).double(), context_radius()
    side = -(-(2 * radius + 48) // 16) * 16
    image = torch.randn(1, 1, 16, side, dtype=torch.float64, requires_grad=True)
    at = side // 32
    encoder(image)[-1][0, :, 0, at].sum().backward()
    columns = torch.nonzero(image.grad[0, 0].abs().sum(dim=0)).flatten()
    assert 16 * at - columns.min() <= radius
    assert columns.max() - (16 * at + 15) <= radius
    assert columns.max() - columns.min() > radius  # the bound is not idle
